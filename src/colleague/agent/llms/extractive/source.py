"""Documents the model has read, as it works on them: blocks with their section and where to cite them. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from colleague.kit.documents.model import Block, Document


@dataclass(frozen=True, slots=True)
class Piece:
    """A block with the title of its section and the place to cite."""

    block: Block
    section: str
    cite: str

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


@dataclass(frozen=True, slots=True)
class Source:
    """One document by its name."""

    name: str
    document: Document

    def cite(self, where: str) -> str:
        """Return how a place is cited: «RFP.pdf, p. 3»."""
        return f"{self.name}, {where}" if where else self.name

    def pieces(self) -> Iterator[Piece]:
        """Yield the blocks below headings, each with its section."""
        section = ""
        for block in self.document.blocks:
            if block.kind == "heading":
                section = block.text
            else:
                yield Piece(block, section, self.cite(block.where))

    def sections(self) -> list[Section]:
        """Return the sections in order; what stands before the first heading has the document's title."""
        result: list[Section] = []
        title, level, where, held = self.document.title, 0, "", list[Piece]()
        for block in self.document.blocks:
            if block.kind == "heading":
                if held or level:
                    result.append(Section(title, level, self.cite(where), tuple(held)))
                title, level, where, held = block.text, block.level, block.where, []
            else:
                held.append(Piece(block, title, self.cite(block.where)))
        result.append(Section(title, level, self.cite(where), tuple(held)))
        return [s for s in result if s.title]


def words_of(text: str) -> list[str]:
    """Return the words of `text` for comparing: folded, plural and common endings cut."""
    result = []
    for word in re.findall(r"[^\W_]{2,}", text.casefold()):
        for ending in ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "es", "ed", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]  # noqa: PLW2901
                break
        result.append(word)
    return result


def prose(section: Section) -> str:
    """Return the paragraphs and items of a section as one text."""
    return " ".join(p.block.text for p in section.pieces if p.block.kind in ("paragraph", "item"))


def merged(parts: Sequence[Document]) -> Document:
    """Return the parts of one document, read page range by page range, as one."""
    first = parts[0]
    return Document(
        first.title, first.media_type, first.unit, first.pages, tuple(b for part in parts for b in part.blocks),
        first.warnings, first.sensitivity_label,
    )  # fmt: skip
