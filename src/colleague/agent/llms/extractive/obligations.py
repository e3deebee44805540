"""What a document demands, word for word: mandatory and desirable, with lead-ins joined to their items. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from colleague.agent.llms.extractive.parties import VENDOR, buyer_duty, buyer_of
from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import Piece, Source, is_header

_VENDOR = rf"(?:{VENDOR.pattern}(?:\s(?:team|personnel))?)"
_DONE_TO = (
    r"(?:also\s|then\s)?(?:receive|have access|be able to access|be (?:granted|compensated|issued|asked|scheduled|given"
    r"|provided|reimbursed|deemed|paid|informed|notified|considered|evaluated|invited|assigned|discussed|made)\b)"
)
_MUST = re.compile(
    r"\b(?:shall|must|(?<!that )(?<!who )(?:is|are) required (?:to|by|for)|(?:is|are) obliged to|will be required to"
    r"|(?:is|are) prohibited from|(?:is|are) not permitted to|(?:is|are) cautioned (?:not )?to|will need to)\b"
    rf"|{_VENDOR}(?:\s\([^)]*\))?\swill\b(?!\s{_DONE_TO})"
    rf"|{_VENDOR}\s(?:may not|cannot)\b|\b(?:government|council|authority|agency)\srequires\b"
    r"|\b(?:proposals?|quotes?|quotations?|submissions?|tenders?|bids?)\b[^.]{0,80}\bwill (?:not be|be rejected)\b",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"\b(?:should|(?:is|are|be) desirable|preferably|is preferred|would prefer|encourages?|(?:is|are) encouraged to"
    rf"|would be an advantage)\b|{_VENDOR}\s(?:is|are)\s(?:expected|asked)\s(?:not\s)?to\b",
    re.IGNORECASE,
)
_NOT_ONE = re.compile(
    r"\b(?:(?:shall|must|will) mean|(?:shall|will) have the meanings?|(?:is|are|be) not required|not be required"
    r"|need not|no (?:vendor|bidder|supplier|contractor) (?:is|shall be) required|without being required"
    r"|(?:is|are) not (?:obliged|expected) to|not prohibited from|does not (?:need|have) to)\b",
    re.IGNORECASE,
)
LONGEST = 2500  # A longer «sentence» is no demand, and expressions on it would take too long.
# «The word «shall» marks a mandatory requirement» speaks about words: quoted, they demand nothing.
_QUOTED = re.compile(r"[«“\"'‘](?:shall|must|should|may|will|shall not|must not)[»”\"'’]", re.IGNORECASE)
_LEAD = re.compile(r"[:—–-]\s*$")
_FOLLOWING = re.compile(r"\b(?:the following|as follows|listed below|set (?:out|forth) below)\b", re.IGNORECASE)
_ALSO = re.compile(rf"{_VENDOR}\s(?:shall|must|will)\b(?!\s{_DONE_TO})", re.IGNORECASE)
_STORY = re.compile(r"\b(?:background|introduction|history|vision|problem)\b", re.IGNORECASE)
_ABOUT_TABLE = re.compile(
    r"\b(?:following|below)\b[^.]*\b(?:chart|table|schedule)|\b(?:chart|table)s? below\b", re.IGNORECASE
)


class Kind(StrEnum):
    """What a sentence asks: it must, it should, or the buyer binds itself."""

    MANDATORY = "mandatory"
    DESIRABLE = "desirable"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One demand: its number, the words, its kind, its section and place."""

    id: str
    text: str
    kind: Kind
    section: str
    cite: str


def kind_of(text: str) -> bool | None:
    """Return True for a mandatory demand, False for a desirable one, None for no demand at all."""
    if len(text) > LONGEST or _NOT_ONE.search(text):
        return None
    text = _QUOTED.sub("", text)
    if _MUST.search(text):
        return True
    return False if _SHOULD.search(text) else None


def obligations(source: Source, *, contract: bool = False) -> list[Obligation]:
    """Return the demands of a document in reading order, numbered R-001 …; the same words count once.

    What binds the buyer is numbered B-001 … instead; in a contract there is no buyer, every duty is numbered R.
    """
    found = list(_statements(source))
    buyer = buyer_of([text for text, _, _ in found if len(text) <= LONGEST])
    result: list[Obligation] = []
    seen: set[str] = set()
    count = {"R": 0, "B": 0}
    for text, piece, inherited in found:
        if len(text) > LONGEST:
            continue
        demand = kind_of(text)
        bound = not contract and not _NOT_ONE.search(text) and not _ALSO.search(text) and buyer_duty(text, buyer)
        if demand is False and not inherited and _STORY.search(" ".join(piece.path)):
            continue  # «A letter should reach the right team» tells what was wished for, not what is asked.
        if demand is None and not inherited and not bound:
            continue
        key = re.sub(r"^(?:[\d.]+|\(?[a-z]{1,3}\))\s", "", " ".join(text.casefold().split()))
        if key in seen or not 15 <= len(text) <= LONGEST:
            continue
        seen.add(key)
        kind = Kind.BUYER if bound else Kind.DESIRABLE if demand is False else Kind.MANDATORY
        letter = "B" if bound else "R"
        count[letter] += 1
        result.append(Obligation(f"{letter}-{count[letter]:03}", text, kind, piece.section, piece.cite))
    return result


def _style(label: str) -> str:
    core = label.strip("().").casefold()
    shape = "d" if core.isdigit() else "i" if re.fullmatch(r"[ivx]+", core) else "a" if core.isalpha() else label
    return f"{label[:1] if label[:1] == '(' else ''}{shape}{label[-1:]}"


def _statements(source: Source) -> Iterator[tuple[str, Piece, bool]]:
    """Yield (statement, piece, demanded by its lead-in).

    The items below a lead-in that demands something are joined to it, one statement an item; an item can itself lead
    the items below it. Rows of a table that a demand announces are demands.
    """
    pieces = list(source.pieces())
    leads: list[tuple[str, str]] = []  # (style of the items it leads, words)
    table = False
    for number, piece in enumerate(pieces):
        following = pieces[number + 1].block if number + 1 < len(pieces) else None
        block = piece.block
        if block.kind == "table":
            leads.clear()
            for row in _rows(block.rows):
                yield row, piece, table
            continue
        table = False
        own = sentences(block.text)
        last = own[-1][:LONGEST] if own else ""  # before a lead-in is joined to it
        if block.kind == "item":
            style = _style(block.label)
            while leads and leads[-1][0] not in ("", style) and any(s == style for s, _ in leads[:-1]):
                leads.pop()
            if leads and leads[-1][0] == "":
                leads[-1] = (style, leads[-1][1])
            led = next((words for s, words in reversed(leads) if s == style), "")
            if led and own:
                mark = "" if not block.label or block.label in "•●○▪◦‣▸➢✓*–—-o" else f"{block.label} "
                own[0] = f"{led} {mark}{own[0]}"
        else:
            leads.clear()
        below = following is not None and following.kind == "item" and (
            block.kind != "item" or _style(following.label) != _style(block.label)
        )  # fmt: skip
        for place, sentence in enumerate(own):
            opens = below and place == len(own) - 1 and (_LEAD.search(last) or _FOLLOWING.search(last))
            if opens and kind_of(sentence) is not None:
                leads.append(("", sentence))
                continue
            table = table or (kind_of(sentence) is True and bool(_ABOUT_TABLE.search(sentence)))
            yield sentence, piece, False


def _rows(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows of a table below its header; without a header, all."""
    for row in rows[1:] if is_header(rows) else rows:
        if sum(bool(cell) for cell in row) > 1:
            yield " | ".join(c for c in row if c)
