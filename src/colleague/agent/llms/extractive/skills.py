"""The shipped skills: from documents to the blocks of an output. Pure; every sentence is a source's or a template's."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from colleague.agent.llms.extractive import facts as f
from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.obligations import obligations
from colleague.agent.llms.extractive.parts import (
    facts_table,
    heading,
    in_short,
    main_sections,
    matrix,
    matrix_part,
    opening,
    paragraph,
)
from colleague.agent.llms.extractive.sentences import first_two, sentences
from colleague.agent.llms.extractive.source import Piece, Source, prose, words_of
from colleague.kit.documents.model import Block

_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "and",
        "or",
        "of",
        "to",
        "in",
        "for",
        "on",
        "at",
        "by",
        "with",
        "is",
        "are",
        "be",
        "was",
        "were",
        "do",
        "does",
        "what",
        "which",
        "who",
        "when",
        "where",
        "why",
        "how",
        "our",
        "we",
        "us",
        "it",
        "its",
        "this",
        "that",
        "about",
        "from",
        "as",
        "not",
        "no",
        "can",
        "may",
        "must",
        "say",
        "tell",
        "me",
        "my",
        "i",
        "you",
        "your",
        "policy",
        "document",
        "please",
    ]
)


def rfp(sources: Sequence[Source]) -> list[Block]:
    """RFP summary and response outline (WP-7): facts, sections, obligations matrix, outline with empty answer boxes."""
    main = max(sources, key=lambda s: len(obligations(s)))
    blocks = [*opening(t.NEEDS_RFP), *facts_table([main], f.RFP), *in_short(main)]
    found = obligations(main)
    blocks += [heading(t.OUTLINE), paragraph(t.OUTLINE_NOTE)]
    by_section: dict[str, list[str]] = {}
    for demand in found:
        by_section.setdefault(demand.section, []).append(demand.id)
    for section, ids in by_section.items():
        blocks.append(heading(section or main.document.title, 2))
        blocks.append(Block("item", ", ".join(ids), 1, label=t.MATRIX))
        blocks.append(Block("box", t.BOX))
    return [*blocks, *matrix_part(main)]


def rfp_matrix(sources: Sequence[Source]) -> list[Block]:
    """The obligations matrix alone, for a workbook."""
    main = max(sources, key=lambda s: len(obligations(s)))
    return [Block("note", t.LABEL), heading(t.MATRIX), matrix(obligations(main))]


def contract(sources: Sequence[Source]) -> list[Block]:
    """Contract review summary (WP-4): key terms with their clause, the clauses in short, the duties."""
    blocks = [*opening(t.NEEDS_CONTRACT), *facts_table(sources, f.CONTRACT)]
    for source in sources:
        blocks.append(heading(t.CLAUSES))
        for section in main_sections(source, shortest=30):
            blocks += [heading(section.title, 2), paragraph(first_two(prose(section)), section.pieces[0].cite)]
        blocks += matrix_part(source, t.DUTIES)
    return blocks


def meeting(sources: Sequence[Source]) -> list[Block]:
    """Meeting preparation (WP-8): decisions, actions, open questions, numbers and dates, each with its source."""
    blocks = [*opening(t.NEEDS_MEETING), *facts_table(sources, f.MEETING), heading(t.BACKGROUND)]
    for source in sources:
        text = " ".join(p.block.text for p in source.pieces() if p.block.kind in ("paragraph", "item"))
        if text:
            blocks += [heading(source.document.title, 2), paragraph(first_two(text), source.name)]
    return blocks


def brief(sources: Sequence[Source]) -> list[Block]:
    """Competitive brief (AD-3): per source, what is said of position, price, strengths, weaknesses, recent moves."""
    blocks = opening(t.NEEDS_BRIEF)
    for source in sources:
        found = f.find_facts([source], f.BRIEF)
        if found:
            rows = tuple((fact.label, fact.text, fact.cite) for fact in found)
            blocks += [heading(source.document.title), Block("table", rows=(t.COLUMNS_FACTS, *rows))]
    return blocks if len(blocks) > 2 else [*blocks, paragraph(t.NO_FACTS)]


def summary(sources: Sequence[Source]) -> list[Block]:
    """A document in short: key facts and the first sentences of its main sections."""
    blocks = [*opening(t.NEEDS_SUMMARY), *facts_table(sources, f.SUMMARY)]
    for source in sources:
        blocks += [heading(source.document.title), *in_short(source, 2)]
    return blocks


def passages(question: str, sources: Sequence[Source], most: int = 5) -> list[tuple[str, str, str]]:
    """Return (sentence or two, section, place) that answer `question` best; none when nothing is close enough.

    Words that are rare in the documents count more (inverse document frequency over passages).
    """
    wanted = {w for w in words_of(question) if w not in _STOP and len(w) > 2}
    pieces: list[Piece] = [p for s in sources for p in s.pieces() if len(p.text) > 25]
    bags = [Counter(words_of(f"{p.section} {p.text}")) for p in pieces]
    rarity = {w: math.log(1 + len(bags) / (1 + sum(w in bag for bag in bags))) for w in wanted}
    known = {w for w in wanted if any(w in bag for bag in bags)}
    # Most of what is asked for must be there at all: a single common word is no answer.
    if not wanted or sum(rarity[w] for w in known) < 0.5 * sum(rarity.values()):
        return []
    scored = []
    for order, (piece, bag) in enumerate(zip(pieces, bags, strict=True)):
        hit = wanted & set(bag)
        score = sum(rarity[w] * (1 + math.log(bag[w])) for w in hit) / (1 + len(piece.text) / 2500)
        if hit and len(hit) >= min(2, len(wanted)):
            scored.append((-score, order, piece))
    result = []
    for _, _, piece in sorted(scored, key=lambda s: s[:2])[:most]:
        parts = sentences(piece.text)
        best = max(range(len(parts)), key=lambda n: len(wanted & set(words_of(parts[n]))))
        result.append((" ".join(parts[best : best + 2]), piece.section, piece.cite))
    return result


def qa(question: str, sources: Sequence[Source]) -> list[Block]:
    """Policy answer (WP-9): the passages, word for word with their place, or «not in the documents you may read»."""
    found = passages(question, sources)
    blocks = [Block("note", t.LABEL), heading(t.QUESTION), paragraph(question), heading(t.ANSWER)]
    if not found:
        blocks.append(paragraph(t.NOT_FOUND))
    for text, section, cite in found:
        blocks += ([heading(section, 2)] if section else []) + [paragraph(text, cite)]
    names = [Block("item", s.name, 1) for s in sources]
    return [*blocks, heading(t.LOOKED_IN), *names]


def looks_like(source: Source) -> str:
    """Return the skill that a document's own words suggest: rfp, contract, or summary."""
    text = " ".join(p.text for p in list(source.pieces())[:120]).casefold() + source.name.casefold()
    if re.search(r"\b(?:request for (?:proposals?|quot\w+|tenders?)|rfp|rfq|solicitation)\b", text):
        return "rfp"
    if re.search(r"\b(?:agreement|contract)\b.*\b(?:between|parties)\b", text):
        return "contract"
    return "summary"
