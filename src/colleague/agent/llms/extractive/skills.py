"""The shipped skills: from documents to the blocks of an output. Pure; every sentence is a source's or a template's."""

import re
from collections.abc import Sequence
from typing import Final

from colleague.agent.llms.extractive import patterns as p
from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.answer import passages
from colleague.agent.llms.extractive.facts import find_facts
from colleague.agent.llms.extractive.obligations import Kind, Obligation, obligations
from colleague.agent.llms.extractive.parties import parties_of, party_of
from colleague.agent.llms.extractive.parts import (
    duties,
    facts_table,
    first_words,
    heading,
    in_short,
    main_sections,
    matrix,
    open_points,
    opening,
    paragraph,
    runs,
    table_of,
    undertakings,
)
from colleague.agent.llms.extractive.source import Section, Source
from colleague.kit.documents.model import Block

# Headings under which a buyer says what the response consists of.
_PART = re.compile(
    r"(?:(?i:Q|question|criteri(?:on|a)|volume|phase|part|tab|lot|envelope)\s?-?(?:\d+|[A-Z])\b)"
    r"|(?i:.*\b(?:technical (?:proposal|approach|volume)|staffing plan|similar experience|relevant experience"
    r"|pric(?:e|ing) (?:proposal|submissions?|schedule|volume)|past performance|executive summary"
    r"|form of (?:proposal|tender))\b)"
)
FACTS: Final = {
    "rfp": p.RFP, "contract": p.CONTRACT, "meeting": p.MEETING, "brief": p.BRIEF, "summary": p.SUMMARY,
}  # fmt: skip


def main_source(sources: Sequence[Source]) -> Source:
    """Return the document that demands most: the request among its annexes."""
    return sources[0] if len(sources) == 1 else max(sources, key=lambda s: len(obligations(s)))


def rfp(sources: Sequence[Source]) -> list[Block]:
    """RFP summary and response outline (WP-7): facts, open points, sections, outline with empty boxes, matrices."""
    main = main_source(sources)
    found = obligations(main)
    asked = [o for o in found if o.kind is not Kind.BUYER]
    blocks = [*opening(t.NEEDS_RFP), *facts_table([main], p.RFP), *open_points(main), *in_short(main)]
    blocks += _outline(main, asked)
    blocks.append(heading(t.MATRIX))
    blocks += [paragraph(t.MATRIX_NOTE), matrix(asked)] if asked else [paragraph(t.NO_OBLIGATIONS)]
    return [*blocks, *undertakings([o for o in found if o.kind is Kind.BUYER])]


def _outline(main: Source, asked: Sequence[Obligation]) -> list[Block]:
    """Return the outline: a part with a box for each part of the response, and a line for each other section."""
    by_section: dict[str, list[Obligation]] = {}
    for demand in asked:
        by_section.setdefault(demand.section, []).append(demand)
    named = [s for s in main.sections() if _PART.match(s.title) and (s.title in by_section or s.pieces)]
    parts = {
        s.title: s for s in named if s.title in by_section or re.match(r"(?:Q|question)\s?\d", s.title, re.IGNORECASE)
    }
    if not parts and not by_section:
        return []
    blocks = [heading(t.OUTLINE), paragraph(t.OUTLINE_NOTE)]
    if parts:
        blocks.append(heading(t.PARTS, 2))
    for title, section in parts.items():
        blocks += [heading(title, 3, section.cite), *first_words(section), *_box(by_section.pop(title, []))]
    if by_section and not parts:
        for title, found in by_section.items():
            blocks += [heading(title or main.document.title, 2, found[0].cite), *_box(found)]
    elif by_section:
        rows = ((s or main.document.title, o[0].cite, runs([d.id for d in o]), "") for s, o in by_section.items())
        blocks += [heading(t.BY_SECTION, 2), Block("table", rows=(t.COLUMNS_ANSWER, *rows))]
    return blocks


def _box(found: Sequence[Obligation]) -> list[Block]:
    ids = [Block("item", runs([d.id for d in found]), 1, label=f"{t.MATRIX}:")] if found else []
    return [*ids, Block("box", t.BOX)]


