"""Word documents: headings, numbered items, tables and notes in reading order; pages by the breaks Word left.

Tracked changes are read as if accepted; hidden text is left out; both are said.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import docx

from colleague.kit.documents.formats.office import Package, text_of
from colleague.kit.documents.model import Block, Document

_TYPED = re.compile(r"(\((?:[a-z]{1,2}|[ivx]{1,5}|\d{1,2})\)|[a-z]\))\s+(\S.*)")  # a mark typed by hand
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_LABEL = re.compile(r"(\(?[a-z0-9]{1,4}[.)]|[•–-])\s+(.*)")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OFF = ("0", "false", "off", "none")
_GONE = (f"{_W}del", f"{_W}moveFrom")
_DEPTH, _ONE_PAGE = 40, 3_000


class Reader:
    """Walks one document and counts what a person would not see."""

    def __init__(self, content: bytes) -> None:
        """Take the file."""
        self.document = docx.Document(BytesIO(content))
        self.package = Package(content)
        self.page = 1
        self.seen: Counter[str] = Counter()
        styles = list(self.document.styles.element.iter(f"{_W}style"))
        self.style_names = {s.get(f"{_W}styleId"): _value(s.find(f"{_W}name")) for s in styles}
        self.hidden_styles = {s.get(f"{_W}styleId") for s in styles if _on(s.find(f"{_W}rPr/{_W}vanish"))}

    def blocks(self, parent: Any, depth: int = 0) -> Iterator[Block]:
        """Return the blocks of a body, content control or text box."""
        if depth > _DEPTH:
            return
        for child in parent.iterchildren():
            if child.tag == f"{_W}p":
                self.page += _breaks(child)
                block = self._paragraph(child)
                if block is not None:
                    yield block
                yield from self._boxes(child, depth)
            elif child.tag == f"{_W}tbl":
                yield self._table(child)
            elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag", f"{_W}customXml"):
                yield from self.blocks(child, depth + 1)
            elif child.tag in _GONE:
                self.seen["deleted"] += 1

    def _boxes(self, paragraph: Any, depth: int) -> Iterator[Block]:
        """Return what stands in text boxes (each once: Word writes them twice, for old readers too)."""
        for box in paragraph.iter(f"{_W}txbxContent"):
            if not any(a.tag.endswith("}Fallback") for a in box.iterancestors()):
                yield from self.blocks(box, depth + 1)

    def _table(self, table: Any) -> Block:
        rows = []
        for row in table.iter(f"{_W}tr"):
            if next(row.iterancestors(f"{_W}tbl")) is table:
                if row.find(f"{_W}trPr/{_W}del") is not None:
                    self.seen["deleted"] += 1
                    continue
                cells = [c for c in row.iter(f"{_W}tc") if next(c.iterancestors(f"{_W}tr")) is row]
                rows.append(tuple(" ".join(filter(None, map(self.text, cell.iter(f"{_W}p")))) for cell in cells))
        return Block("table", where=f"p. {self.page}", rows=tuple(rows))

    def text(self, paragraph: Any) -> str:
        """Return what a person sees of a paragraph, without its text boxes."""
        parts: list[str] = []
        for run in paragraph.iter(f"{_W}r"):
            above = next(run.iterancestors(f"{_W}p"), None)
            if above is not paragraph:
                continue
            if self._gone(run, paragraph) or self._hidden(run):
                continue
            text = "".join(map(_piece, run))
            if text.strip() and self._faint(run):
                self.seen["faint"] += 1
            parts.append(text)
        return " ".join("".join(parts).split())

    def _gone(self, run: Any, paragraph: Any) -> bool:
        for above in run.iterancestors():
            if above is paragraph:
                return False
            if above.tag in _GONE:
                # What was moved stands at its new place: only a deletion is worth a word.
                self.seen["deleted"] += above.tag == _GONE[0]
                return True
            if above.tag in (f"{_W}ins", f"{_W}moveTo"):
                self.seen["inserted"] += 1
        return False

    def _hidden(self, run: Any) -> bool:
        style = run.find(f"{_W}rPr/{_W}rStyle")
        mark = run.find(f"{_W}rPr/{_W}vanish")
        styled = style is not None and style.get(f"{_W}val") in self.hidden_styles
        if not (_on(mark) if mark is not None else styled):
            return False
        self.seen["hidden"] += 1
        return True

    def _faint(self, run: Any) -> bool:
        """Say whether a run is white without a shade of its own, or smaller than 3 points."""
        colour, size = run.find(f"{_W}rPr/{_W}color"), run.find(f"{_W}rPr/{_W}sz")
        shaded = any(a.find(f"{_W}tcPr/{_W}shd") is not None for a in run.iterancestors(f"{_W}tc"))
        white = colour is not None and (colour.get(f"{_W}val") or "").upper() in ("FFFFFF", "FEFEFE") and not shaded
        points = (size.get(f"{_W}val") or "").split(".")[0] if size is not None else ""
        return white or (points.isdecimal() and int(points) < 6)

    def _paragraph(self, element: Any) -> Block | None:
        text = self.text(element)
        if not text:
            return None
        style = self.style_names.get(_value(element.find(f"{_W}pPr/{_W}pStyle")), "")
        where = f"p. {self.page}"
        if style == "Title":
            return Block("heading", text, 1, where)
        heading = _HEADING.match(style)
        if heading:
            return Block("heading", text, int(heading[1]), where)
        if style.startswith("List") or element.find(f"{_W}pPr/{_W}numPr") is not None:
            match = _LABEL.match(text)
            return Block("item", match[2] if match else text, 1, where, match[1] if match else "•")
        typed = _TYPED.match(text)
        if typed:
            return Block("item", typed[2], 1, where, typed[1])
        return Block("paragraph", text, where=where)

    def notes(self) -> Iterator[Block]:
        """Return comments, footnotes and endnotes, each with what it is."""
        for part, tag, word in (("footnotes", "footnote", "footnote"), ("endnotes", "endnote", "endnote")):
            tree = self.package.xml(f"word/{part}.xml")
            notes = [] if tree is None else [n for n in tree.iter(f"{_W}{tag}") if n.get(f"{_W}type") is None]
            for number, note in enumerate(notes, 1):
                if text := _standing(note):
                    yield Block("note", text, where=f"{word} {number}")
        tree = self.package.xml("word/comments.xml")
        for comment in [] if tree is None else tree.iter(f"{_W}comment"):
            who = " ".join((comment.get(f"{_W}author") or "").split())[:80]
            if text := text_of(comment, f"{_W}t"):
                yield Block("note", text, where=f"comment by {who}" if who else "comment")

    def warnings(self) -> tuple[str, ...]:
        """Return in words what was counted."""
        said = {
            "hidden": "{} hidden runs of text were left out.",
            "deleted": "{} passages deleted by tracked changes were left out.",
            "inserted": "{} passages inserted by tracked changes were read as accepted.",
            "faint": "{} passages in white or tiny letters were read: a person may not see them.",
        }
        return (*(text.format(self.seen[k]) for k, text in said.items() if self.seen[k]), *self.package.warnings())


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document; pages are counted by page breaks that Word left behind."""
    reader = Reader(content)
    body = list(reader.blocks(reader.document.element.body))
    blocks = [*(_by_heading(body) if reader.page == 1 else body), *reader.notes()]
    title = reader.document.core_properties.title or next((b.text for b in blocks if b.kind == "heading"), name)
    labels = reader.package.labels()
    return Document(title, media_type, "pages", reader.page, tuple(blocks), reader.warnings(), labels)


