"""Workbooks: one table a sheet, values as they were last calculated."""

import re
import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

from python_calamine import CalamineWorkbook

from colleague.kit.documents.model import Block, Document

MAX_ROWS, MAX_COLUMNS = 50_000, 500


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return a heading and a table for each sheet that is not empty; what is cut is said."""
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    blocks: list[Block] = []
    warnings: list[str] = []
    for sheet in book.sheet_names:
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=MAX_ROWS + 1)
        if len(rows) > MAX_ROWS:
            warnings.append(f"Only the first {MAX_ROWS:,} rows of «{sheet}» were read.")
            rows = rows[:MAX_ROWS]
        width = max((i + 1 for row in rows for i, c in enumerate(row) if c != ""), default=0)
        cells = tuple(tuple(_text(c) for c in row[: min(width, MAX_COLUMNS)]) for row in rows)
        blocks.append(Block("heading", sheet, 1, f"sheet {sheet}"))
        if cells:
            blocks.append(Block("table", where=f"sheet {sheet}!A1", rows=cells))
    return Document(name, media_type, "sheets", len(book.sheet_names), tuple(blocks), tuple(warnings), _label(content))


def _text(value: Any) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float():
            return f"{value:.10g}"
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case _:
            return " ".join(str(value).split())


def _label(content: bytes) -> str:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part, pattern in (
            ("docMetadata/LabelInfo.xml", rb'\bid="\{?([0-9a-fA-F-]{36})'),
            ("docProps/custom.xml", rb"MSIP_Label_([0-9a-fA-F-]{36})_Enabled"),
        ):
            if part in archive.namelist():
                match = re.search(pattern, archive.read(part))
                if match:
                    return match[1].decode().lower()
    return ""
