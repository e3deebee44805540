"""Tables with ruled lines on a PDF page: lines make a grid, words fall into its cells.

Written here because the libraries that find tables read a page a hundred times slower than its text is read.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from ctypes import byref, c_int
from dataclasses import dataclass, replace

import pypdfium2

from colleague.kit.documents.formats.pdf_lines import Word, pdfium

MOST_PATHS, MOST_EDGES, THIN, NEAR = 6_000, 2_000, 2.6, 3.0


@dataclass(frozen=True, slots=True)
class Edge:
    """A ruled line: its place across, and from where to where it runs."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a page: column edges, rows of texts, whether the first row is a header, and the caption above it."""

    page: int
    columns: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    header: bool
    caption: str = ""


def grids(page: pypdfium2.PdfPage) -> list[tuple[list[Edge], list[Edge]]]:
    """Return the groups of level and upright lines that touch each other and make at least two cells."""
    level, upright = _edges(page)
    if not level or not upright or len(level) + len(upright) > MOST_EDGES:
        return []
    groups: list[tuple[list[Edge], list[Edge]]] = []
    for edge in upright:
        touching = [g for g in groups if any(_cross(edge, other) for other in g[0])]
        touched = [e for e in level if _cross(edge, e)]
        merged = ([e for g in touching for e in g[0]], [e for g in touching for e in g[1]])
        merged[0].extend(e for e in touched if e not in merged[0])
        merged[1].append(edge)
        groups = [g for g in groups if g not in touching] + [merged]
    return [g for g in groups if len(_places(g[0])) >= 2 and len(_places(g[1])) >= 3]


def _edges(page: pypdfium2.PdfPage) -> tuple[list[Edge], list[Edge]]:
    level: list[Edge] = []
    upright: list[Edge] = []
    width, height = page.get_size()
    for count, item in enumerate(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=1)):
        if count > MOST_PATHS:
            return [], []
        left, bottom, right, top = item.get_bounds()
        if right - left >= width * 0.98 and top - bottom >= height * 0.5:
            continue
        fill, stroke = c_int(), c_int()
        pdfium.FPDFPath_GetDrawMode(item.raw, byref(fill), byref(stroke))
        if top - bottom <= THIN < right - left:
            level.append(Edge((top + bottom) / 2, left, right))
        elif right - left <= THIN < top - bottom:
            upright.append(Edge((left + right) / 2, bottom, top))
        elif stroke.value and top - bottom > THIN and right - left > THIN and _is_box(item.raw):
            level += [Edge(top, left, right), Edge(bottom, left, right)]
            upright += [Edge(left, bottom, top), Edge(right, bottom, top)]
    return list(dict.fromkeys(level)), list(dict.fromkeys(upright))


def _is_box(raw: object) -> bool:
    return int(pdfium.FPDFPath_CountSegments(raw)) in (4, 5)


def _cross(upright: Edge, level: Edge) -> bool:
    across = level.start - NEAR <= upright.at <= level.end + NEAR
    return across and upright.start - NEAR <= level.at <= upright.end + NEAR


def _places(edges: Iterable[Edge]) -> list[float]:
    """Return the distinct places of edges; those nearer than NEAR are one."""
    result: list[float] = []
    for place in sorted(edge.at for edge in edges):
        if not result or place - result[-1] > NEAR:
            result.append(place)
    return result


