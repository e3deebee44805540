"""PDF: words joined to lines, lines to headings, items and paragraphs, ruled tables; running heads left out."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import pypdfium2

from colleague.kit.documents.formats import pdf_tables
from colleague.kit.documents.formats.pdf_lines import Line, Word, lines, words
from colleague.kit.documents.formats.pdf_tables import Table
from colleague.kit.documents.model import Block, Document

_LABEL = re.compile(
    r"(?P<label>[•●○▪◦‣▸➢✓*–—-]|\(?(?:[a-zA-Z]|[ivx]{1,5}|\d{1,3})[.)]|o)\s+(?P<rest>\S.*)"
)  # fmt: skip
_NUMBERED = re.compile(
    r"(?:(?:SECTION|Section|ARTICLE|Article|PART|Part|APPENDIX|Appendix|ATTACHMENT|Attachment|EXHIBIT|Exhibit)\s+"
    r"[A-Z0-9IVX]+\b[.:–-]?\s*.*|(?P<number>\d{1,2}(?:\.\d{1,3}){0,4})\.?\s+(?P<text>[A-Z«“\"(].*)"
    r"|(?P<letters>[A-Z]{1,3}(?:[.-]\d{1,3}){1,4})\.?\s+(?P<rest>[A-Z(].*))"
)
_NEXT = re.compile(r"(?<![\s.(][A-Za-z])(?<!\bNo)[.!?][”\"’)]*\s+(?=[“\"(]?[A-Z0-9])")
_ADDRESS, _ADDRESS_REST = re.compile(r"://\S{30,}[\w/-]$"), re.compile(r"(?!and/or)[a-z0-9-]+[/.]\S*[a-z0-9]")
_PARAGRAPH = re.compile(r"\d{1,2}(?:\.\d{1,3})+\s+[A-Z«“\"(]")
_LETTERS = re.compile(r"[^\W\d_]+")
_END = re.compile(r"[.;:!?][”\"’)»}]*$")
Part = Line | Table


@dataclass(frozen=True, slots=True)
class Habits:
    """How a document is set: size of its text, usual distance of lines, right edge, and whether headings are bold."""

    body: float
    gap: float
    widest: float
    bold_heads: bool


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document; `where` is the page as counted from 1."""
    pdf = pypdfium2.PdfDocument(content)
    try:
        found = [words(pdf[number]) for number in range(len(pdf))]
        known = frozenset(part for page in found for w in page for part in _LETTERS.findall(w.text.casefold()))
        pages = [_parts(pdf[number], number + 1, found[number], known) for number in range(len(pdf))]
        title = str(pdf.get_metadata_dict().get("Title") or "").strip()
        count = len(pdf)
    finally:
        pdf.close()
    repeated = _running(pages)
    parts = list(_whole_tables([p for page in pages for p in page if not _is_running(p, page, repeated)]))
    blocks = tuple(_Blocks(_habits([p for p in parts if isinstance(p, Line)])).of(parts))
    warnings = () if parts or not count else ("No text was found: the pages may be pictures.",)
    return Document(title or _title(parts, blocks) or name, media_type, "pages", count, blocks, warnings)


def _title(parts: Sequence[Part], blocks: Sequence[Block]) -> str:
    """Return the largest line of the first page, if it is larger than the text; else the first heading."""
    first = [p for p in parts if isinstance(p, Line) and p.page == 1 and len(p.text) <= 150]
    largest = max(first, key=lambda line: line.size, default=None)
    if largest is not None and any(line.size < largest.size for line in first):
        run = [line.text for line in first if line.size == largest.size]
        return _join(run[:3]) if len(run) <= 3 else run[0]
    return next((b.text for b in blocks if b.kind == "heading"), "")


def _parts(page: pypdfium2.PdfPage, number: int, found: Sequence[Word], known: frozenset[str]) -> list[Part]:
    """Return the lines and tables of a page in reading order."""
    places: dict[Word, Table | None] = {}
    for grid in pdf_tables.grids(page):
        table, inside = pdf_tables.fill(grid, [w for w in found if w not in places], number, known)
        if table is not None and len(table.rows) * (len(table.columns) - 1) > 1:
            places |= dict.fromkeys(inside, table)
    result: list[Part] = []
    run: list[Word] = []
    for word in found:
        table = places.get(word)
        if table is None:
            run.append(word)
            continue
        result += lines(run, number)
        run = []
        if table not in result:
            result.append(table)
    return [*result, *lines(run, number)]


