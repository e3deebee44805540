"""A document as safe HTML for the browser, with an anchor at each page, sheet or slide."""

import html
import re
from collections.abc import Mapping

from colleague.kit.documents.model import Document
from colleague.kit.documents.picture import drawn

LIMIT = 4000
_PLACE = r"p\. \d+|(?:slide|message|line|part) \d+|sheet [^,;<>|)\]]{1,60}"


def anchor(where: str) -> str:
    """Return the anchor of a place: «p. 12» gives `p-12`."""
    return re.sub(r"[^a-z0-9]+", "-", where.casefold()).strip("-")


def linked(text: str, places: Mapping[str, str]) -> str:
    """Return safe HTML `text` in which names (keys, plain text) lead to their addresses (values).

    A place that follows a name («RFP.pdf, p. 12») becomes part of the link and its anchor.
    """
    if not places:
        return text
    names = "|".join(re.escape(html.escape(n)) for n in sorted(places, key=len, reverse=True))
    addresses = {html.escape(name): address for name, address in places.items()}

    def link(match: re.Match[str]) -> str:
        place = match["place"]
        to = addresses[match["name"]] + (f"#{anchor(html.unescape(place))}" if place else "")
        return f'<a href="{html.escape(to)}">{match.group()}</a>'

    return re.sub(rf"(?<![\w/\"#-])(?P<name>{names})(?:, (?P<place>{_PLACE}))?(?![\w-])", link, text)


def preview_html(document: Document, *, limit: int = LIMIT, places: Mapping[str, str] | None = None) -> str:
    """Return the first `limit` blocks as HTML. Every text is escaped; nothing of the document is markup here.

    `places` leads from the names of sources to their pages, so that citations can be followed.
    """

    def shown(text: str) -> str:
        return linked(html.escape(text), places or {})

    parts: list[str] = []
    place = ""
    for block in document.blocks[:limit]:
        if block.where != place:
            place = block.where
            if place.startswith("line"):
                parts.append(f'<span class="cl-line" id="{anchor(place)}"></span>')
            elif place:
                parts.append(f'<p class="cl-place" id="{anchor(place)}">{html.escape(place)}</p>')
        text = shown(block.text)
        match block.kind:
            case "heading":
                level = min(max(block.level, 1) + 1, 6)
                parts.append(f"<h{level}>{text}</h{level}>")
            case "item":
                parts.append(f'<p class="cl-item"><span>{html.escape(block.label or "•")}</span> {text}</p>')
            case "table":
                rows = "".join(
                    "<tr>" + "".join(f"<{tag}>{shown(cell[:2000])}</{tag}>" for cell in row) + "</tr>"
                    for tag, row in zip(["th", *["td"] * 499], block.rows, strict=False)
                )
                parts.append(f'<div class="table-responsive"><table class="table">{rows}</table></div>')
            case "chart":
                parts.append(f'<figure class="cl-chart"><figcaption>{text}</figcaption>{drawn(block)}</figure>')
            case "note" | "speaker":
                parts.append(f'<p class="cl-note">{text}</p>')
            case _:
                parts.append(f"<p>{text}</p>")
    if len(document.blocks) > limit:
        parts.append(f'<p class="cl-note">… {len(document.blocks) - limit} more parts: download the file.</p>')
    return "\n".join(parts)
