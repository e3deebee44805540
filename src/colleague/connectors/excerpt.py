"""A document in portions for a model: its pages, or windows of text where a format has no pages. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from colleague.kit.documents.model import Block, Document

PORTION, LIMIT = 20_000, 120_000
_PAGE = re.compile(r"(?:p\.|page|slide) ?(\d+)")


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
        case "chart":
            return [f"[chart] {block.text}", *(" | ".join(row) for row in block.rows)]
        case "paragraph" | "note" | "box" | "speaker":
            return [block.text]


def excerpt(document: Document, first: int = 1, last: int | None = None) -> Excerpt:
    """Return pages `first` to `last` of a document, at most 120,000 characters, with a mark where the place changes."""
    numbered = [(page, block) for page, block in _numbered(document) if page >= first]
    sizes: dict[int, int] = {}
    for page, block in numbered:
        sizes[page] = sizes.get(page, 0) + sum(map(len, lines_of(block)))
    shown: list[int] = []
    following: int | None = None
    for page in sorted(sizes):
        if (last is not None and page > last) or (shown and sum(sizes[p] for p in shown) + sizes[page] > LIMIT):
            following = page
            break
        shown.append(page)
    kept = [block for page, block in numbered if page in shown]
    text = _text(document.title, kept)
    if len(text) > 2 * LIMIT:
        # One page alone is longer than all we give: its end is left out, and the text says so.
        text = text[: 2 * LIMIT] + "\n[… cut: this page is too long]"
    if following is not None:
        text += f"\n[… goes on: read from page {following}]"
    return Excerpt(replace(document, blocks=tuple(kept)), text, following)


def _text(title: str, blocks: list[Block]) -> str:
    lines, place = [f"# {title}"], ""
    for block in blocks:
        if block.where and block.where != place:
            place = block.where
            lines.append(f"[{place}]")
        lines += lines_of(block)
    return "\n".join(lines)


def _numbered(document: Document) -> list[tuple[int, Block]]:
    """Give each block its page: the one it names, or a window of 20,000 characters."""
    by_page = any(_PAGE.match(block.where) for block in document.blocks)
    numbered, page, size = [], 1, 0
    for block in document.blocks if by_page else _split(document.blocks):
        if by_page:
            found = _PAGE.match(block.where)
            page = int(found.group(1)) if found else page
        else:
            size += sum(map(len, lines_of(block)))
            page = 1 + size // PORTION
        numbered.append((page, block))
    return numbered


def _split(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Cut blocks that are longer than a portion: texts at line ends or blanks, tables between rows, header repeated."""
    for block in blocks:
        if block.kind == "table" and sum(map(len, lines_of(block))) > PORTION:
            yield from _split_table(block)
        elif len(block.text) > PORTION:
            start = 0
            while start < len(block.text):
                end = start + PORTION
                if end < len(block.text):
                    cut = max(block.text.rfind("\n", start, end), block.text.rfind(" ", start + PORTION // 2, end))
                    end = cut + 1 if cut > start else end
                yield replace(block, text=block.text[start:end])
                start = end
        else:
            yield block


def _split_table(block: Block) -> Iterator[Block]:
    header, *rows = block.rows
    taken: list[tuple[str, ...]] = []
    size = 0
    for row in rows:
        size += sum(map(len, row))
        if size > PORTION and taken:
            yield replace(block, rows=(header, *taken))
            taken, size = [], sum(map(len, row))
        taken.append(row)
    if taken:
        yield replace(block, rows=(header, *taken))
