"""PDF: lines with their size and weight, joined to headings, items and paragraphs; running heads and feet left out."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import c_double
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw

from colleague.kit.documents.model import Block, Document

_LABEL = re.compile(
    r"(?P<label>[•▪●◦‣–—-]|\(?(?:[a-zA-Z]|[ivx]{1,5}|\d{1,3})[.)]|\((?:[a-zA-Z]|[ivx]{1,5}|\d{1,3})\)|o)\s+(?P<rest>\S.*)"
)
_NUMBERED = re.compile(
    r"(?:(?:SECTION|Section|ARTICLE|Article|PART|Part|APPENDIX|Appendix|ATTACHMENT|Attachment|EXHIBIT|Exhibit)\s+"
    r"[A-Z0-9IVX]+\b[.:–-]?\s*.*|(?P<number>\d{1,2}(?:\.\d{1,3}){0,4})\.?\s+(?P<text>[A-Z].*)"
    r"|(?P<letters>[A-Z]{1,3}(?:[.-]\d{1,3}){1,4})\.?\s+(?P<rest>[A-Z(].*))"
)
_END = re.compile(r"[.;:!?]$")
pdfium: Any = pypdfium2.raw  # made by ctypes at import: without types


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: text, font size, weight, left edge and height above the bottom."""

    text: str
    size: float
    bold: bool
    left: float
    top: float
    right: float
    page: int


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document; `where` is the page as counted from 1."""
    pdf = pypdfium2.PdfDocument(content)
    try:
        pages = [list(_lines(pdf[number], number + 1)) for number in range(len(pdf))]
        title = str(pdf.get_metadata_dict().get("Title") or "").strip()
        count = len(pdf)
    finally:
        pdf.close()
    repeated = _running(pages)
    lines = [line for page in pages for line in page if not _is_running(line, page, repeated)]
    blocks = tuple(_blocks(lines))
    warnings = () if lines or not count else ("No text was found: the pages may be pictures.",)
    title = title or next((b.text for b in blocks if b.kind == "heading"), name)
    return Document(title, media_type, "pages", count, blocks, warnings)


def _lines(page: pypdfium2.PdfPage, number: int) -> Iterator[Line]:
    text_page = page.get_textpage()
    raw = text_page.raw
    text = text_page.get_text_range()
    start = 0
    for piece in re.split(r"(\r\n|\n|\r)", text):
        words = " ".join(piece.replace("\ufffe", "-").replace("\u00ad", "").split())
        if words:
            first = start + len(piece) - len(piece.lstrip())
            last = start + len(piece.rstrip()) - 1
            size = round(pdfium.FPDFText_GetFontSize(raw, first), 1)
            # A line is bold only if it is so from end to end: a bold word that opens a sentence is no heading.
            bold = all(pdfium.FPDFText_GetFontWeight(raw, i) >= 600 for i in (first, (first + last) // 2, last))
            left, _, top = _box(raw, first)
            _, right, _ = _box(raw, last)
            yield Line(words, size, bold, left, top, right, number)
        start += len(piece)


def _box(raw: object, index: int) -> tuple[float, float, float]:
    left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
    pdfium.FPDFText_GetCharBox(raw, index, left, right, bottom, top)
    return left.value, right.value, bottom.value


def _shape(text: str) -> str:
    return re.sub(r"\d+", "#", text.casefold())


def _edge(page: Sequence[Line]) -> list[Line]:
    ordered = sorted(page, key=lambda line: -line.top)
    return [*ordered[:4], *ordered[-4:]] if len(ordered) > 8 else list(ordered)


def _running(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Return the shapes of lines that stand at the edge of at least three pages and a third of all."""
    counts = Counter(shape for page in pages for shape in {_shape(line.text) for line in _edge(page)})
    least = max(3, len(pages) / 3)
    return frozenset(s for s, n in counts.items() if n >= least)


def _is_running(line: Line, page: Sequence[Line], repeated: frozenset[str]) -> bool:
    edge = _edge(page)
    if line not in edge:
        return False
    alone = re.fullmatch(
        r"(?:page\s*)?[-–]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–]?(?:\s*(?:of|/)\s*\d{1,4})?", line.text.casefold()
    )
    lowest = min(edge, key=lambda each: each.top)
    return _shape(line.text) in repeated or (alone is not None and line in (lowest, max(edge, key=lambda e: e.top)))


