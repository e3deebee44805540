"""A document as values: blocks in reading order, each with where it stands. The same blocks are read and written."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["heading", "paragraph", "item", "table", "note", "box", "chart", "speaker"]
ChartKind = Literal["bar", "line", "pie"]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart draws. `categories` and `series` name columns of its table by their headers.

    Without them: the first column, and every column of numbers. The table is the chart's own `rows`, or else the
    nearest table before it.
    """

    kind: ChartKind
    categories: str = ""
    series: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a document.

    `where` is the place to cite: «p. 12», «sheet Prices!B4», «slide 3», «message», «line 40»; "" if unknown.
    `level` is 1–6 for headings and the depth of items. `rows` holds a table, its first row the header.
    `label` is an item's own mark («(a)», «3.2.1», «•»). A `box` is an empty answer box (text: what goes in it).
    A `chart` has its title in `text`. A `speaker` block is what is said to a slide, not shown on it.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    where: str = ""
    label: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    chart: Chart | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the block as JSON; the chart only where there is one."""
        value = asdict(self)
        if self.chart is None:
            del value["chart"]
        return value

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Block":
        """Read what `to_json` wrote (lists may stand for tuples)."""
        chart = value.get("chart")
        if chart:
            chart = Chart(chart["kind"], chart.get("categories", ""), tuple(chart.get("series", ())))
        rows = tuple(tuple(row) for row in value.get("rows", ()))
        return Block(**{**value, "rows": rows, "chart": chart or None})


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from a file. `pages` counts pages, sheets, slides or messages (`unit` says which)."""

    title: str
    media_type: str
    unit: str
    pages: int
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()
    sensitivity_label: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the document as JSON."""
        return {
            "title": self.title, "media_type": self.media_type, "unit": self.unit, "pages": self.pages,
            "blocks": [b.to_json() for b in self.blocks], "warnings": list(self.warnings),
            "sensitivity_label": self.sensitivity_label,
        }  # fmt: skip

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Document":
        """Read what `to_json` wrote (lists may stand for tuples)."""
        blocks = tuple(Block.from_json(b) for b in value["blocks"])
        return Document(**{**value, "blocks": blocks, "warnings": tuple(value.get("warnings", ()))})


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written as a file.

    `mark` is the draft mark, shown on the first page and put into the file's metadata (OH-1); "" once reviewed.
    `formulas` says that cells starting with «=» are meant as formulas; else they are written as text.
    """

    title: str
    blocks: tuple[Block, ...]
    mark: str = "Draft: not reviewed"
    author: str = "Colleague"
    formulas: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
