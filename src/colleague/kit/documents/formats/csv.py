"""Comma-separated values: one table; the delimiter is found by content."""

import csv
from io import StringIO

from colleague.kit.documents.model import Block, Document

MAX_ROWS = 200_000


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the document with one table; rows beyond 200,000 are left out and that is said."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    sample = text[:20_000]
    delimiter = max(",;\t|", key=sample.count)
    rows, cut = [], False
    for number, row in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter)):
        if number >= MAX_ROWS:
            cut = True
            break
        rows.append(tuple(cell.strip() for cell in row))
    warnings = (f"Only the first {MAX_ROWS:,} rows were read.",) if cut else ()
    return Document(name, media_type, "sheets", 1, (Block("table", where="sheet 1!A1", rows=tuple(rows)),), warnings)