def rfp_matrix(sources: Sequence[Source]) -> list[Block]:
    """The obligations matrix alone, for a workbook."""
    asked = [o for o in obligations(main_source(sources)) if o.kind is not Kind.BUYER]
    return [Block("note", t.LABEL), heading(t.MATRIX), matrix(asked) if asked else paragraph(t.NO_OBLIGATIONS)]


def contract(sources: Sequence[Source]) -> list[Block]:
    """Contract review summary (WP-4): key terms with their clause, the clauses in short, the duties of each party."""
    blocks = [*opening(t.NEEDS_CONTRACT), *facts_table(sources, p.CONTRACT)]
    for source in sources:
        blocks += open_points(source)
        sections = main_sections(source, shortest=30, most=40)
        if sections:
            blocks.append(heading(t.CLAUSES))
        for section in sections:
            blocks += [heading(section.title, 2), *first_words(section)]
        blocks += _duties(source)
    return blocks


def _duties(source: Source) -> list[Block]:
    """Return the duties of a contract, party by party, under the names the contract gives them."""
    found = obligations(source, contract=True)
    if not found:
        return [heading(t.DUTIES), paragraph(t.NO_OBLIGATIONS)]
    parties = parties_of([piece.text for piece in source.pieces()])
    blocks = [heading(t.DUTIES), paragraph(t.MATRIX_NOTE)]
    for party in (*parties, ""):
        own = [o for o in found if party_of(o.text, parties) == party]
        if own:
            blocks += [heading(party or t.ANY_PARTY, 2), duties(own)]
    return blocks


def meeting(sources: Sequence[Source]) -> list[Block]:
    """Meeting preparation (WP-8): decisions, actions, open questions, numbers and dates, each with its source."""
    blocks = [*opening(t.NEEDS_MEETING), *facts_table(sources, p.MEETING)]
    background = [b for s in sources for b in _background(s)]
    return [*blocks, heading(t.BACKGROUND), *background] if background else blocks


def _background(source: Source) -> list[Block]:
    sections: list[Section] = [s for s in source.sections() if s.prose][:6]
    blocks = [heading(source.document.title or source.name, 2)] if sections else []
    for section in sections:
        said = first_words(section)[:2]
        blocks += said if section.title == source.document.title else [heading(section.title, 3), *said]
    return blocks


def brief(sources: Sequence[Source]) -> list[Block]:
    """Competitive brief (AD-3): per source, what is said of position, price, strengths, weaknesses, recent moves."""
    blocks = opening(t.NEEDS_BRIEF)
    for source in sources:
        found = find_facts([source], p.BRIEF)
        if found:
            blocks += [heading(source.document.title or source.name), table_of(found)]
    return blocks if len(blocks) > 2 else [*blocks, paragraph(t.NO_FACTS)]


def summary(sources: Sequence[Source]) -> list[Block]:
    """A document in short: key facts and the first sentences of its main sections."""
    blocks = [*opening(t.NEEDS_SUMMARY), *facts_table(sources, p.SUMMARY)]
    for source in sources:
        said = in_short(source, 2) or [paragraph(t.NOTHING)]
        blocks += [heading(source.document.title or source.name), *said]
    return blocks


def shorter(skill: str, sources: Sequence[Source]) -> list[Block]:
    """The key facts alone: what «shorter» can mean without a model."""
    chosen = [main_source(sources)] if skill == "rfp" else sources
    return [Block("note", t.LABEL), Block("note", t.SHORTER), *facts_table(chosen, FACTS[skill])]


def qa(question: str, sources: Sequence[Source]) -> list[Block]:
    """Policy answer (WP-9): the passages, word for word with their place, or «not in the documents you may read»."""
    found = passages(question, sources)
    blocks = [*opening(t.NEEDS_QA), heading(t.QUESTION), paragraph(question), heading(t.ANSWER)]
    if not found:
        blocks.append(paragraph(t.NOT_FOUND))
    before = ""
    for passage in found:
        if passage.section and passage.section != before:
            blocks.append(heading(passage.section, 2))
        whole = len(passage.rows) > 1
        table = Block("table", where=passage.cite, rows=passage.rows)
        blocks.append(table if whole else paragraph(passage.text, passage.cite))
        before = passage.section
    names = [Block("item", s.name, 1) for s in sources]
    return [*blocks, heading(t.LOOKED_IN), *names]
