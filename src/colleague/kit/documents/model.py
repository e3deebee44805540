"""A document as values: blocks in reading order, each with where it stands. The same blocks are read and written."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["heading", "paragraph", "item", "table", "note", "box"]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a document.

    `where` is the place to cite: «p. 12», «sheet Prices!B4», «slide 3», «message», «line 40»; "" if unknown.
    `level` is 1–6 for headings and the depth of items. `rows` holds a table, its first row the header.
    `label` is an item's own mark («(a)», «3.2.1», «•»). A `box` is an empty answer box (text: what goes in it).
    """

    kind: Kind
    text: str = ""
    level: int = 0
    where: str = ""
    label: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


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
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Document":
        """Read what `to_json` wrote (lists may stand for tuples)."""
        blocks = tuple(Block(**{**b, "rows": tuple(tuple(row) for row in b.get("rows", ()))}) for b in value["blocks"])
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
