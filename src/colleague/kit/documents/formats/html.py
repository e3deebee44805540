"""Web pages: what a reader would see; hidden text is dropped, and that is said."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from colleague.kit.documents.model import Block, Document

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])", re.I)
_PARTS = "h1, h2, h3, h4, h5, h6, p, li, table, blockquote, pre, dt, dd, td"


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document's visible text as blocks."""
    tree = LexborHTMLParser(content)
    for node in tree.css("script, style, noscript, template, head > *:not(title), svg, iframe, object"):
        node.decompose()
    hidden = [n for n in tree.css("[style], [hidden], [aria-hidden=true]") if _is_hidden(n)]
    for node in hidden:
        node.decompose()
    blocks = [b for node in tree.css(_PARTS) if (b := _block(node)) is not None]
    if not blocks and tree.body is not None:
        text = _clean(tree.body.text(separator=" "))
        blocks = [Block("paragraph", text, where="p. 1")] if text else []
    title = tree.css_first("title")
    warnings = (f"{len(hidden)} hidden parts were left out.",) if hidden else ()
    return Document(_clean(title.text()) if title else name, media_type, "pages", 1, tuple(blocks), warnings)


def _is_hidden(node: LexborNode) -> bool:
    style = node.attributes.get("style") or ""
    return "hidden" in node.attributes or "aria-hidden" in node.attributes or bool(_HIDDEN.search(style))


def _clean(text: str) -> str:
    return " ".join(text.split())


def _block(node: LexborNode) -> Block | None:
    tag = node.tag or ""
    if tag == "table":
        rows = tuple(tuple(_clean(cell.text(separator=" ")) for cell in row.css("td, th")) for row in node.css("tr"))
        return Block("table", rows=tuple(r for r in rows if any(r)), where="p. 1") if any(map(any, rows)) else None
    parent = node.parent
    while parent is not None:
        if parent.tag in ("table", "li", "blockquote") and tag != "li":
            return None
        parent = parent.parent
    if tag == "td":
        return None
    text = _clean(node.text(separator=" "))
    if not text:
        return None
    if tag[0] == "h" and tag[1:].isdigit():
        return Block("heading", text, int(tag[1]), "p. 1")
    return Block("item" if tag in ("li", "dd") else "paragraph", text, 1 if tag in ("li", "dd") else 0, "p. 1")