def fill(
    grid: tuple[list[Edge], list[Edge]], words: Sequence[Word], page: int, known: frozenset[str]
) -> tuple[Table | None, list[Word]]:
    """Return the table that the words in a grid make, and those words; no table if nothing is in it.

    `known` holds the words of the whole document: with them a word torn by a narrow cell is told from two words.
    """
    level, upright = grid
    ys, xs = _places(level)[::-1], _places(upright)
    inside = [w for w in words if xs[0] - 1 <= (w.left + w.right) / 2 <= xs[-1] + 1 and ys[-1] <= w.base + 1 <= ys[0]]
    if not inside:
        return None, []
    rows: list[tuple[str, ...]] = []
    bold: list[bool] = []
    spans: list[bool] = []
    for top, bottom in itertools.pairwise(ys):
        here = [w for w in inside if bottom <= w.base + 1 < top]
        walls = [e for e in upright if e.start - NEAR <= (top + bottom) / 2 <= e.end + NEAR]
        cells = list(_cells(here, xs, walls, known))
        if not any(cell for cell, _ in cells):
            continue
        rows.append(tuple(cell for cell, _ in cells))
        bold.append(all(w.bold for w in here))
        spans.append(cells[0][1] == len(xs) - 1)
    caption = ""
    if len(rows) > 1 and spans[0]:
        caption, rows, bold = rows[0][0], rows[1:], bold[1:]
    header = bool(rows) and bold[0] and all(rows[0]) and (len(rows) == 1 or not all(bold))
    return Table(page, tuple(xs), tuple(rows), header, caption), inside


def _cells(
    words: Sequence[Word], xs: Sequence[float], upright: Sequence[Edge], known: frozenset[str]
) -> Iterator[tuple[str, int]]:
    """Yield (text, columns spanned) for the cells of a row; columns that a cell covers are yielded empty."""
    start = 0
    while start < len(xs) - 1:
        end = start + 1
        while end < len(xs) - 1 and not any(abs(e.at - xs[end]) <= NEAR for e in upright):
            end += 1
        inner = [w for w in words if xs[start] <= (w.left + w.right) / 2 < xs[end]]
        yield _text(inner, known), end - start
        for _ in range(start + 1, end):
            yield "", 1
        start = end


def _text(words: Sequence[Word], known: frozenset[str]) -> str:
    """Return the text of a cell; a word that was torn because the cell is too narrow for it is whole again."""
    lines: list[list[Word]] = []
    for word in words:
        if lines and abs(lines[-1][-1].base - word.base) < 2:
            lines[-1].append(word)
        else:
            lines.append([word])
    result = ""
    for line in lines:
        text = " ".join(w.text for w in line)
        torn = result and _torn(result.rsplit(" ", 1)[-1], line[0].text, known)
        result += text if torn or not result else f" {text}"
    return result


def _torn(before: str, after: str, known: frozenset[str]) -> bool:
    """Say whether a line break stands inside a word: an address, a hyphen, or a long word known from elsewhere."""
    if "://" in before:
        return bool(re.match(r"[\w/?&=#.-]+$", after)) and not after[0].isupper()
    if re.search(r"[^\W\d]-$", before):
        return after[0].islower()
    start, end = re.split(r"[-/]", before)[-1], re.match(r"[^\W\d_]+", after)
    return len(before) > 7 and end is not None and f"{start}{end[0]}".casefold() in known and start.isalpha()


def continued(earlier: Table, later: Table) -> tuple[Table, Table | None] | None:
    """Return both parts of a table that runs over a page, or None if they are two tables.

    A row that was cut by the page goes to the earlier part; the later part, if anything is left of it, gets the header.
    """
    same = len(earlier.columns) == len(later.columns) and all(
        abs(a - b) <= 2 * NEAR for a, b in zip(earlier.columns, later.columns, strict=True)
    )
    if not same or later.caption or later.page != earlier.page + 1:
        return None
    rows = list(later.rows)
    if earlier.header and rows[0] == earlier.rows[0]:
        del rows[0]
    if rows and not rows[0][0] and any(rows[0]):
        last = tuple(" ".join(t for t in pair if t) for pair in zip(earlier.rows[-1], rows.pop(0), strict=True))
        earlier = replace(earlier, rows=(*earlier.rows[:-1], last))
    if not rows:
        return earlier, None
    head = (earlier.rows[0],) if earlier.header else ()
    return earlier, replace(later, rows=(*head, *rows), header=earlier.header)
