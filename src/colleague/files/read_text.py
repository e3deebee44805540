"""A document as text for a model: page marks, tables as lines, a page range, a search. Pure."""

import re
from dataclasses import replace

from colleague.kit.documents.model import Block, Document

TEXT_LIMIT = 200_000
_NUMBER = re.compile(r"(\d+)")


def page_of(block: Block) -> int:
    """Return the page, slide or message number in `where`, or 0 if it names none."""
    match = _NUMBER.search(block.where) if block.where.startswith(("p.", "slide", "message")) else None
    return int(match.group(1)) if match else 0


def pages_of(document: Document, first: int, last: int) -> Document:
    """Return the part of a document from page `first` to `last`. Formats without numbered pages are returned whole."""
    if document.unit not in ("page", "pages", "slide", "slides"):
        return document
    return replace(document, blocks=tuple(b for b in document.blocks if first <= (page_of(b) or first) <= last))


def as_text(document: Document) -> str:
    """Return the document as plain text with a mark at each change of place; cut at 200,000 characters, and says so."""
    lines: list[str] = [f"# {document.title}"]
    place = ""
    for block in document.blocks:
        if block.where != place and block.kind != "table":
            place = block.where
            lines.append(f"[{place}]")
        match block.kind:
            case "heading":
                lines.append(f"{'#' * max(1, block.level)} {block.text}")
            case "item":
                lines.append(f"{'  ' * max(0, block.level - 1)}{block.label or '-'} {block.text}")
            case "table":
                lines.append(f"[{block.where}]")
                lines += [" | ".join(row) for row in block.rows]
            case "chart":
                lines.append(f"[chart] {block.text}")
                lines += [" | ".join(row) for row in block.rows]
            case _:
                lines.append(block.text)
    text = "\n".join(lines)
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "\n[… cut: read a page range]"


def search_in(document: Document, query: str, limit: int = 12) -> list[tuple[str, str]]:
    """Return (place, excerpt) of the blocks that hold the most words of `query`, best first."""
    words = set(re.findall(r"\w{2,}", query.casefold()))
    scored = []
    for order, block in enumerate(document.blocks):
        text = block.text or " | ".join(" ".join(row) for row in block.rows)
        folded = text.casefold()
        score = sum(w in folded for w in words)
        if score:
            scored.append((-score, order, block.where, " ".join(text.split())[:300]))
    return [(where, excerpt) for _, _, where, excerpt in sorted(scored)[:limit]]
