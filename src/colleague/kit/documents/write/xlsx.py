"""Workbooks: a sheet for each table and one for the text; foreign text never becomes a formula."""

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from colleague.kit.documents.model import Draft

MAX_CELL = 32_000
# Functions and operators through which a cell reaches out of its workbook, or runs something (OWASP, CSV injection).
_REACHES_OUT = re.compile(
    r"\||\[|://|\\\\|\b(?:WEBSERVICE|FILTERXML|HYPERLINK|IMAGE|IMPORT\w+|ENCODEURL|RTD|DDE\w*|CALL|EXEC|REGISTER\w*|SQL\.\w+"
    r"|CUBE\w+|STOCKHISTORY|PY|INDIRECT|INFO|CELL)\s*\(",
    re.IGNORECASE,
)
_NAME_BAD = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def write_xlsx(draft: Draft) -> bytes:
    """Return the draft as an .xlsx file. Cells that begin with «=» are formulas only if `draft.formulas` says so."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {"title": draft.title, "author": draft.author, "subject": draft.mark,
         "category": "draft" if draft.mark else "reviewed", "created": datetime(2000, 1, 1),  # noqa: DTZ001
         "comments": "; ".join(f"{k}: {v}" for k, v in draft.metadata.items())[:250]}
    )  # fmt: skip
    wrap = book.add_format({"text_wrap": True, "valign": "top", "font_name": "Calibri", "font_size": 10})
    number = book.add_format({"valign": "top", "font_name": "Calibri", "font_size": 10, "num_format": "#,##0.####"})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#F1F3F6", "bottom": 1})
    title = book.add_format({"bold": True, "font_size": 16})
    mark = book.add_format({"bold": True, "font_color": "#9A3412"})
    overview = book.add_worksheet("Overview")
    overview.set_column(0, 0, 110)
    overview.write_string(0, 0, draft.title, title)
    if draft.mark:
        overview.write_string(1, 0, draft.mark, mark)
    line, names, heading = 3, {"overview"}, "Table"
    for block in draft.blocks:
        if block.kind == "table":
            sheet = book.add_worksheet(_sheet_name(heading, names))
            _fill(sheet, block.rows, head, wrap, number, formulas=draft.formulas)
            continue
        if block.kind == "heading":
            heading = block.text
        text = " ".join(p for p in (block.label, block.text, f"[{block.where}]" if block.where else "") if p)
        overview.write_string(line, 0, text[:MAX_CELL], head if block.kind == "heading" else wrap)
        line += 1
    book.close()
    return out.getvalue()


def is_own_formula(text: str) -> bool:
    """Say whether `text` is a formula that stays inside its workbook; anything else is written as text."""
    return text.startswith("=") and len(text) <= 8000 and not _REACHES_OUT.search(text)


def _sheet_name(text: str, taken: set[str]) -> str:
    base = " ".join(text.translate(_NAME_BAD).split())[:28].strip() or "Table"
    base = "Table" if base.casefold() == "history" else base  # Excel keeps this name for itself.
    name, count = base, 2
    while name.casefold() in taken:
        name, count = f"{base[:26]} {count}", count + 1
    taken.add(name.casefold())
    return name


def _fill(sheet: Any, rows: Any, head: Any, wrap: Any, number: Any, *, formulas: bool) -> None:
    columns = max((len(r) for r in rows), default=0)
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            if r and formulas and is_own_formula(text):
                sheet.write_formula(r, c, text, number)
            elif r and (value := _number(text)) is not None:
                sheet.write_number(r, c, value, number)
            else:
                sheet.write_string(r, c, text[:MAX_CELL], wrap if r else head)
    for c in range(columns):
        longest = max((len(row[c]) for row in rows[:300] if c < len(row)), default=8)
        sheet.set_column(c, c, min(max(longest + 2, 9), 60))
    if rows and columns:
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows) - 1, 1), columns - 1)


def _number(text: str) -> float | None:
    """Return plain numbers as numbers: «1250» and «12.5», not «007», dates, or «1,2»."""
    plain = text.strip()
    if (
        not plain
        or len(plain) > 15
        or plain[0] in "+"
        or (plain.lstrip("-").startswith("0") and plain not in ("0",) and not plain.lstrip("-").startswith("0."))
    ):
        return None
    try:
        return float(plain) if plain.replace(".", "", 1).lstrip("-").isdecimal() else None
    except ValueError:
        return None
