"""Workbooks: one table a sheet, values as they were last calculated; charts with their data; comments as notes."""

import posixpath
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Any

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from colleague.kit.documents.formats.office import Package, chart_block, text_of
from colleague.kit.documents.model import Block, Document

MAX_ROWS, MAX_COLUMNS, MOST_CHARTS = 50_000, 500, 50
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_REL = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return a heading and a table for each sheet that is not empty; what is cut or hidden is said."""
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    package = Package(content)
    notes, charts = _comments(package), _charts(package)
    blocks: list[Block] = []
    warnings: list[str] = []
    for info in book.sheets_metadata:
        sheet = info.name
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=MAX_ROWS + 1)
        if len(rows) > MAX_ROWS:
            warnings.append(f"Only the first {MAX_ROWS:,} rows of «{sheet}» were read.")
            rows = rows[:MAX_ROWS]
        width = max((i + 1 for row in rows for i, c in enumerate(row) if c != ""), default=0)
        if width > MAX_COLUMNS:
            warnings.append(f"Only the first {MAX_COLUMNS} columns of «{sheet}» were read.")
        cells = tuple(tuple(_text(c) for c in row[: min(width, MAX_COLUMNS)]) for row in rows)
        hidden = info.visible != SheetVisibleEnum.Visible
        if hidden:
            warnings.append(f"The sheet «{sheet}» is hidden; it was read and is marked.")
        blocks.append(Block("heading", f"{sheet} (hidden sheet)" if hidden else sheet, 1, f"sheet {sheet}"))
        if cells:
            blocks.append(Block("table", where=f"sheet {sheet}!A1", rows=cells))
        blocks += charts.get(sheet, ())
        blocks += [Block("note", text, where=f"sheet {sheet}!{cell}, comment") for cell, text in notes.get(sheet, ())]
    warnings += package.warnings()
    count = len(book.sheet_names)
    return Document(name, media_type, "sheets", count, tuple(blocks), tuple(warnings), package.labels())


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


def _related(package: Package, part: str) -> Iterator[tuple[str, str, str]]:
    """Return (id, last word of the type, part) of each part that `part` points to."""
    folder, _, base = part.rpartition("/")
    tree = package.xml(f"{folder}/_rels/{base}.rels")
    for rel in [] if tree is None else tree.iter(_REL):
        target = rel.get("Target") or ""
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
        yield rel.get("Id") or "", (rel.get("Type") or "").rpartition("/")[2], path


def _charts(package: Package) -> dict[str, list[Block]]:
    """Return the charts by the sheet they stand on."""
    book = package.xml("xl/workbook.xml")
    parts = {number: path for number, _, path in _related(package, "xl/workbook.xml")}
    found: dict[str, list[Block]] = {}
    for sheet in [] if book is None else book.iter(f"{_S}sheet"):
        name = sheet.get("name") or ""
        drawings = [p for _, kind, p in _related(package, parts.get(sheet.get(f"{_R}id") or "", "xl/none"))
                    if kind == "drawing"]  # fmt: skip
        for path in [p for d in drawings for _, kind, p in _related(package, d) if kind == "chart"][:MOST_CHARTS]:
            tree = package.xml(path)
            if tree is not None:
                found.setdefault(name, []).append(chart_block(tree, f"sheet {name}, chart"))
    return found


def _comments(package: Package) -> dict[str, list[tuple[str, str]]]:
    """Return (cell, text) of the comments by the sheet they stand on."""
    book = package.xml("xl/workbook.xml")
    parts = {number: path for number, _, path in _related(package, "xl/workbook.xml")}
    found: dict[str, list[tuple[str, str]]] = {}
    for sheet in [] if book is None else book.iter(f"{_S}sheet"):
        for _, kind, path in _related(package, parts.get(sheet.get(f"{_R}id") or "", "xl/none")):
            tree = package.xml(path) if kind == "comments" else None
            for comment in [] if tree is None else tree.iter(f"{_S}comment"):
                text = text_of(comment, f"{_S}t")
                found.setdefault(sheet.get("name") or "", []).append(((comment.get("ref") or "A1")[:12], text))
    return found
