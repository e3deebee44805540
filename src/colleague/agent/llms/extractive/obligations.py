"""What a document demands, word for word: mandatory and desirable, with lead-ins joined to their items. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import Piece, Source

_MUST = re.compile(
    r"\b(?:shall|must|(?:is|are) required to|(?:is|are) obliged to|will be required to"
    r"|(?:contractor|vendor|supplier|bidder|offeror|quoter|provider|service provider)s? will)\b",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"\b(?:should|(?:is|are) desirable|preferably|is preferred|are encouraged to|would be an advantage)\b", re.I
)
_NOT_ONE = re.compile(
    r"\b(?:(?:shall|must|will) mean|shall have the meaning|(?:is|are|be) not required|not be required|need not"
    r"|no (?:vendor|bidder|supplier|contractor) (?:is|shall be) required|without being required)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(r"[:—–-]\s*$")


@dataclass(frozen=True, slots=True)
class Obligation:
    """One demand: its number, the words, whether it is mandatory, its section and place."""

    id: str
    text: str
    mandatory: bool
    section: str
    cite: str


def kind_of(text: str) -> bool | None:
    """Return True for a mandatory demand, False for a desirable one, None for no demand at all."""
    if _NOT_ONE.search(text):
        return None
    if _MUST.search(text):
        return True
    return False if _SHOULD.search(text) else None


def obligations(source: Source) -> list[Obligation]:
    """Return the demands of a document in reading order, numbered R-001 …; the same words count once."""
    result: list[Obligation] = []
    seen: set[str] = set()
    for text, piece in _statements(source):
        kind = kind_of(text)
        key = " ".join(text.casefold().split())
        if kind is None or key in seen or not 15 <= len(text) <= 1500:
            continue
        seen.add(key)
        result.append(Obligation(f"R-{len(result) + 1:03}", text, kind, piece.section, piece.cite))
    return result


def _statements(source: Source) -> Iterator[tuple[str, Piece]]:
    """Yield sentences; the items below a lead-in that demands something are joined to it, one statement an item."""
    lead = ""
    for piece in source.pieces():
        block = piece.block
        if block.kind == "table":
            lead = ""
            for row in block.rows[1:]:
                yield " | ".join(c for c in row if c), piece
            continue
        if block.kind == "item" and lead:
            own = sentences(block.text)
            yield f"{lead} {own[0]}" if own else lead, piece
            for sentence in own[1:]:
                yield sentence, piece
            continue
        parts = sentences(block.text)
        lead = ""
        for number, sentence in enumerate(parts):
            if number == len(parts) - 1 and _LEAD.search(sentence) and kind_of(sentence) is not None:
                lead = sentence
            else:
                yield sentence, piece
