"""Web pages: what a reader would see; hidden text is dropped, and that is said."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from colleague.kit.documents.model import Block, Document

_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)",
    re.I,
)
_GONE = "script, style, noscript, template, head > *:not(title), svg, iframe, object, input[type=hidden]"
_BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset",
     "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li",
     "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul")
)  # fmt: skip


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document's visible text as blocks."""
    tree = LexborHTMLParser(content)
    blocks, hidden = visible(tree)
    title = tree.css_first("title")
    heading = _clean(title.text()) if title else ""
    warnings = (f"{hidden} hidden parts were left out.",) if hidden else ()
    return Document(heading or name, media_type, "pages", 1, tuple(blocks), warnings)


def visible(tree: LexborHTMLParser) -> tuple[list[Block], int]:
    """Return the blocks that a reader would see, and how many hidden parts were left out."""
    for node in tree.css(_GONE):
        node.decompose()
    hidden = [n for n in tree.css("[style], [hidden], [aria-hidden=true]") if _is_hidden(n)]
    for node in hidden:
        node.decompose()
    blocks: list[Block] = []
    if tree.body is not None:
        _walk(tree.body, blocks)
    return blocks, len(hidden)


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or bool(_HIDDEN.search(attributes.get("style") or ""))
    )


def _clean(text: str) -> str:
    return " ".join(text.split())


def _walk(root: LexborNode, blocks: list[Block]) -> None:
    """Put the text below `root` into blocks, in reading order, without recursion: pages may nest very deeply."""
    pending: list[str] = []
    kind = "p"

    def flush() -> None:
        text = _clean("".join(pending))
        pending.clear()
        if text:
            blocks.append(_block(kind, text))

    stack: list[tuple[LexborNode, str | None]] = [(root, None)]
    while stack:
        node, ends = stack.pop()
        if ends is not None:
            flush()
            kind = ends
            continue
        tag = node.tag or ""
        if tag == "-text":
            pending.append(node.text_content or "")
        elif tag == "br":
            pending.append("\n")
        elif tag == "table" and not node.css_first("table table"):
            flush()
            rows = tuple(tuple(_clean(c.text(separator=" ")) for c in row.css("td, th")) for row in node.css("tr"))
            if kept := tuple(r for r in rows if any(r)):
                blocks.append(Block("table", rows=kept, where="p. 1"))
        elif tag[:1] not in ("-", "_", "!"):
            if tag in _BLOCKS:
                flush()
                stack.append((node, kind))
                kind = tag if tag[0] == "h" or tag in ("li", "dd") or kind not in ("li", "dd") else kind
            child = node.last_child
            while child is not None:
                stack.append((child, None))
                child = child.prev
    flush()


def _block(tag: str, text: str) -> Block:
    if tag[0] == "h" and tag[1:].isdigit():
        return Block("heading", text, int(tag[1]), "p. 1")
    item = tag in ("li", "dd")
    return Block("item" if item else "paragraph", text, int(item), "p. 1")
