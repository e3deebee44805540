"""A draft as slides before they are drawn: what stands on which slide, cut so that nothing runs over. Pure.

Headings of level 1 and 2 begin a slide, deeper ones are a line in bold. A heading with nothing of its own below it
is a divider. Sizes are estimated from the letters, on the safe side.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.columns import column_widths

TEXT, CELL, SMALL_CELL = 18, 12, 10
WIDE, LINE, GAP = 0.54, 1.25, 6
LEAD_LINES, MOST_COLUMNS, TITLE = 3, 8, 110
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+")


@dataclass(slots=True)
class Slide:
    """One slide. `lines` stand in its body, or above its table or chart; `plot` is the number of a chart's block."""

    kind: Literal["divider", "text", "table", "chart"]
    title: str
    lines: list[Block] = field(default_factory=list)
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[float, ...] = ()
    plot: int = -1
    sources: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Room:
    """How large the part of a slide below its title is, in inches."""

    width: float
    height: float


def lines_of(text: str, width: float, size: float) -> int:
    """Return how many lines `text` takes in `width` inches at `size` points."""
    return max(1, math.ceil(len(text) * size * WIDE / (max(width, 0.3) * 72)))


def height_of(block: Block, width: float) -> float:
    """Return the height of a line of text in inches."""
    indent = 0.35 * max(block.level, 1) if block.kind == "item" else 0
    return (lines_of(block.label + block.text, width - indent, TEXT) * TEXT * LINE + GAP) / 72


def row_height(row: Sequence[str], widths: Sequence[float], size: int) -> float:
    """Return the height of a table's row in inches."""
    lines = max((lines_of(text, w - 0.2, size) for text, w in zip(row, widths, strict=False)), default=1)
    return lines * size * LINE / 72 + 0.12


def cell_size(columns: int) -> int:
    """Return the letters' size in a table of so many columns."""
    return CELL if columns <= 5 else SMALL_CELL


def table_widths(rows: Sequence[Sequence[str]], width: float) -> list[float]:
    """Return the widths of a table's columns in inches."""
    return column_widths(rows, width, letter=cell_size(max(map(len, rows), default=1)) * WIDE / 72, padding=0.34)


def deck(draft: Draft, room: Room) -> list[Slide]:
    """Return the slides of a draft that follow its title slide."""
    maker = _Maker(draft, room)
    for number, block in enumerate(draft.blocks):
        maker.add(number, block)
    maker.close()
    return maker.slides


