"""A draft as a workbook before it is written: sheets, where each table stands, typed cells, computed formulas. Pure.

A heading of level 1 begins a sheet. Its first table begins at A1; the next ones follow with a blank row between (and
one for their heading, if there is one). Text stands on the first sheet, so that addresses stay easy to say.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.calculate import Book, serial
from colleague.kit.documents.write.charts import is_total
from colleague.kit.documents.write.formulas import COMPUTED, Node, NotOurs, areas, column_letters, functions, parse
from colleague.kit.documents.write.functions import Fault, Value
from colleague.kit.documents.write.values import Cell, column_cells, looks_numeric

_NAME_BAD = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
OVERVIEW = "Overview"
_WORTH_SAYING = 12


@dataclass(frozen=True, slots=True)
class Written:
    """One cell: typed, and if it is a formula its tree and what it comes to (None: the office computes it)."""

    cell: Cell
    formula: Node | None = None
    value: Value | None = None


@dataclass(slots=True)
class Table:
    """A table on a sheet: the number of its block, its first row, its cells from the header on."""

    number: int
    top: int
    caption: str
    rows: tuple[tuple[str, ...], ...]
    cells: dict[tuple[int, int], Written] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """Return how many columns it has."""
        return max((len(r) for r in self.rows), default=0)


@dataclass(slots=True)
class Sheet:
    """A sheet with its tables and the numbers of its charts."""

    name: str
    tables: list[Table] = field(default_factory=list)
    charts: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """A workbook as it will be written, and what its author should know."""

    sheets: tuple[Sheet, ...]
    remarks: tuple[str, ...]


def plan(draft: Draft) -> Plan:
    """Lay `draft` out as a workbook, compute its formulas, and remark on what is likely to be wrong."""
    sheets = _laid_out(draft.blocks)
    remarks: list[str] = []
    for sheet in sheets:
        for table in sheet.tables:
            remarks += _fill(sheet, table, formulas=draft.formulas)
    remarks += _compute(sheets)
    for sheet in sheets:
        for table in sheet.tables:
            remarks += _typed_totals(sheet.name, table)
    more = len(remarks) - _WORTH_SAYING
    said = [*remarks[:_WORTH_SAYING], *([f"… and {more} remarks more."] if more > 0 else [])]
    return Plan(tuple(sheets), tuple(said))


def computed(draft: Draft) -> Draft:
    """Return `draft` with each formula replaced by what it comes to, for formats in which nothing computes."""
    blocks = list(draft.blocks)
    for sheet in plan(draft).sheets:
        for table in sheet.tables:
            rows = [list(row) for row in table.rows]
            for (row, column), written in table.cells.items():
                if written.formula is not None and written.value is not None:
                    rows[row - table.top][column] = _shown(written.value, table, column)
            blocks[table.number] = replace(blocks[table.number], rows=tuple(map(tuple, rows)))
    return replace(draft, blocks=tuple(blocks))


def _shown(value: Value, table: Table, column: int) -> str:
    """Return a computed value as the column's typed cells are written."""
    match value:
        case Fault():
            return value.code
        case bool() | str():
            return str(value)
    beside = [w.cell for (_, c), w in table.cells.items() if c == column and isinstance(w.cell.value, float)]
    places = max((len(c.code.partition(".")[2].rstrip('"')) for c in beside if "." in c.code), default=0)
    if beside and all(c.type == "percent" for c in beside):
        return f"{value * 100:.1f}".removesuffix(".0") + "%"
    return f"{value:.{max(min(places, 4), 0 if value.is_integer() else 2)}f}"


def sheet_name(text: str, taken: set[str]) -> str:
    """Return a name that Excel takes and that no other sheet has."""
    base = " ".join(text.translate(_NAME_BAD).split())[:28].strip() or "Table"
    base = "Table" if base.casefold() == "history" else base  # Excel keeps this name for itself.
    name, count = base, 2
    while name.casefold() in taken:
        name, count = f"{base[:26]} {count}", count + 1
    taken.add(name.casefold())
    return name


def _laid_out(blocks: tuple[Block, ...]) -> list[Sheet]:
    sheets: list[Sheet] = []
    taken = {OVERVIEW.casefold()}
    heading, caption, current, free = "", "", None, 0
    for number, block in enumerate(blocks):
        match block.kind:
            case "heading" if block.level <= 1 or not (heading or current):
                heading, caption, current = block.text, "", None
            case "heading":
                caption = block.text
            case "table" | "chart":
                if current is None:
                    current, free = Sheet(sheet_name(heading or "Table", taken)), 0
                    sheets.append(current)
                if block.kind == "table" or block.rows:
                    shown = caption if free else ""
                    top = free + 1 + bool(shown) if free else 0
                    current.tables.append(Table(number, top, shown, block.rows))
                    free, caption = top + max(len(block.rows), 1), ""
                if block.kind == "chart":
                    current.charts.append(number)
            case _:
                pass
    return sheets


