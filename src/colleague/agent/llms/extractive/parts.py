"""Pieces that several skills share: a table of facts, the first sentences of sections, matrices. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.facts import Fact, find_facts, undecided
from colleague.agent.llms.extractive.obligations import Kind, Obligation
from colleague.agent.llms.extractive.patterns import Pattern
from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import Section, Source
from colleague.kit.documents.model import Block

_MINOR = re.compile(
    r"\b(?:table of contents|contents|index|signatures?|clauses? incorporated|definitions)\b"
    r"|\bend of (?:clause|provision)\b|\bFAR \d|\bGSAR\b|^\d{2,3}\.\d{3}-", re.IGNORECASE,
)  # fmt: skip
_MATTERS = re.compile(
    r"\b(?:summary|short|purpose|background|problem|vision|scope|objectives?|backlog|deliverables?|requirements?|services?"
    r"|period|budget|price|pricing|value|term|deadlines?|dates|timetable|instructions?|submission|format|evaluation"
    r"|criteria|award|phase|personnel|staff|place|environment|security|data|liability|termination|payment|charges"
    r"|transition|exit|award|decisions?|actions?)\b", re.IGNORECASE,
)  # fmt: skip
MOST_SECTIONS: Final = 20
MOST_ITEMS: Final = 8
LONGEST: Final = 900


def heading(text: str, level: int = 1, where: str = "") -> Block:
    """Return a heading."""
    return Block("heading", text, level, where)


def paragraph(text: str, where: str = "") -> Block:
    """Return a paragraph with its place."""
    return Block("paragraph", text, where=where)


def opening(needs: str) -> list[Block]:
    """Return how every extractive output begins: what it is, and what it cannot do."""
    return [Block("note", t.LABEL), Block("note", f"{t.NEEDS}: {needs}")]


def facts_table(sources: Sequence[Source], patterns: Sequence[Pattern]) -> list[Block]:
    """Return the key facts as a table, each with its place."""
    facts = find_facts(sources, patterns)
    if not facts:
        return [heading(t.KEY_FACTS), paragraph(t.NO_FACTS)]
    return [heading(t.KEY_FACTS), table_of(facts)]


def table_of(facts: Sequence[Fact]) -> Block:
    """Return facts as a table; a label stands once, at the first of its facts."""
    rows = []
    before = ""
    for fact in facts:
        rows.append((fact.label if fact.label != before else "", fact.text, fact.cite))
        before = fact.label
    return Block("table", rows=(t.COLUMNS_FACTS, *rows))


def open_points(source: Source) -> list[Block]:
    """Return what the document itself leaves open, as a table; nothing if it leaves nothing open."""
    found = undecided(source)[:30]
    rows = tuple((s.text, s.cite) for s in found)
    return [heading(t.STILL_OPEN), Block("table", rows=(t.COLUMNS_OPEN, *rows))] if rows else []


def main_sections(source: Source, *, shortest: int = 60, most: int = MOST_SECTIONS) -> list[Section]:
    """Return the sections that matter, chosen by their headings; all have prose of their own."""
    sections = [s for s in source.sections() if len(s.prose) >= shortest and not _MINOR.search(s.title)]
    if len(sections) > most:
        chosen = [n for n, s in enumerate(sections) if _MATTERS.search(s.title)]
        others = [n for n in range(len(sections)) if n not in chosen]
        keep = sorted((chosen + others)[:most])
        sections = [sections[n] for n in keep]
    return sections


def in_short(source: Source, level: int = 1, *, sections: Sequence[Section] | None = None) -> list[Block]:
    """Return the first sentences of each main section."""
    blocks = [heading(t.IN_SHORT, level)]
    for section in main_sections(source) if sections is None else sections:
        blocks += [heading(section.title, level + 1), *first_words(section)]
    return blocks if len(blocks) > 1 else []


def first_words(section: Section) -> list[Block]:
    """Return the first two sentences of a section, whole; if they announce a list, the list with them."""
    pieces = [p for p in section.pieces if p.block.kind in ("paragraph", "item") and p.block.text]
    if not pieces:
        return []
    first = pieces[0]
    if first.block.kind == "item":
        return _items(section, 0)
    said = sentences(first.block.text)[:2]
    if len(said) == 2 and len(" ".join(said)) > LONGEST:
        said = said[:1]
    blocks = [paragraph(" ".join(said), first.cite)]
    if len(said) == 1 and len(pieces) > 1 and pieces[1].block.kind == "paragraph":
        second = sentences(pieces[1].block.text)[0]
        blocks.append(paragraph(second, pieces[1].cite))
        said = [second]
    whole = said[-1] if said else ""
    if re.search(r"[:—–-]$", whole):
        blocks += _items(section, section.pieces.index(pieces[len(blocks) - 1]) + 1)
    return blocks


def _items(section: Section, start: int) -> list[Block]:
    """Return the list that begins at a piece of a section, up to MOST_ITEMS of it."""
    items = []
    for piece in section.pieces[start:]:
        if piece.block.kind != "item":
            break
        items.append(Block("item", piece.block.text, piece.block.level, piece.cite, piece.block.label))
    more = [Block("note", t.GOES_ON)] if len(items) > MOST_ITEMS else []
    return [*items[:MOST_ITEMS], *more]


def matrix(found: Sequence[Obligation]) -> Block:
    """Return obligations as a table with an empty column for their owners."""
    kinds = {Kind.MANDATORY: t.MANDATORY, Kind.DESIRABLE: t.DESIRABLE, Kind.BUYER: ""}
    return Block(
        "table", rows=(t.COLUMNS_MATRIX, *((o.id, o.text, o.section, o.cite, kinds[o.kind], "") for o in found))
    )


def duties(found: Sequence[Obligation]) -> Block:
    """Return the duties of one party of a contract as a table."""
    return Block("table", rows=(t.COLUMNS_DUTIES, *((o.id, o.text, o.section, o.cite, "") for o in found)))


def undertakings(found: Sequence[Obligation]) -> list[Block]:
    """Return what the buyer binds itself to, as a table; nothing if there is nothing."""
    rows = tuple((o.id, o.text, o.section, o.cite) for o in found)
    return [heading(t.BUYER), Block("table", rows=(t.COLUMNS_BUYER, *rows))] if rows else []


def runs(ids: Sequence[str]) -> str:
    """Return ids in few words: «R-001, R-004 – R-009»."""
    result: list[list[str]] = []
    for each in ids:
        if result and int(each[2:]) == int(result[-1][-1][2:]) + 1:
            result[-1].append(each)
        else:
            result.append([each])
    return ", ".join(r[0] if len(r) == 1 else f"{r[0]} – {r[-1]}" if len(r) > 2 else ", ".join(r) for r in result)
