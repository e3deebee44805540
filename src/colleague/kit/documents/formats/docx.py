"""Word documents: headings, numbered items, tables and notes in reading order; pages by the breaks Word left."""

import re
import zipfile
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import docx
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from colleague.kit.documents.model import Block, Document

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document; pages are counted by page breaks that Word left behind."""
    document = docx.Document(BytesIO(content))
    blocks: list[Block] = []
    page, hidden = 1, 0
    for child in document.element.body.iterchildren():
        if child.tag == qn("w:p"):
            paragraph = Paragraph(child, document)
            page += _breaks(child)
            hidden += _hidden(child)
            block = _paragraph(paragraph, page)
            if block is not None:
                blocks.append(block)
        elif child.tag == qn("w:tbl"):
            rows = tuple(tuple(_cell(c.text) for c in row.cells) for row in Table(child, document).rows)
            blocks.append(Block("table", where=f"p. {page}", rows=rows))
    blocks += _comments(content)
    warnings = (f"{hidden} hidden runs of text were left out.",) if hidden else ()
    core = document.core_properties
    title = core.title or next((b.text for b in blocks if b.kind == "heading"), name)
    return Document(title, media_type, "pages", page, tuple(blocks), warnings, label_of(content))


def _cell(text: str) -> str:
    return " ".join(text.split())


def _breaks(element: Any) -> int:
    marks = element.findall(f".//{_W}lastRenderedPageBreak")
    explicit = [b for b in element.findall(f".//{_W}br") if b.get(f"{_W}type") == "page"]
    return len(marks) or len(explicit)


def _hidden(element: Any) -> int:
    return len(element.findall(f".//{_W}rPr/{_W}vanish"))


def _visible(paragraph: Paragraph) -> str:
    texts = []
    for run in paragraph._p.iter(f"{_W}r"):
        if run.find(f"{_W}rPr/{_W}vanish") is None:
            texts += [
                "\t" if part.tag == f"{_W}tab" else " " if part.tag == f"{_W}br" else (part.text or "")
                for part in run
                if part.tag in (f"{_W}t", f"{_W}tab", f"{_W}br")
            ]
    return " ".join("".join(texts).split())


def _paragraph(paragraph: Paragraph, page: int) -> Block | None:
    text = _visible(paragraph)
    if not text:
        return None
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    where = f"p. {page}"
    if style == "Title":
        return Block("heading", text, 1, where)
    heading = _HEADING.match(style)
    if heading:
        return Block("heading", text, int(heading[1]), where)
    properties = paragraph._p.pPr
    if style.startswith("List") or (properties is not None and properties.numPr is not None):
        match = re.match(r"(\(?[a-z0-9]{1,4}[.)]|[•–-])\s+(.*)", text)
        return Block("item", match[2] if match else text, 1, where, match[1] if match else "•")
    return Block("paragraph", text, where=where)


def _comments(content: bytes) -> list[Block]:
    """Return the comments of the document as notes."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        if "word/comments.xml" not in archive.namelist():
            return []
        tree = ElementTree.fromstring(archive.read("word/comments.xml"))  # noqa: S314 (guard.py refuses entities)
    return [
        Block("note", " ".join("".join(t.text or "" for t in c.iter(f"{_W}t")).split()), where="comment")
        for c in tree.iter(f"{_W}comment")
    ]


def label_of(content: bytes) -> str:
    """Return the GUID of the sensitivity label: LabelInfo.xml first, then custom properties; or ""."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = archive.namelist()
        if "docMetadata/LabelInfo.xml" in names:
            match = re.search(rb'\bid="\{?([0-9a-fA-F-]{36})', archive.read("docMetadata/LabelInfo.xml"))
            if match:
                return match[1].decode().lower()
        if "docProps/custom.xml" in names:
            match = re.search(rb"MSIP_Label_([0-9a-fA-F-]{36})_Enabled", archive.read("docProps/custom.xml"))
            if match:
                return match[1].decode().lower()
    return ""
