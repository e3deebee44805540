"""Which cells a chart draws. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from colleague.kit.documents.model import Block, Chart
from colleague.kit.documents.write.values import column_cells, looks_numeric
from colleague.kit.errors import Invalid

MOST_SERIES, MOST_POINTS = 8, 500


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


def points(rows: Sequence[Sequence[str]], categories: int) -> range:
    """Return the rows that are drawn: all below the header, without a closing row of totals."""
    last = len(rows)
    if last > 2 and is_total(rows[-1][categories] if categories < len(rows[-1]) else ""):
        last -= 1
    return range(1, min(last, MOST_POINTS + 1))


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
