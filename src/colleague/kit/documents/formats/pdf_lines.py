"""Words of a PDF page with their place, size and weight, and the lines they make."""

import re
from collections.abc import Iterable, Iterator, Sequence
from ctypes import byref, c_double, c_int, create_string_buffer
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pypdfium2
import pypdfium2.raw

pdfium: Any = pypdfium2.raw  # made by ctypes at import: without types
_FORCED_BOLD = 1 << 18
_BOLD_NAME = re.compile(rb"bold|black|heavy|semib|demi", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff\u0000"), "") | {0xFFFE: "-"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its text, the printed line it is in, edges, baseline, size in points, and weight."""

    text: str
    line: int
    left: float
    right: float
    base: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line. `lead` is the bold beginning of a line that goes on in normal weight."""

    text: str
    size: float
    bold: bool
    left: float
    top: float
    right: float
    page: int
    lead: str = ""


def words(page: pypdfium2.PdfPage) -> list[Word]:
    """Return the words of a page in the order of its content."""
    text_page = page.get_textpage()
    reader, text = _Reader(text_page.raw), text_page.get_text_range()
    result: list[Word] = []
    start = 0
    for number, piece in enumerate(re.split(r"\r\n|\n|\r", text)):
        for match in re.finditer(r"\S+", piece):
            word = match[0].translate(_INVISIBLE)
            if word:
                result.append(reader.word(word, number, start + match.start(), start + match.end() - 1))
        start += len(piece)
        start += 2 if text.startswith("\r\n", start) else 1
    return result


class _Reader:
    """Reads what pdfium says of characters, into places that are made once."""

    def __init__(self, raw: object) -> None:
        self.raw, self.matrix, self.flags, self.name = raw, pdfium.FS_MATRIX(), c_int(), create_string_buffer(128)
        self.one, self.two, self.other = c_double(), c_double(), c_double()

    def word(self, text: str, line: int, first: int, last: int) -> Word:
        """Return the word whose characters have these places in the page's text."""
        first, last = self._index(first), self._index(last)
        pdfium.FPDFText_GetCharBox(self.raw, last, self.other, self.two, self.other, self.other)
        pdfium.FPDFText_GetCharBox(self.raw, first, self.one, self.other, self.other, self.other)
        left, right = self.one.value, self.two.value
        pdfium.FPDFText_GetCharOrigin(self.raw, first, self.other, self.one)
        pdfium.FPDFText_GetMatrix(self.raw, first, self.matrix)
        scale = abs(self.matrix.d) or abs(self.matrix.b) or 1
        size = round(float(pdfium.FPDFText_GetFontSize(self.raw, first)) * scale, 1)
        return Word(text, line, left, right, self.one.value, size, self._is_bold(first))

    def _index(self, index: int) -> int:
        found = int(pdfium.FPDFText_GetCharIndexFromTextIndex(self.raw, index))
        return found if found >= 0 else index

    def _is_bold(self, index: int) -> bool:
        pdfium.FPDFText_GetFontInfo(self.raw, index, self.name, 128, byref(self.flags))
        # The weight of embedded fonts is often unknown or made up; their name tells.
        return bool(self.flags.value & _FORCED_BOLD or _BOLD_NAME.search(self.name.value))


def lines(found: Iterable[Word], page: int) -> Iterator[Line]:
    """Join words to the lines they are printed in."""
    for _, group in groupby(found, key=lambda w: w.line):
        yield line(list(group), page)


def line(group: Sequence[Word], page: int) -> Line:
    """Return words that stand in one line as a line."""
    weighty = [w for w in group if any(c.isalnum() for c in w.text)] or group
    lead = 0
    while lead < len(group) and (group[lead].bold or group[lead] not in weighty):
        lead += 1
    bold = all(w.bold for w in weighty)
    first = weighty[0]
    return Line(
        " ".join(w.text for w in group), first.size, bold, group[0].left, group[0].base,
        max(w.right for w in group), page, "" if bold or not first.bold else " ".join(w.text for w in group[:lead]),
    )  # fmt: skip
