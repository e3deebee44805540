"""A document in portions for a model: its pages, or windows of text where a format has no pages. Pure."""

import re
from dataclasses import dataclass, replace

from colleague.kit.documents.model import Block, Document

PORTION, LIMIT = 20_000, 120_000
_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a document: its blocks, as text, and the page to read next (None: this was the last)."""

    document: Document
    text: str
    next: int | None


def lines_of(block: Block) -> list[str]:
    """Return a block as lines of plain text."""
    match block.kind:
        case "heading":
            return [f"{'#' * max(1, block.level)} {block.text}"]
        case "item":
            return [f"{'  ' * max(0, block.level - 1)}{block.label or '-'} {block.text}"]
        case "table":
            return [" | ".join(row) for row in block.rows]
        case "paragraph" | "note" | "box":
            return [block.text]


def excerpt(document: Document, first: int = 1, last: int | None = None) -> Excerpt:
    """Return pages `first` to `last` of a document, at most 120,000 characters, with a mark where the place changes."""
    kept: list[Block] = []
    lines, place, size = [f"# {document.title}"], "", 0
    following: int | None = None
    for page, block in _numbered(document):
        if page < first:
            continue
        if last is not None and page > last:
            following = page
            break
        text = lines_of(block)
        size += sum(map(len, text))
        if size > LIMIT and kept and page > first:
            following = page
            kept, lines = _up_to(kept, lines, page, document)
            break
        if block.where and block.where != place:
            place = block.where
            lines.append(f"[{place}]")
        lines += text
        kept.append(block)
    if following is not None:
        lines.append(f"[… goes on: read from page {following}]")
    return Excerpt(replace(document, blocks=tuple(kept)), "\n".join(lines)[: 2 * LIMIT], following)


def _up_to(kept: list[Block], lines: list[str], page: int, document: Document) -> tuple[list[Block], list[str]]:
    """Drop what was already taken of `page`, so that the next portion starts with a whole page."""
    whole = [block for number, block in _numbered(document) if number < page]
    mine = {id(block) for block in whole}
    rest = [block for block in kept if id(block) in mine]
    if len(rest) == len(kept) or not rest:
        return kept, lines
    text, place = [lines[0]], ""
    for block in rest:
        if block.where and block.where != place:
            place = block.where
            text.append(f"[{place}]")
        text += lines_of(block)
    return rest, text


def _numbered(document: Document) -> list[tuple[int, Block]]:
    """Give each block its page: the one it names, or a window of 20,000 characters."""
    by_page = document.unit.rstrip("s") in ("page", "slide")
    numbered, page, size = [], 1, 0
    for block in document.blocks:
        if by_page:
            found = _NUMBER.search(block.where)
            page = int(found.group(1)) if found else page
        else:
            size += sum(map(len, lines_of(block)))
            page = 1 + size // PORTION
        numbered.append((page, block))
    return numbered
