"""What a cell is by its text: a number, a percentage, money, a date, or text. Pure.

Never guessed: what can be read in two ways stays text. A column is read as one, so that «1,250» is a number only
beside a cell that shows what its comma means.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Style = Literal["point", "comma", "unclear"]
Type = Literal["text", "number", "percent", "money", "date", "time"]

_CODES = "EUR|USD|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CZK|CAD|AUD"
_MONEY = re.compile(rf"(-?)\s*(?:([€$£¥]|{_CODES})\s?(-?[\d.,]+)|(-?[\d.,]+)\s?([€$£¥]|{_CODES}))")
_PERCENT = re.compile(r"(-?[\d.,]+)\s?%")
_NUMERIC = re.compile(r"-?[\d.,]*\d")
_PLAIN = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?")
_POINT = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d{1,10})?")
_COMMA = re.compile(r"-?(?:[1-9]\d{0,2}(?:\.\d{3})+(?:,\d{1,10})?|(?:0|[1-9]\d{0,14}),\d{1,10})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?")
_MARKS = re.compile(
    r"\b(id|no|nr|number|nummer|code|sku|ref|reference|zip|plz|post ?code|phone|tel|fax|account|konto|iban|bic|"
    r"vat)\b\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is written. `code` is the number format of a spreadsheet; text has none."""

    type: Type
    text: str
    value: float | date | datetime | None = None
    code: str = ""


def column_cells(header: str, texts: Sequence[str]) -> list[Cell]:
    """Return the cells of a column below its `header`.

    Identifiers stay text: a column that says so in its header, or that holds one with leading zeros or 16 digits.
    """
    plain = [t.strip() for t in texts]
    if _MARKS.search(header) or any(_identifier(t) for t in plain):
        return [_date(t) or Cell("text", t) for t in texts]
    style = _style([t for t in plain if _bare(t)])
    cells = [_cell(t, style) for t in texts]
    years = [c.value for c in cells if c.type == "number"]
    if years and all(isinstance(v, float) and v.is_integer() and 1900 <= v <= 2100 for v in years):
        return [Cell(c.type, c.text, c.value, "0") if c.type == "number" else c for c in cells]
    places = max((_places(c.value) for c in cells if c.type in ("number", "money")), default=0)
    return [_aligned(c, places) for c in cells] if places else cells


def _places(value: object) -> int:
    digits = f"{value:.4f}".rstrip("0").partition(".")[2] if isinstance(value, float) else ""
    return len(digits)


def _aligned(cell: Cell, places: int) -> Cell:
    """Return an amount with as many decimals as the column's finest one; money has two."""
    if cell.type not in ("number", "money"):
        return cell
    zeros = "0" * (places if cell.type == "number" else max(places, 2))
    return Cell(cell.type, cell.text, cell.value, cell.code.replace("#,##0", f"#,##0.{zeros}", 1))


def looks_numeric(text: str) -> bool:
    """Say whether a text has the shape of a number, whatever its marks mean."""
    return _bare(text.strip()) != ""


def _identifier(text: str) -> bool:
    bare = text.lstrip("-")
    return bare.isdecimal() and ((bare.startswith("0") and len(bare) > 1) or len(bare) > 15)


def _bare(text: str) -> str:
    """Return the digits and marks of a number, a percentage or an amount; "" if it is none."""
    match = _MONEY.fullmatch(text)
    if match:
        return match[1] + (match[3] or match[4])
    match = _PERCENT.fullmatch(text)
    if match:
        return match[1]
    return text if _NUMERIC.fullmatch(text) else ""


def _style(texts: Sequence[str]) -> Style:
    """Return what «.» and «,» mean in a column: shown by at least one number that can be read in one way only."""
    point = comma = False
    for text in map(_bare, texts):
        if _PLAIN.fullmatch(text):
            # «1.250» may be grouped; «1.25», «1.2505» and «0.125» may not.
            part = text.lstrip("-").partition(".")
            grouped = len(part[2]) == 3 and part[0] != "0" and len(part[0]) <= 3
            point = point or ("." in text and not grouped)
        elif _POINT.fullmatch(text):
            point = point or "." in text or text.count(",") > 1
            # One comma and three digits: it says nothing of itself.
        elif _COMMA.fullmatch(text):
            comma = True
        else:
            return "unclear"
    return "unclear" if point and comma else "comma" if comma else "point" if point else "unclear"


def _number(text: str, style: Style) -> float | None:
    match style:
        case "point" if _PLAIN.fullmatch(text) or _POINT.fullmatch(text):
            return float(text.replace(",", ""))
        case "comma" if _COMMA.fullmatch(text) or re.fullmatch(r"-?(?:0|[1-9]\d{0,14})", text):
            return float(text.replace(".", "").replace(",", "."))
        case "unclear" if _PLAIN.fullmatch(text):
            # A program writes numbers with a decimal point and without groups.
            return float(text)
        case _:
            return None


def _cell(text: str, style: Style) -> Cell:
    plain = text.strip()
    if found := _date(plain):
        return found
    value = _number(_bare(plain), style)
    if value is None:
        return Cell("text", text)
    match = _MONEY.fullmatch(plain)
    if match:
        value = -abs(value) if match[1] else value
        return Cell("money", text, value, _money_code(match[2], match[5]))
    if _PERCENT.fullmatch(plain):
        whole = value.is_integer()
        return Cell("percent", text, value / 100, "0%" if whole else "0.0%" if (value * 10).is_integer() else "0.00%")
    return Cell("number", text, value, "#,##0")


def _money_code(before: str | None, after: str | None) -> str:
    number = "#,##0"
    sign = (before or after or "").replace('"', "")
    return f'"{sign}{"" if len(sign) == 1 else " "}"{number}' if before else f'{number} "{sign}"'


def _date(text: str) -> Cell | None:
    """Return a day written 2026-11-24 or 24.11.2026, or a time written 2026-11-24 08:30. Slashes are never guessed."""
    try:
        if _ISO.fullmatch(text):
            return _day(text, date.fromisoformat(text))
        if match := _DOTTED.fullmatch(text):
            return _day(text, date(int(match[3]), int(match[2]), int(match[1])))
        if _STAMP.fullmatch(text):
            at = datetime.fromisoformat(text)
            return Cell("time", text, at, "yyyy-mm-dd hh:mm") if at.year >= 1901 else None
    except ValueError:
        return None
    return None


def _day(text: str, day: date) -> Cell | None:
    # Spreadsheets count days from 1900, and have one too many in its February.
    return Cell("date", text, day, "yyyy-mm-dd") if day.year >= 1901 else None