class _Maker:
    """Goes through the blocks once and cuts slides."""

    def __init__(self, draft: Draft, room: Room) -> None:
        self.slides: list[Slide] = []
        self._room, self._title, self._empty = room, draft.title, False
        self._lines: list[Block] = []
        self._said: list[str] = []

    def add(self, number: int, block: Block) -> None:
        """Take the next block."""
        match block.kind:
            case "heading" if block.level <= 2:
                self.close()
                self._title, self._empty = block.text, True
                if block.where:
                    self._lines.append(Block("paragraph", "", where=block.where))
            case "speaker":
                self._said.append(block.text)
            case "table":
                self._table(block)
            case "chart":
                lead = self._lead()
                self._emit(Slide("chart", self._title, lead, plot=number, sources=_sources([*lead, block])))
            case _:
                self._lines.append(block)

    def close(self) -> None:
        """Cut what is open: text that waits, or a heading with nothing below it."""
        lines, self._lines = self._lines, []
        if any(line.text for line in lines):
            self._text(lines)
        elif self._empty:
            self._emit(Slide("divider", self._title, sources=_sources(lines)))
        if self._said and self.slides:
            self.slides[-1].said += self._said
        self._said, self._empty = [], False

    def _emit(self, slide: Slide) -> None:
        self._empty = False
        slide.said += self._said
        self._said = []
        if len(slide.title) > TITLE:
            slide.said.insert(0, slide.title)
            slide.title = slide.title[: TITLE - 1].rsplit(" ", 1)[0] + "…"
        self.slides.append(slide)

    def _lead(self) -> list[Block]:
        """Return the waiting text if it is short enough to stand above a table or chart; else put it on its slides."""
        lines, self._lines = self._lines, []
        if sum(lines_of(b.text, self._room.width, TEXT) for b in lines if b.text) <= LEAD_LINES:
            return lines
        self._text(lines)
        return []

    def _text(self, lines: Sequence[Block]) -> None:
        page: list[Block] = []
        used = 0.0
        for block in [piece for line in lines for piece in self._pieces(line)]:
            need = height_of(block, self._room.width) if block.text else 0
            # A line in bold does not stand alone at the end of a slide.
            ahead = 2 * TEXT * LINE / 72 if block.kind == "heading" else 0
            if any(b.text for b in page) and used + need + ahead > self._room.height:
                self._emit(Slide("text", self._title, page, sources=_sources(page)))
                page, used = [], 0.0
            page.append(block)
            used += need
        self._emit(Slide("text", self._title, page, sources=_sources(page)))

    def _pieces(self, block: Block) -> list[Block]:
        """Cut one line that is taller than a slide, between sentences or words."""
        letters = int(self._room.width * 72 / (TEXT * WIDE) * (self._room.height * 72 / (TEXT * LINE) - 2))
        if len(block.text) <= letters:
            return [block]
        return [replace(block, text=part, label=block.label if n == 0 else "")
                for n, part in enumerate(_cut(block.text, letters))]  # fmt: skip

    def _table(self, block: Block) -> None:
        lead = self._lead()
        columns = max((len(r) for r in block.rows), default=0)
        if not columns:
            self._lines = lead
            return
        rows = [(*row, *[""] * (columns - len(row))) for row in block.rows]
        if columns <= MOST_COLUMNS:
            self._rows(rows, lead, block)
            return
        for start in range(1, columns, MOST_COLUMNS - 1):
            # Wider than a slide: its columns follow each other in groups, each with the first column.
            group = [(row[0], *row[start : start + MOST_COLUMNS - 1]) for row in rows]
            self._rows(group, lead if start == 1 else [], block)

    def _rows(self, rows: Sequence[tuple[str, ...]], lead: list[Block], block: Block) -> None:
        widths, size = table_widths(rows, self._room.width), cell_size(len(rows[0]))
        head, *more = _fitted(rows[0], widths, size, 6)
        top = row_height(head, widths, size)
        taken: list[tuple[str, ...]] = []
        used = top + sum(height_of(b, self._room.width) for b in lead if b.text)
        most = max(int((self._room.height - top - 0.6) * 72 / (size * LINE)), 2)
        for row in [*more, *(part for each in rows[1:] for part in _fitted(each, widths, size, most))]:
            need = row_height(row, widths, size)
            if used + need > self._room.height and (taken or lead):
                self._emit(self._part(head, taken, lead, widths, block))
                taken, lead, used = [], [], top
            taken.append(row)
            used += need
        self._emit(self._part(head, taken, lead, widths, block, last=True))

    def _part(
        self, head: tuple[str, ...], taken: list[tuple[str, ...]], lead: list[Block], widths: Sequence[float],
        block: Block, *, last: bool = False,
    ) -> Slide:  # fmt: skip
        sources = _sources([*lead, block])
        if not taken and not last:
            return Slide("text", self._title, lead, sources=sources)
        return Slide("table", self._title, lead, (head, *taken), tuple(widths), sources=sources)


def _sources(blocks: Sequence[Block]) -> list[str]:
    return list(dict.fromkeys(b.where for b in blocks if b.where))


def _cut(text: str, letters: int) -> list[str]:
    """Cut a text into parts of at most `letters`, between sentences if there are some, else between words."""
    parts: list[str] = []
    for sentence in _SENTENCE.split(text):
        rest = sentence
        while rest:
            if parts and len(parts[-1]) + 1 + len(rest) <= letters:
                parts[-1] += f" {rest}"
                break
            if len(rest) <= letters:
                parts.append(rest)
                break
            at = rest.rfind(" ", letters // 2, letters)
            at = at if at > 0 else letters
            parts.append(rest[:at].strip())
            rest = rest[at:].strip()
    return parts or [""]


def _fitted(row: tuple[str, ...], widths: Sequence[float], size: int, most: int) -> list[tuple[str, ...]]:
    """Cut a row whose texts are taller than `most` lines into rows that follow each other."""
    cells = []
    for text, width in zip(row, widths, strict=False):
        letters = max(int((width - 0.2) * 72 / (size * WIDE)) * most, 1)
        cells.append(_cut(text, letters) if len(text) > letters else [text])
    tallest = max(map(len, cells), default=1)
    return [tuple(c[n] if n < len(c) else "" for c in cells) for n in range(tallest)]
