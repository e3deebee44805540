"""A document as safe HTML for the browser, with an anchor at each page, sheet or slide."""

import html
import re

from colleague.kit.documents.model import Document

LIMIT = 4000


def anchor(where: str) -> str:
    """Return the anchor of a place: «p. 12» gives `p-12`."""
    return re.sub(r"[^a-z0-9]+", "-", where.casefold()).strip("-")


def preview_html(document: Document, *, limit: int = LIMIT) -> str:
    """Return the first `limit` blocks as HTML. Every text is escaped; nothing of the document is markup here."""
    parts: list[str] = []
    place = ""
    for block in document.blocks[:limit]:
        if block.where != place:
            place = block.where
            if place and not place.startswith("line"):
                parts.append(f'<p class="cl-place" id="{anchor(place)}">{html.escape(place)}</p>')
        text = html.escape(block.text)
        match block.kind:
            case "heading":
                level = min(max(block.level, 1) + 1, 6)
                parts.append(f"<h{level}>{text}</h{level}>")
            case "item":
                parts.append(f'<p class="cl-item"><span>{html.escape(block.label or "•")}</span> {text}</p>')
            case "table":
                rows = "".join(
                    "<tr>" + "".join(f"<td>{html.escape(cell[:2000])}</td>" for cell in row) + "</tr>"
                    for row in block.rows[:500]
                )
                parts.append(f'<div class="table-responsive"><table class="table table-sm">{rows}</table></div>')
            case "note":
                parts.append(f'<p class="cl-note">{text}</p>')
            case _:
                parts.append(f"<p>{text}</p>")
    if len(document.blocks) > limit:
        parts.append(f'<p class="cl-note">… {len(document.blocks) - limit} more parts: download the file.</p>')
    return "\n".join(parts)
