"""Pieces that several skills share: a table of facts, the first sentences of sections, a matrix. Pure."""

import re
from collections.abc import Sequence

from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.facts import Fact, Pattern, find_facts
from colleague.agent.llms.extractive.obligations import Obligation, obligations
from colleague.agent.llms.extractive.sentences import first_two
from colleague.agent.llms.extractive.source import Section, Source, prose
from colleague.kit.documents.model import Block

_MINOR = re.compile(r"\b(?:table of contents|contents|index|appendix|signature|far \d|clauses incorporated)\b", re.I)
MOST_SECTIONS = 24


def heading(text: str, level: int = 1) -> Block:
    """Return a heading."""
    return Block("heading", text, level)


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
    return [heading(t.KEY_FACTS), Block("table", rows=(t.COLUMNS_FACTS, *(_fact_row(f) for f in facts)))]


def _fact_row(fact: Fact) -> tuple[str, str, str]:
    return fact.label, fact.text, fact.cite


def main_sections(source: Source, *, shortest: int = 60) -> list[Section]:
    """Return the sections that matter: those with prose of their own, without contents lists and boilerplate."""
    sections = [s for s in source.sections() if len(prose(s)) >= shortest and not _MINOR.search(s.title)]
    if len(sections) > MOST_SECTIONS:
        top = min((s.level for s in sections if s.level), default=1)
        sections = [s for s in sections if s.level <= top + 1]
    return sections[:MOST_SECTIONS]


def in_short(source: Source, level: int = 1) -> list[Block]:
    """Return the first two sentences of each main section."""
    blocks = [heading(t.IN_SHORT, level)]
    for section in main_sections(source):
        blocks += [heading(section.title, level + 1), paragraph(first_two(prose(section)), section.pieces[0].cite)]
    return blocks


def matrix(found: Sequence[Obligation]) -> Block:
    """Return obligations as a table with an empty column for their owners."""
    rows = ((o.id, o.text, o.section, o.cite, t.MANDATORY if o.mandatory else t.DESIRABLE, "") for o in found)
    return Block("table", rows=(t.COLUMNS_MATRIX, *rows))


def matrix_part(source: Source, title: str = t.MATRIX) -> list[Block]:
    """Return the obligations of a document under a heading."""
    found = obligations(source)
    if not found:
        return [heading(title), paragraph(t.NO_OBLIGATIONS)]
    return [heading(title), paragraph(t.MATRIX_NOTE), matrix(found)]