def _by_heading(blocks: list[Block]) -> list[Block]:
    """Return the blocks with their heading as their place, if the text is too long for the one page it claims."""
    if sum(len(b.text) for b in blocks) < _ONE_PAGE:
        return blocks
    result, heading = [], ""
    for block in blocks:
        heading = block.text[:100] if block.kind == "heading" else heading
        result.append(replace(block, where=f"§ {heading}" if heading else ""))
    return result


def _standing(note: Any) -> str:
    """Return the text of a note without what tracked changes deleted or moved away."""

    def texts(element: Any) -> Iterator[str]:
        for child in element:
            if child.tag == f"{_W}t":
                yield child.text or ""
            elif child.tag not in _GONE:
                yield from texts(child)

    return " ".join("".join(texts(note)).split())


def _value(element: Any) -> str:
    return "" if element is None else element.get(f"{_W}val") or ""


def _on(mark: Any) -> bool:
    return mark is not None and (mark.get(f"{_W}val") or "1").lower() not in _OFF


def _piece(part: Any) -> str:
    match part.tag:
        case tag if tag == f"{_W}t":
            return part.text or ""
        case tag if tag == f"{_W}noBreakHyphen":
            return "-"
        case tag if tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            return " "
        case _:
            return ""


def _breaks(element: Any) -> int:
    marks = element.findall(f".//{_W}lastRenderedPageBreak")
    explicit = [b for b in element.findall(f".//{_W}br") if b.get(f"{_W}type") == "page"]
    return len(marks) or len(explicit)