def _fill(sheet: Sheet, table: Table, *, formulas: bool) -> Iterator[str]:
    """Type the cells of a table; yield what is to be said of them."""
    texts_that_look_like_formulas = 0
    for column in range(table.columns):
        header = table.rows[0][column] if column < len(table.rows[0]) else ""
        texts = [row[column] if column < len(row) else "" for row in table.rows[1:]]
        cells = column_cells(header, texts)
        unread = [c.text for c in cells if c.type == "text" and looks_numeric(c.text) and "," in c.text]
        if unread and not any(c.type == "text" and c.text.strip().lstrip("-").isdecimal() for c in cells):
            where = f"{sheet.name}!{column_letters(column)}"
            yield f"{where}: «{unread[0]}» can be read in two ways and stays text. Write numbers as 1250.5."
        table.cells[table.top, column] = Written(Cell("text", header))
        for row, cell in enumerate(cells, 1):
            at = (table.top + row, column)
            table.cells[at] = Written(cell)
            if not cell.text.startswith("="):
                continue
            if not formulas:
                texts_that_look_like_formulas += 1
                continue
            try:
                table.cells[at] = Written(cell, parse(cell.text))
            except NotOurs as why:
                yield f"{address(sheet.name, *at)} was written as text, not as a formula: {why}."
    if texts_that_look_like_formulas:
        yield f"{sheet.name}: {texts_that_look_like_formulas} cells begin with = and stay text; set `formulas` to true."


def _compute(sheets: list[Sheet]) -> Iterator[str]:
    known: dict[str, dict[tuple[int, int], Value | Node]] = {OVERVIEW.casefold(): {}}
    keys: set[tuple[str, int, int]] = set()
    for sheet in sheets:
        name = sheet.name.casefold()
        known[name] = {}
        for table in sheet.tables:
            for at, written in table.cells.items():
                if written.formula is not None:
                    keys.add((name, *at))
                known[name][at] = _plain(written.cell) if written.formula is None else written.formula
    book, left = Book(known, keys), 0
    for sheet in sheets:
        for table in sheet.tables:
            for at, written in table.cells.items():
                if written.formula is None:
                    continue
                value = book.value(sheet.name.casefold(), *at)
                table.cells[at] = Written(written.cell, written.formula, value)
                left += value is None and bool(functions(written.formula) - COMPUTED)
                if isinstance(value, Fault):
                    gone = [a.sheet for a in areas(written.formula) if a.sheet and a.sheet.casefold() not in known]
                    why = f": there is no sheet «{gone[0]}»" if gone else ""
                    yield f"{address(sheet.name, *at)} comes to {value.code}{why}."
    if left:
        yield f"{left} formulas are computed when the file is opened; until then their cells look empty."


def _plain(cell: Cell) -> Value:
    if isinstance(cell.value, date):
        return serial(cell.value)
    return cell.text if cell.value is None else cell.value


def address(sheet: str, row: int, column: int) -> str:
    """Return how a cell is cited: «Costs!B9»."""
    return f"{sheet}!{column_letters(column)}{row + 1}"


def _typed_totals(sheet: str, table: Table) -> Iterator[str]:
    """Say where a sum was typed as a number: it would not change with what it sums."""
    for column in range(1, table.columns):
        count, total, start = 0, 0.0, table.top + 1
        letter = column_letters(column)
        for row in range(table.top + 1, table.top + len(table.rows)):
            written = table.cells[row, column]
            label = next((table.cells[row, c].cell.text for c in range(column)), "")
            value = written.value if written.formula is not None else written.cell.value
            if not isinstance(value, float):
                count, total, start = 0, 0.0, row + 1
                continue
            typed = written.formula is None
            fits = count > 1 and abs(total) > 0.005 and math.isclose(value, total, rel_tol=1e-9, abs_tol=0.005)
            if typed and count and (is_total(label) or (fits and count > 2)):
                at = address(sheet, row, column)
                if fits or count < 2:
                    yield f"{at} is a total typed as a number: write =SUM({letter}{start + 1}:{letter}{row})."
                else:
                    come_to = f"the cells above come to {total:,.10g}"
                    yield f"{at} is a total typed as a number, and {come_to}: write a formula."
            if is_total(label) or (fits and (not typed or count > 2)):
                count, total, start = 0, 0.0, row + 1
            else:
                count, total = count + 1, total + value
