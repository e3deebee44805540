"""Comma-separated values: one table; the delimiter is found by content."""

import csv
from io import StringIO

from colleague.kit.documents.formats.text import decode
from colleague.kit.documents.model import Block, Document

MAX_ROWS = 200_000


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document with one table; rows beyond 200,000 are left out and that is said."""
    text = decode(content)
    csv.field_size_limit(max(len(text), 1))
    rows, cut = [], False
    for number, row in enumerate(csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text))):
        if number >= MAX_ROWS:
            cut = True
            break
        rows.append(tuple(cell.strip() for cell in row))
    warnings = (f"Only the first {MAX_ROWS:,} rows were read.",) if cut else ()
    return Document(name, media_type, "sheets", 1, (Block("table", where="sheet 1!A1", rows=tuple(rows)),), warnings)


def _delimiter(text: str) -> str:
    """Return the mark that parts most of the first lines into the same number of cells; then the most frequent."""
    sample = text[:20_000]
    lines = [line for line in sample.splitlines()[:30] if line.strip()]

    def score(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count, default=0)
        return (counts.count(usual) if usual else 0), sample.count(mark)

    return max(",;\t|", key=score)
