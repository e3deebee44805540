"""Knowledge synthesis: what several documents say on a question, by theme, with what differs side by side. Pure."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.answer import STOP, Passage, ranked
from colleague.agent.llms.extractive.disagree import disagreements
from colleague.agent.llms.extractive.facts import find_facts
from colleague.agent.llms.extractive.parts import heading, opening, paragraph
from colleague.agent.llms.extractive.patterns import DATED
from colleague.agent.llms.extractive.source import Source, words_of
from colleague.kit.documents.model import Block

MOST: Final = 24
MOST_SHORT: Final = 8
_NEAR = 0.6  # of the best passage's score; weaker ones are left out
_ALIKE = 0.2  # cosine from which two passages are of one theme
_ASKING: Final = STOP | frozenset(words_of(
    "synthesise synthesize synthesis bring put draw pull gather collect together knowledge base known know already "
    "summary summarise summarize overview file files source sources across everything something internal named folder "
    "question everybody every each up into one twenty ten five three two write make create prepare need want on over "
    "regarding concerning above below following attached result finding findings theme themes contradiction "
    "contradictions now also"
))  # fmt: skip
_ABOUT: Final = re.compile(r"\b(?:about|on|regarding|concerning|of)\b|:", re.IGNORECASE)
_PARTS: Final = re.compile(r"\s*(?:[,;\n]|\band\b|\bor\b|\bas well as\b|\?(?=\s))\s*", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"^\d+(?:\.\d+)*[.)]?\s+")


@dataclass(slots=True)
class Theme:
    """Passages that belong together, under the heading of the best of them."""

    title: str
    passages: list[Passage] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)


def aspects(question: str) -> list[str]:
    """Return what is asked about, in the person's words: «hotels, meals and flights» are three; none if it is nothing.

    Words of asking («bring … together», «what do we know about») are cut off at both ends.
    """
    words = " ".join(question.split())
    about = next((m for m in _ABOUT.finditer(words) if all(w in _ASKING for w in words_of(words[: m.start()]))), None)
    parts = [_trimmed(part) for part in _PARTS.split(words[about.end() :] if about else words)]
    return list(dict.fromkeys(part for part in parts if part))


def _trimmed(text: str) -> str:
    """Return `text` without words of asking at its ends; "" if there are no others."""
    words = text.split()
    while words and all(w in _ASKING for w in words_of(words[0])):
        del words[0]
    while words and all(w in _ASKING for w in words_of(words[-1])):
        del words[-1]
    return " ".join(words).strip(" ?.!:«»\"'")


def synthesis(question: str, sources: Sequence[Source], *, most: int = MOST) -> list[Block]:
    """Knowledge synthesis (PP-8): findings by theme with their places, what differs side by side, what is not there.

    `most`: how many passages at most. Every document that speaks of the question is heard.
    """
    found, missing = gather(question, sources, most)
    blocks = [*opening(t.NEEDS_SYNTHESIS), heading(t.QUESTION), paragraph(question), heading(t.ANSWER)]
    if not found:
        blocks.append(paragraph(t.NOT_FOUND))
    for theme in _themes(found, sources):
        blocks.append(heading(theme.title, 2))
        for passage in theme.passages:
            table = Block("table", where=passage.cite, rows=passage.rows)
            blocks.append(table if len(passage.rows) > 1 else paragraph(passage.text, passage.cite))
    if found:
        blocks += _side_by_side(found)
    if found and missing:
        blocks += [heading(t.NOT_THERE), *(Block("item", each, 1) for each in missing)]
    return [*blocks, *_sources(found, sources)]


def gather(question: str, sources: Sequence[Source], most: int = MOST) -> tuple[list[Passage], list[str]]:
    """Return the passages on what is asked about, the best first, and what no passage speaks of."""
    best: dict[Passage, float] = {}
    missing = []
    for aspect in aspects(question):
        hits = ranked(aspect, sources)
        near = [(score / hits[0][0], passage) for score, passage in hits if score >= _NEAR * hits[0][0]]
        if not near:
            missing.append(aspect)
        for score, passage in near:
            best[passage] = max(score, best.get(passage, 0.0))
    speaking = {passage.source for passage in best}
    each = max(2, most // max(1, len(speaking)))
    taken: Counter[str] = Counter()
    chosen = []
    for passage in sorted(best, key=lambda p: -best[p]):
        if taken[passage.source] < each:
            taken[passage.source] += 1
            chosen.append(passage)
    return chosen, missing


def _themes(found: Sequence[Passage], sources: Sequence[Source]) -> list[Theme]:
    """Return the passages in themes, those of most documents first.

    A passage joins the theme whose words are most like its own (cosine, rare words counting more, those of its heading
    twice), or begins one; the best passages come first, so that a theme is named by the best of its headings.
    """
    bags = [_bag(passage) for passage in found]
    spread = Counter(w for bag in bags for w in bag)
    weight = {w: math.log(1 + len(bags) / n) for w, n in spread.items()}
    titles = {source.name: source.document.title or source.name for source in sources}
    themes: list[Theme] = []
    for passage, bag in zip(found, bags, strict=True):
        title = _NUMBERED.sub("", passage.section) or titles[passage.source]
        near = max(themes, key=lambda theme: _cosine(bag, theme.words, weight), default=None)
        same = next((theme for theme in themes if words_of(theme.title) == words_of(title)), None)
        if same is None and near is not None and _cosine(bag, near.words, weight) >= _ALIKE:
            same = near
        if same is None:
            same = Theme(title)
            themes.append(same)
        same.passages.append(passage)
        same.words.update(bag)
    order = {source.name: n for n, source in enumerate(sources)}
    for theme in themes:
        theme.passages.sort(key=lambda p: order[p.source])
    return sorted(themes, key=lambda theme: -len({p.source for p in theme.passages}))


def _bag(passage: Passage) -> Counter[str]:
    bag = Counter(w for w in words_of(passage.text) if w not in STOP)
    bag.update(2 * [w for w in words_of(passage.section) if w not in STOP])
    return bag


def _cosine(one: Counter[str], other: Counter[str], weight: dict[str, float]) -> float:
    dot = sum(n * other[w] * weight[w] ** 2 for w, n in one.items())
    lengths = [math.sqrt(sum((n * weight[w]) ** 2 for w, n in bag.items())) for bag in (one, other)]
    return dot / (lengths[0] * lengths[1]) if all(lengths) else 0.0


def _side_by_side(found: Sequence[Passage]) -> list[Block]:
    pairs = disagreements(found)
    if not pairs:
        return [heading(t.DIFFERS), paragraph(t.NO_DIFFERENCE)]
    rows = ((p.one.text, p.one.cite, p.other.text, p.other.cite) for p in pairs)
    return [heading(t.DIFFERS), paragraph(t.DIFFERS_NOTE), Block("table", rows=(t.COLUMNS_DIFFERS, *rows))]


def _sources(found: Sequence[Passage], sources: Sequence[Source]) -> list[Block]:
    """Return the documents that are quoted, each with its date in its own words, and those that are not."""
    quoted = {passage.source for passage in found}
    rows = []
    for source in sources:
        if source.name in quoted:
            dated = find_facts([source], DATED)
            rows.append((source.name, dated[0].text if dated else "", dated[0].cite if dated else ""))
    blocks = [heading(t.SOURCES), Block("table", rows=(t.COLUMNS_SOURCES, *rows))] if rows else []
    silent = [Block("item", source.name, 1) for source in sources if source.name not in quoted]
    return [*blocks, heading(t.SAY_NOTHING), *silent] if silent else blocks
