"""Documents the model has read, as it works on them: blocks with their section and where to cite them. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from colleague.agent.llms.extractive.patterns import UNDECIDED
from colleague.kit.documents.model import Block, Document

# What two-column tables call their columns.
_NAMES: Final = (
    "what,detail,details,item,step,date,date and time,subject,position,place,limit,limit per night,term,value,fact,"
    "site,capacity,score,meaning,name,description,requirement,action,who,price,amount,service,level,question,answer"
)
_COLUMNS: Final = frozenset(_NAMES.split(","))


@dataclass(frozen=True, slots=True)
class Piece:
    """A block with the titles of its section and of those around it (outermost first), and the place to cite."""

    block: Block
    path: tuple[str, ...]
    cite: str

    @property
    def section(self) -> str:
        """Return the title of the section it stands in, or ""."""
        return self.path[-1] if self.path else ""

    @property
    def text(self) -> str:
        """Return the block's text; a table as lines."""
        return self.block.text or "; ".join(" | ".join(c for c in row if c) for row in self.block.rows)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it, up to the next heading."""

    title: str
    level: int
    cite: str
    pieces: tuple[Piece, ...]

    @property
    def prose(self) -> str:
        """Return its paragraphs and items as one text."""
        return " ".join(p.block.text for p in self.pieces if p.block.kind in ("paragraph", "item"))


@dataclass(frozen=True, slots=True)
class Source:
    """One document by its name."""

    name: str
    document: Document

    def cite(self, where: str) -> str:
        """Return how a place is cited: «RFP.pdf, p. 3»."""
        return f"{self.name}, {where}" if where else self.name

    def pieces(self) -> Iterator[Piece]:
        """Yield the blocks below headings, each with its sections."""
        for section, path in self._walk():
            for block in section[1:]:
                yield Piece(block, path, self.cite(block.where))

    def sections(self) -> list[Section]:
        """Return the sections in order; what stands before the first heading has the document's title."""
        result = []
        for blocks, path in self._walk():
            head = blocks[0]
            pieces = tuple(Piece(b, path or (head.text,), self.cite(b.where)) for b in blocks[1:])
            result.append(Section(head.text, head.level, self.cite(head.where), pieces))
        return [s for s in result if s.title]

    def _walk(self) -> Iterator[tuple[list[Block], tuple[str, ...]]]:
        """Yield (heading and the blocks under it, titles down to it)."""
        path: list[Block] = []
        held = [Block("heading", self.document.title)]
        for block in self.document.blocks:
            if block.kind != "heading":
                held.append(block)
                continue
            if len(held) > 1 or path:
                yield held, tuple(b.text for b in path)
            path = [*(b for b in path if b.level < block.level), block]
            held = [block]
        yield held, tuple(b.text for b in path)


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row of a table names its columns: short cells without a figure."""
    if not rows or len(rows[0]) < 2:
        return False
    first = rows[0]
    short = all(len(c) < 45 and not re.search(r"\d{2}|@", c) and not UNDECIDED.search(c) for c in first)
    named = len(first) > 2 or bool({c.casefold() for c in first} & _COLUMNS)
    return short and all(first[:2]) and named


def words_of(text: str) -> list[str]:
    """Return the words of `text` for comparing: folded, with plural and common endings cut."""
    return [_stem(word) for word in re.findall(r"[^\W_]{2,}", text.casefold())]


def _stem(word: str) -> str:
    for ending in ("s", "ations", "ation", "ment", "ing", "ed", "ie", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
    return word


def merged(parts: Sequence[Document]) -> Document:
    """Return the parts of one document, read page range by page range, as one."""
    first = parts[0]
    return Document(
        first.title, first.media_type, first.unit, first.pages, tuple(b for part in parts for b in part.blocks),
        first.warnings, first.sensitivity_label,
    )  # fmt: skip