def _whole_tables(parts: Sequence[Part]) -> Iterator[Part]:
    """Join the parts of tables that run over pages."""
    held: Part | None = None
    for part in parts:
        if isinstance(held, Table) and isinstance(part, Table):
            both = pdf_tables.continued(held, part)
            if both is not None:
                held, rest = both
                if rest is None:
                    continue
                if held.header and len(held.rows) == 1:
                    held = rest  # Only its header stood at the foot of the page.
                    continue
                part = rest  # noqa: PLW2901
        if held is not None:
            yield held
        held = part
    if held is not None:
        yield held


def _shape(text: str) -> str:
    return re.sub(r"\d+", "#", text.casefold())


def _edge(page: Sequence[Part], most: int = 4) -> list[Line]:
    ordered = sorted((p for p in page if isinstance(p, Line)), key=lambda line: -line.top)
    return [*ordered[:most], *ordered[-most:]] if len(ordered) > 2 * most else ordered


def _running(pages: Sequence[Sequence[Part]]) -> frozenset[str]:
    """Return the shapes of lines that stand at the edge of at least three pages and a third of all; of two, of both."""
    two = len(pages) == 2
    edges = [_edge(page, 1 if two else 4) for page in pages]
    counts = Counter(shape for edge in edges for shape in {_shape(line.text) for line in edge})
    least = 2 if two else max(3, len(pages) / 3)
    return frozenset(s for s, n in counts.items() if n >= least)


def _is_running(part: Part, page: Sequence[Part], repeated: frozenset[str]) -> bool:
    edge = _edge(page)
    if not isinstance(part, Line) or part not in edge:
        return False
    alone = re.fullmatch(
        r"(?:page\s*)?[-–]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*[-–]?(?:\s*(?:of|/)\s*\d{1,4})?", part.text.casefold()
    )
    lowest = min(edge, key=lambda each: each.top)
    return _shape(part.text) in repeated or (alone is not None and part in (lowest, max(edge, key=lambda e: e.top)))


def _habits(found: Sequence[Line]) -> Habits:
    sizes: Counter[float] = Counter()
    gaps: Counter[float] = Counter()
    for line in found:
        sizes[line.size] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    for one, two in pairwise(found):
        gap = one.top - two.top
        if one.page == two.page and one.size == two.size == body and 0.8 * body < gap < 2.5 * body:
            gaps[round(gap * 2) / 2] += 1
    rights = sorted(line.right for line in found)
    return Habits(
        body, gaps.most_common(1)[0][0] if gaps else 1.2 * body, rights[int(len(rights) * 0.98)] if rights else 0.0,
        sum(line.bold and bool(_NUMBERED.fullmatch(line.text)) for line in found) >= 3,
    )  # fmt: skip


def _join(texts: Sequence[str]) -> str:
    """Return lines as one text: words cut by a hyphen, and addresses cut at the edge, are whole again."""
    result = texts[0]
    for text in texts[1:]:
        end = result[-400:]
        if re.search(r"[a-z]-$", end) and text[:1].islower():
            result = result + text if re.search(r"\b(?:non|self|pre|co|sub|re)-$", end) else result[:-1] + text
        else:
            result += text if _ADDRESS.search(end) and _ADDRESS_REST.match(text) else f" {text}"
    return result


def _by_page(found: Sequence[Line]) -> list[tuple[str, int]]:
    """Return (text, page) of a paragraph: what follows the sentence that a page break cuts is on the next page."""
    result: list[tuple[str, int]] = []
    for page, group in groupby(found, key=lambda line: line.page):
        text = _join([line.text for line in group])
        if result:
            cut = _NEXT.search(text)
            head = text[: cut.end()].rstrip() if cut else text
            result[-1] = (_join([result[-1][0], head]), result[-1][1])
            text = text[cut.end() :] if cut else ""
        if text:
            result.append((text, page))
    return result


