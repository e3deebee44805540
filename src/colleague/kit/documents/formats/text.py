"""Markdown and plain text, by line."""

import re
from dataclasses import replace

from colleague.kit.documents.model import Block, Document
from colleague.kit.documents.sniff import MARKDOWN

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"(\s*)([-*+•]|\d{1,3}[.)]|\([a-z0-9]{1,3}\))\s+(.*)")
_BOLD = re.compile(r"(?<![\\*])\*\*(?=[^\s*])([^*]+?)(?<=[^\s\\])\*\*(?!\*)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_CELLS = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"\s*\|?[\s:|-]+\|[\s:|-]*$")


def decode(content: bytes) -> str:
    """Return the text of `content`: by its byte-order mark, as UTF-8, or else as Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document: headings, items, tables and paragraphs with their line numbers."""
    document = _read(content, name, media_type)
    if media_type != MARKDOWN:
        return document
    blocks = tuple(
        replace(b, text=_bare(b.text), label=_bare(b.label), rows=tuple(tuple(map(_bare, row)) for row in b.rows))
        for b in document.blocks
    )
    return replace(document, title=_bare(document.title), blocks=blocks)


def _bare(text: str) -> str:
    """Return a Markdown text without the marks of bold words, nor the backslashes before marks (CommonMark 2.4)."""
    return _ESCAPE.sub(r"\1", _BOLD.sub(r"\1", text))


def _read(content: bytes, name: str, media_type: str) -> Document:
    lines = decode(content).splitlines()
    blocks: list[Block] = []
    pending: list[str] = []
    start = 0

    def flush() -> None:
        if pending:
            blocks.append(Block("paragraph", " ".join(pending), where=f"line {start}"))
            pending.clear()

    number = 0
    while number < len(lines):
        line, number = lines[number], number + 1
        heading, item = _HEADING.match(line), _ITEM.match(line)
        if not line.strip():
            flush()
        elif heading and media_type == MARKDOWN:
            flush()
            blocks.append(Block("heading", heading[2].strip(" #"), len(heading[1]), f"line {number}"))
        elif item:
            flush()
            blocks.append(Block("item", item[3].strip(), 1 + len(item[1]) // 2, f"line {number}", item[2]))
        elif media_type == MARKDOWN and "|" in line and number < len(lines) and _RULE.match(lines[number]):
            flush()
            first, rows = number, [line]
            number += 1
            while number < len(lines) and "|" in lines[number]:
                rows.append(lines[number])
                number += 1
            cells = tuple(tuple(c.strip() for c in _CELLS.split(row.strip().strip("|"))) for row in rows)
            blocks.append(Block("table", rows=cells, where=f"line {first}"))
        elif blocks and blocks[-1].kind == "item" and line.startswith("  ") and not pending:
            last = blocks.pop()
            blocks.append(Block("item", f"{last.text} {line.strip()}", last.level, last.where, last.label))
        else:
            start = start if pending else number
            pending.append(line.strip())
    flush()
    title = next((b.text for b in blocks if b.kind == "heading"), name)
    return Document(title, media_type, "pages", 1, tuple(blocks))
