"""Which cells a chart draws. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from colleague.kit.documents.model import Block, Chart
from colleague.kit.documents.write.formulas import NotOurs, areas, parse
from colleague.kit.documents.write.values import column_cells, looks_numeric
from colleague.kit.errors import Invalid

MOST_SERIES, MOST_POINTS, MOST_CLOSING = 8, 500, 3

_MEANS = ("average", "mean", "median", "durchschnitt", "mittelwert", "moyenne")


class BadChart(Invalid):
    """The chart «{title}» cannot be drawn: {why}."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart with its data: the number of the block that holds the table, and its columns."""

    kind: str
    title: str
    table: int
    categories: int
    series: tuple[int, ...]


def plot(blocks: Sequence[Block], number: int) -> Plot:
    """Return what the chart at `number` draws; BadChart if its table or a column is not there."""
    block = blocks[number]
    chart, title = block.chart or Chart("bar"), block.text[:80]
    if block.rows:
        table = number
    else:
        before = [n for n in range(number - 1, -1, -1) if blocks[n].kind == "table" and len(blocks[n].rows) > 1]
        if not before:
            raise BadChart(title=title, why="there is no table before it, and it has no rows of its own")
        table = before[0]
    rows = blocks[table].rows
    if len(rows) < 2:
        raise BadChart(title=title, why="its table has no rows below the header")
    headers = [h.strip().casefold() for h in rows[0]]
    categories = _column(chart.categories, headers, title) if chart.categories else 0
    if chart.series:
        series = tuple(_column(name, headers, title) for name in chart.series)
    else:
        series = tuple(c for c in range(len(headers)) if c != categories and _draws(rows, c))
    if not series:
        raise BadChart(title=title, why="its table has no column of numbers")
    return Plot(chart.kind, block.text, table, categories, series[: 1 if chart.kind == "pie" else MOST_SERIES])


def points(rows: Sequence[Sequence[str]], drawn: Plot) -> range:
    """Return the rows that are drawn: all below the header, without the closing rows that sum up the others."""
    last = len(rows)
    while last > max(2, len(rows) - MOST_CLOSING) and _sums_up(rows, last - 1, drawn):
        last -= 1
    return range(1, min(last, MOST_POINTS + 1))


def _sums_up(rows: Sequence[Sequence[str]], row: int, drawn: Plot) -> bool:
    """Say whether a row stands for those above it: it says so, computes over its own columns, or is their sum."""
    label = _at(rows[row], drawn.categories)
    if is_total(label) or is_total(_at(rows[row], 0)) or label.strip().casefold().rstrip(":") in _MEANS:
        return True
    if any(_over_own_column(_at(rows[row], column), column) for column in drawn.series):
        return True
    # A typed or computed sum: three rows or more above it, and a label unlike theirs («Year» after «Q4»).
    alike = _shape(label) == _shape(_at(rows[row - 1], drawn.categories))
    return row > 3 and not alike and all(_adds_up(rows, row, column) for column in drawn.series)


def _over_own_column(text: str, column: int) -> bool:
    if not text.startswith("="):
        return False
    try:
        found = areas(parse(text))
    except NotOurs:
        return False
    return any(not a.sheet and a.left == a.right == column and a.bottom > a.top for a in found)


def _adds_up(rows: Sequence[Sequence[str]], row: int, column: int) -> bool:
    cells = column_cells(_at(rows[0], column), [_at(r, column) for r in rows[1 : row + 1]])
    values = [c.value for c in cells if isinstance(c.value, float)]
    whole = sum(values[:-1])
    return len(values) == row and abs(whole) > 0.005 and math.isclose(values[-1], whole, rel_tol=1e-6, abs_tol=0.02)


def _shape(label: str) -> str:
    """Return what kinds of letters a label is made of: «Q1» and «Q2» are alike, «Water» and «Rail» too."""
    kinds = ("0" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in label.strip())
    return "".join(kind for kind, _ in groupby(kinds))


def _at(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""


def is_total(text: str) -> bool:
    """Say whether a label announces a sum."""
    first = text.strip().casefold().rstrip(":")
    words = ("total", "totals", "sum", "grand total", "subtotal", "sub-total", "summe", "gesamt", "gesamtsumme",
             "zwischensumme", "insgesamt", "all together", "in total", "total général", "totale")  # fmt: skip
    return first in words or first.startswith(("total ", "sum of ", "summe ", "gesamt "))


def chart_words(block: Block) -> str:
    """Return a chart in words, for a format that has none: its rows follow, or stand in the table before it."""
    kind = block.chart.kind if block.chart else "bar"
    return f"{block.text or 'Chart'} ({kind} chart of {'this table' if block.rows else 'the table above'})"


def _column(name: str, headers: Sequence[str], title: str) -> int:
    if name.strip().casefold() not in headers:
        raise BadChart(title=title, why=f"its table has no column «{name[:60]}»")
    return headers.index(name.strip().casefold())


def _draws(rows: Sequence[Sequence[str]], column: int) -> bool:
    texts = [row[column] for row in rows[1:] if column < len(row) and row[column].strip()]
    numbers = [c.type in ("number", "percent", "money") or t.startswith("=")
               for c, t in zip(column_cells(rows[0][column], texts), texts, strict=True)]  # fmt: skip
    return bool(numbers) and all(numbers) and any(looks_numeric(t) or t.startswith("=") for t in texts)