class _Blocks:
    """Turns lines and tables into blocks."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self.current: list[Line] = []
        self.label = ""
        self.heads: list[Line] = []

    def of(self, parts: Sequence[Part]) -> Iterator[Block]:
        """Yield the blocks."""
        for part in parts:
            if isinstance(part, Table):
                yield from self._flush()
                where = f"p. {part.page}"
                if part.caption:
                    yield Block("heading", part.caption, 4, where)
                yield Block("table", where=where, rows=part.rows)
            elif self._is_heading(part):
                if self.current:
                    yield from self._flush()
                if self.heads and not self._same_heading(self.heads[-1], part):
                    yield from self._flush()
                self.heads.append(part)
            else:
                if self.heads:
                    yield from self._flush()
                match = _LABEL.match(part.text)
                if match or not self.current or not self._continues(self.current[-1], part):
                    yield from self._flush()
                    self.label = match["label"] if match else ""
                self.current.append(part)
        yield from self._flush()

    def _flush(self) -> Iterator[Block]:
        if self.heads:
            text = _join([line.text for line in self.heads])
            where = f"p. {self.heads[0].page}"
            # Bold from end to end and a whole sentence: a remark, not a heading.
            if len(text) > 220 or (text.endswith((".", ";")) and len(text) > 60 and not _titled(text)):
                yield Block("paragraph", text, where=where)
            else:
                yield Block("heading", text, self._level(self.heads[0]), where)
        for number, (text, page) in enumerate(_by_page(self.current)):
            where = f"p. {page}"
            if self.label and number == 0:
                nested = 2 if self.label in "○◦o–" else 1
                yield Block("item", text.removeprefix(self.label).strip(), nested, where, self.label)
            else:
                yield Block("paragraph", text, where=where)
        self.heads, self.current, self.label = [], [], ""

    def _is_heading(self, line: Line) -> bool:
        text, habits = line.text, self.habits
        if len(text) > 140 or not re.search(r"[^\W\d_]{2}", text):
            return False
        larger = line.size >= habits.body * 1.15
        if self.heads and line.bold and self._same_heading(self.heads[-1], line):
            return True
        if text.endswith((",", ";")) or text[0] in "([{" or (text.endswith(":") and len(text) > 40):
            return False
        if _LABEL.match(text) and not _NUMBERED.fullmatch(text):
            return False
        previous = self.current[-1] if self.current else None
        inside = previous is not None and self._continues(previous, line) and not line.bold
        if inside and not larger:
            return False
        if line.bold or larger:
            return True
        if habits.bold_heads or text.endswith("."):
            return False
        short = len(text) <= 80 and line.right < habits.widest * 0.8
        if _NUMBERED.fullmatch(text):
            return short or _titled(text)
        return text.isupper() and len(text) > 6 and short and " " in text

    def _level(self, line: Line) -> int:
        """Return the level by the depth of its number, else by its size."""
        numbered = _NUMBERED.fullmatch(line.text)
        if numbered:
            number = (numbered["number"] or numbered["letters"] or "").removesuffix(".0")
            return min(6, 1 + len(re.findall(r"[.-]\d", number)))
        if line.size >= self.habits.body * 1.5:
            return 1
        return 2 if line.size >= self.habits.body * 1.15 else 3

    def _same_heading(self, previous: Line, line: Line) -> bool:
        """Say whether a heading runs on in the next line."""
        near = previous.page == line.page and 0 <= previous.top - line.top < max(
            1.35 * self.habits.gap, 1.5 * line.size
        )
        same = previous.size == line.size and previous.bold == line.bold
        full = previous.right > 0.8 * self.habits.widest and previous.left < 0.25 * self.habits.widest
        return near and same and not _NUMBERED.match(line.text) and (full or len(previous.text) > 40)

    def _continues(self, previous: Line, line: Line) -> bool:
        """Say whether `line` goes on with the paragraph of `previous`."""
        habits, ended = self.habits, bool(_END.search(previous.text))
        short = previous.right < habits.widest * 0.75
        gap = previous.top - line.top
        if previous.page != line.page or gap < -2:
            return not ended and (line.text[:1].islower() or not (short or line.lead or line.bold))
        if ended and _PARAGRAPH.match(line.text):
            return False
        if line.lead and (ended or short or line.lead.endswith(":") or re.fullmatch(r"[\d.]+", line.lead)):
            return False
        if gap > 1.3 * habits.gap and (ended or short or gap > 2.2 * habits.gap):
            return False
        first = self.current[0]
        if self.label and line.left < first.left - 2:
            hanging = len(self.current) > 1 and self.current[1].left > first.left + 2
            if hanging or short or gap > 1.3 * habits.gap or (ended and previous.right < habits.widest * 0.85):
                return False
        # A last line that leaves much room, before a line that would have fitted: the paragraph ended there.
        return not (ended and previous.right < habits.widest * 0.6 and not self.label)


def _titled(text: str) -> bool:
    """Say whether most longer words begin with a capital, as headings do."""
    found = [w for w in re.findall(r"[^\W\d]+", text) if len(w) > 3]
    return len(found) >= 2 and sum(w[0].isupper() for w in found) >= 0.75 * len(found)