def _body_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10


def _heading_level(line: Line, body: float, widest: float) -> int:
    """Return 1 to 6 if the line is a heading, else 0."""
    text = line.text
    if len(text) > 120 or not re.search(r"[A-Za-z]{2}", text):
        return 0
    numbered = _NUMBERED.fullmatch(text)
    strong = line.bold or (text.isupper() and len(text) > 3)
    short = len(text) <= 80 and line.right < widest * 0.8
    if numbered and not re.search(r"[.;,]$", text) and (strong or short or _titled(text) or line.size > body * 1.05):
        number = numbered["number"] or numbered["letters"] or ""
        return min(6, 1 + len(re.findall(r"[.-]\d", number)))
    if line.size >= body * 1.15 and not text.endswith((",", ";")):
        return 1 if line.size >= body * 1.5 else 2
    if strong and short and not _END.search(text) and not _LABEL.match(text) and " " in text:
        return 3
    return 0


def _blocks(lines: Sequence[Line]) -> Iterator[Block]:
    body = _body_size(lines)
    widest = max((line.right for line in lines), default=0)
    current: list[Line] = []
    label = ""

    def done() -> Iterator[Block]:
        nonlocal label
        if current:
            text = _join([line.text for line in current])
            where = f"p. {current[0].page}"
            if label:
                text = text[len(label) :].strip() if text.startswith(label) else text
                yield Block("item", text, 1, where, label)
            else:
                yield Block("paragraph", text, where=where)
        current.clear()
        label = ""

    previous: Line | None = None
    heading: list[Line] = []
    for line in lines:
        level = _heading_level(line, body, widest)
        if level and not (current and previous and _inside(previous, line, widest)):
            yield from done()
            if heading and _same_heading(heading[-1], line):
                heading.append(line)
            else:
                yield from _heading(heading, body, widest)
                heading = [line]
            previous = line
            continue
        yield from _heading(heading, body, widest)
        heading = []
        match = _LABEL.match(line.text)
        if match or not current or previous is None or not _continues(previous, line, widest):
            yield from done()
            label = match["label"] if match else ""
        current.append(line)
        previous = line
    yield from _heading(heading, body, widest)
    yield from done()


def _titled(text: str) -> bool:
    """Say whether most longer words begin with a capital, as headings do."""
    words = [w for w in re.findall(r"[^\W\d]+", text) if len(w) > 3]
    return len(words) >= 2 and sum(w[0].isupper() for w in words) >= 0.75 * len(words)


def _inside(previous: Line, line: Line, widest: float) -> bool:
    """Say whether what looks like a heading is a line in the middle of a paragraph."""
    if line.bold or (_NUMBERED.fullmatch(line.text) and _END.search(previous.text)):
        return False
    return line.size == previous.size and _continues(previous, line, widest)


def _same_heading(previous: Line, line: Line) -> bool:
    """Say whether a heading runs on in the next line."""
    near = previous.page == line.page and 0 <= previous.top - line.top < 2.2 * line.size
    return near and previous.size == line.size and not _NUMBERED.match(line.text) and len(previous.text) > 40


def _heading(lines: Sequence[Line], body: float, widest: float) -> Iterator[Block]:
    if lines:
        text = _join([line.text for line in lines])
        yield Block("heading", text, _heading_level(lines[0], body, widest) or 3, f"p. {lines[0].page}")


def _continues(previous: Line, line: Line, widest: float) -> bool:
    """Say whether `line` goes on with the paragraph of `previous`."""
    if previous.page != line.page:
        return not _END.search(previous.text) and line.text[:1].islower()
    gap = previous.top - line.top
    if not -2 < gap < 2.1 * max(line.size, 6):
        return False
    if previous.right < widest * 0.6 and _END.search(previous.text):
        return False
    return not (gap > 1.6 * max(line.size, 6) and _END.search(previous.text))


def _join(texts: Sequence[str]) -> str:
    result = texts[0]
    for text in texts[1:]:
        if re.search(r"[a-z]-$", result) and text[:1].islower():
            result = result[:-1] + text if not re.search(r"\b(?:non|self|pre|co|sub|re)-$", result) else result + text
        else:
            result = f"{result} {text}"
    return result
