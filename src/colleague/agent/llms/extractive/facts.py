"""Key facts of a document: sentences and table rows that state them, word for word, with their place. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from colleague.agent.llms.extractive.patterns import DATE, MONEY, UNDECIDED, Pattern
from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import Source, is_header

LONGEST: Final = 700
_VALUE = re.compile(f"{DATE}|{MONEY}")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact: what it is about, the words of the document, and the place."""

    label: str
    text: str
    cite: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What can state a fact: a sentence, or a row of a table, with its section and place."""

    text: str
    section: str
    cite: str


def find_facts(sources: Sequence[Source], patterns: Sequence[Pattern]) -> list[Fact]:
    """Return the facts in the order of `patterns`.

    A statement is used for one label only, the first it fits.
    """
    candidates = [s for source in sources for s in statements(source)]
    used: set[str] = set()
    facts: list[Fact] = []
    for pattern in patterns:
        values: set[str] = set()
        count = 0
        for statement in _fitting(pattern, candidates):
            key = statement.text.casefold()
            own = {v.casefold() for v in _VALUE.findall(statement.text) if not UNDECIDED.search(v)}
            if count == pattern.most:
                break
            if key in used or (pattern.once and own and own <= values):
                continue
            used.add(key)
            values |= own
            facts.append(Fact(pattern.label, statement.text, statement.cite))
            count += 1
    return facts


def _fitting(pattern: Pattern, candidates: Sequence[Statement]) -> list[Statement]:
    """Return the statements that fit, the surest first, else in reading order."""
    wanted = [s for s in candidates if pattern.unless is None or not pattern.unless.search(s.text)]
    under = [s for s in wanted if pattern.section and pattern.section.search(s.section)]
    tiers = [[s for s in wanted if tier.search(s.text)] for tier in pattern.tiers]
    return list(dict.fromkeys(s for group in (under, *tiers) for s in group))


def undecided(source: Source) -> list[Statement]:
    """Return what the document itself leaves open: «TBD», «MONTH DD», empty references, names without a value."""
    found = [s for s in statements(source) if UNDECIDED.search(s.text)]
    for piece in source.pieces():
        rows = [row for row in piece.block.rows if len(row) == 2]
        if rows and not is_header(rows):
            found += [Statement(row[0], piece.section, piece.cite) for row in rows if row[0] and not row[1]]
    return list({s.text.casefold(): s for s in reversed(found)}.values())[::-1]


def statements(source: Source) -> list[Statement]:
    """Return what a document states: its sentences and the rows of its tables, unless too short or too long."""
    result = []
    for piece in source.pieces():
        if piece.block.kind == "table":
            rows = piece.block.rows[:200]
            texts = [" | ".join(c for c in row if c) for row in (rows[1:] if is_header(rows) else rows)]
            texts = [t for t in texts if " | " in t]
        else:
            texts = sentences(piece.block.text)
        result += [Statement(t, piece.section, piece.cite) for t in texts]
    return [s for s in result if 8 <= len(s.text) <= LONGEST]
