"""Answers to a question: the passages of the documents that speak of it, or that none does. Pure."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from colleague.agent.llms.extractive.sentences import sentences
from colleague.agent.llms.extractive.source import Source, is_header, words_of

# Words that say nothing of what is asked for.
STOP = frozenset(words_of(
    "the a an and or of to in for on at by with is are be was were do does did what which who whom when where why how "
    "our we us it its this that these those about from as not no can could may might must shall should say says tell "
    "me my i you your policy policies document documents please any there have has had will would if then than much "
    "many find give show allowed need needs get got per according long another rate amount"
))  # fmt: skip
# What people ask with, and what documents say instead.
ALIKE = (
    ("fly", "flight"), ("plane", "flight"), ("home", "remotely"), ("job", "work"), ("cost", "price"), ("cost", "paid"),
    ("boss", "manager"), ("car", "mileage"), ("food", "meal"), ("abroad", "country"), ("country", "abroad"),
    ("approve", "approval"), ("approval", "approve"), ("allowed", "permitted"), ("holiday", "leave"),
)  # fmt: skip
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Passage:
    """What answers: the words, their section and place; of a table its header and the row. `source`: the document."""

    text: str
    section: str
    cite: str
    rows: tuple[tuple[str, ...], ...] = ()
    source: str = ""


def passages(question: str, sources: Sequence[Source], most: int = 5) -> list[Passage]:
    """Return the passages that answer `question` best; none when nothing is close enough."""
    best = ranked(question, sources)
    near = [p for score, p in best if score >= 0.6 * best[0][0]]
    return list(dict.fromkeys(near))[:most]


def ranked(question: str, sources: Sequence[Source]) -> list[tuple[float, Passage]]:
    """Return every passage that speaks of `question`, with its score, the best first.

    Words that are rare in the documents count more (inverse document frequency over passages). A passage must speak of
    most of what is asked for, measured so: a single common word is no answer.
    """
    wanted = {w for w in words_of(question) if w not in STOP}
    alike = {w: {w, *(x for a, b in ALIKE if words_of(a) == [w] for x in words_of(b))} for w in wanted}
    units = [u for source in sources for u in _units(source)]
    bags = [set(words_of(f"{unit.section} {context} {unit.text}")) for unit, context in units]
    if not wanted or not units:
        return []
    rarity = {w: math.log(1 + len(bags) / (1 + sum(bool(alike[w] & bag) for bag in bags))) for w in wanted}
    total = sum(rarity.values())
    scored = []
    for order, ((unit, _), bag) in enumerate(zip(units, bags, strict=True)):
        hit = {w for w in wanted if alike[w] & bag}
        own = Counter(words_of(unit.text))
        covered = sum(rarity[w] for w in hit)
        if covered < (0.5 if any(alike[w] & own.keys() for w in hit) else 0.9) * total:
            continue
        extra = sum(rarity[w] * math.log(1 + sum(own[a] for a in alike[w])) for w in hit)
        score = (covered + 0.5 * extra) / (1 + len(unit.text) / 4000)
        scored.append((-score, order, unit if unit.rows else replace(unit, text=_cut(unit.text, hit))))
    return [(-score, passage) for score, _, passage in sorted(scored, key=lambda s: s[:2])]


def _units(source: Source) -> Iterator[tuple[Passage, str]]:
    """Yield (passage, what it stands under): paragraphs, items with their lead-in, and rows of tables."""
    lead, about = "", f"{source.document.title} {source.name}"
    for piece in source.pieces():
        block = piece.block
        if block.kind == "table":
            head = block.rows[:1] if is_header(block.rows) else ()
            context = f"{' '.join(c for row in head for c in row)} {lead} {about}"
            for row in block.rows[len(head) :]:
                if any(row):
                    text = " | ".join(c for c in row if c)
                    yield Passage(text, piece.section, piece.cite, (*head, row), source.name), context
        elif len(block.text) > 12:
            context = f"{lead if block.kind == 'item' else ''} {about}"
            yield Passage(block.text, piece.section, piece.cite, source=source.name), context
            lead = block.text if block.kind != "item" else lead


def _cut(text: str, hit: set[str]) -> str:
    """Return the text whole if it is short: an exception often stands in the next sentence. Else the best sentences."""
    if len(text) <= LONGEST:
        return text
    parts = sentences(text)
    best = max(range(len(parts)), key=lambda n: len(hit & set(words_of(parts[n]))))
    return " ".join(parts[best : best + 2])
