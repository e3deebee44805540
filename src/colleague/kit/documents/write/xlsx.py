"""Workbooks: a sheet for each heading of level 1, live formulas, native charts; foreign text stays text."""

from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import xlsxwriter

from colleague.kit.documents.model import Draft
from colleague.kit.documents.write.charts import BadChart, is_total, plot, points
from colleague.kit.documents.write.formulas import COMPUTED, functions
from colleague.kit.documents.write.functions import Fault, Value
from colleague.kit.documents.write.sheets import OVERVIEW, Plan, Sheet, Table, Written, plan

MAX_CELL = 32_000
PALETTE = ("#3B5B92", "#C2743B", "#5F8F6B", "#8A6BA8", "#B4555B", "#4E9AA6", "#A08A3C", "#6B7280")
_FONT = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
_CHARTS = {"bar": {"type": "column"}, "line": {"type": "line"}, "pie": {"type": "pie"}}
_CHART_ROWS = 18


def write_xlsx(draft: Draft) -> bytes:
    """Return the draft as an .xlsx file. Cells that begin with «=» are formulas only if `draft.formulas` says so."""
    out, laid = BytesIO(), plan(draft)
    # Newer functions are stored with a prefix: looked for only where one may be, since that is slow.
    formulas = [w.formula for s in laid.sheets for t in s.tables for w in t.cells.values() if w.formula is not None]
    later = any(functions(f) - (COMPUTED - {"DAYS"}) for f in formulas)
    book = xlsxwriter.Workbook(
        out,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "use_future_functions": later},
    )
    book.set_properties(
        {"title": draft.title, "author": draft.author, "subject": draft.mark,
         "category": "draft" if draft.mark else "reviewed", "created": datetime(2000, 1, 1),  # noqa: DTZ001
         "comments": "; ".join(f"{k}: {v}" for k, v in draft.metadata.items())[:250]}
    )  # fmt: skip
    _Writer(book, draft, laid).write()
    book.close()
    return out.getvalue()


class _Writer:
    """Writes one planned workbook; formats are made once."""

    def __init__(self, book: Any, draft: Draft, laid: Plan) -> None:
        self._book, self._draft, self._plan = book, draft, laid
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def _format(self, **wish: Any) -> Any:
        key = tuple(sorted(wish.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({**_FONT, **wish})
        return self._formats[key]

    def write(self) -> None:
        """Write the text first, then each sheet."""
        self._overview()
        for sheet in self._plan.sheets:
            self._sheet(sheet)

    def _overview(self) -> None:
        page = self._book.add_worksheet(OVERVIEW)
        page.hide_gridlines(2)
        page.set_column(0, 0, 110)
        page.write_string(0, 0, self._draft.title[:MAX_CELL], self._format(bold=True, font_size=16))
        if self._draft.mark:
            page.write_string(1, 0, self._draft.mark, self._format(bold=True, font_color="#9A3412"))
        line = 3
        for block in self._draft.blocks:
            if block.kind in ("table", "chart"):
                continue
            text = " ".join(p for p in (block.label, block.text, f"[{block.where}]" if block.where else "") if p)
            head = block.kind == "heading"
            page.write_string(
                line, 0, text[:MAX_CELL], self._format(bold=True) if head else self._format(text_wrap=True)
            )
            line += 1

    def _sheet(self, sheet: Sheet) -> None:
        page = self._book.add_worksheet(sheet.name)
        if self._draft.mark:
            page.set_header(f"&R{self._draft.mark.replace('&', '&&')[:200]}")
        for table in sheet.tables:
            if table.caption:
                page.write_string(table.top - 1, 0, table.caption[:MAX_CELL], self._format(bold=True, font_size=11))
            self._table(page, table)
        for column in range(max((t.columns for t in sheet.tables), default=0)):
            widths = [_width(t, column) for t in sheet.tables if column < t.columns]
            page.set_column(column, column, min(max(*widths, 9) if widths else 9, 60))
        if len(sheet.tables) == 1 and sheet.tables[0].rows and (only := sheet.tables[0]).columns:
            page.freeze_panes(1, 0)
            totals = len(only.rows) > 2 and is_total(only.rows[-1][0] if only.rows[-1] else "")
            page.autofilter(0, 0, max(len(only.rows) - 1 - totals, 1), only.columns - 1)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        self._charts(page, sheet)

    def _table(self, page: Any, table: Table) -> None:
        columns = [[w for (_, c), w in table.cells.items() if c == column] for column in range(table.columns)]
        codes, sides = [_code(cells) for cells in columns], [_side(cells) for cells in columns]
        for (row, column), written in table.cells.items():
            if row == table.top:
                look = self._format(bold=True, text_wrap=True, bg_color="#F1F3F6", bottom=1, align=sides[column])
                page.write_string(row, column, written.cell.text[:MAX_CELL], look)
                continue
            label = table.rows[row - table.top][0] if table.rows[row - table.top] else ""
            total = {"bold": True, "top": 1} if is_total(label) else {}
            self._cell(page, row, column, written, total, codes[column])

    def _cell(self, page: Any, row: int, column: int, written: Written, more: dict[str, Any], code: str) -> None:
        cell = written.cell
        if written.formula is not None:
            whole = not isinstance(written.value, float) or written.value.is_integer()
            shown = code if code and (whole or "." in code or "%" in code) else "#,##0" if whole else "#,##0.00"
            page.write_formula(row, column, cell.text, self._format(num_format=shown, **more), _cached(written.value))
        elif isinstance(cell.value, float):
            page.write_number(row, column, cell.value, self._format(num_format=cell.code, **more))
        elif isinstance(cell.value, date):
            at = cell.value if isinstance(cell.value, datetime) else datetime.combine(cell.value, time())
            page.write_datetime(row, column, at, self._format(num_format=cell.code, align="left", **more))
        elif cell.text:
            page.write_string(row, column, cell.text[:MAX_CELL], self._format(text_wrap=True, **more))
        elif more:
            page.write_blank(row, column, None, self._format(**more))

    def _charts(self, page: Any, sheet: Sheet) -> None:
        free: dict[int, int] = {}
        for number in sheet.charts:
            try:
                drawn = plot(self._draft.blocks, number)
            except BadChart:
                continue  # Refused where a model's words come in; a foreign draft is written without it.
            home = next((s for s in self._plan.sheets for t in s.tables if t.number == drawn.table), None)
            table = next((t for t in home.tables if t.number == drawn.table), None) if home else None
            if home is None or table is None:
                continue
            chart = self._book.add_chart(dict(_CHARTS[drawn.kind]))
            rows = points(table.rows, drawn)
            first, last = table.top + rows.start, table.top + rows.stop - 1
            for place, column in enumerate(drawn.series):
                colour = PALETTE[place % len(PALETTE)]
                look = _look(drawn.kind, colour, len(rows))
                chart.add_series({
                    "name": [home.name, table.top, column], "values": [home.name, first, column, last, column],
                    "categories": [home.name, first, drawn.categories, last, drawn.categories], **look,
                })  # fmt: skip
            if drawn.kind == "pie" or len(drawn.series) > 1:
                chart.set_legend({"position": "bottom"})
            else:
                chart.set_legend({"none": True})
            chart.set_title({"name": drawn.title[:200] or "Chart", "name_font": {"size": 12, "bold": True}})
            if drawn.kind != "pie":
                chart.set_y_axis({"major_gridlines": {"visible": True, "line": {"color": "#E3E6EA"}}})
            chart.set_size({"width": 560, "height": 330})
            right = max((t.columns for t in sheet.tables), default=0) + 1
            top = free.get(right, 1)
            free[right] = top + _CHART_ROWS
            page.insert_chart(top, right, chart)


def _look(kind: str, colour: str, count: int) -> dict[str, Any]:
    match kind:
        case "pie":
            return {"points": [{"fill": {"color": c}} for c in (PALETTE * 70)[:count]]}
        case "line":
            return {"line": {"color": colour, "width": 2}}
        case _:
            return {"fill": {"color": colour}, "gap": 80}


def _cached(value: Value | None) -> Any:
    match value:
        case None:
            return ""
        case Fault():
            return value.code
        case _:
            return value


def _code(cells: Sequence[Written]) -> str:
    """Return the number format of a column's formulas: that of the typed numbers beside them, the finest one."""
    return max((w.cell.code for w in cells if isinstance(w.cell.value, float)), key=len, default="")


def _side(cells: Sequence[Written]) -> str:
    numbers = sum(isinstance(w.cell.value, float) or w.formula is not None for w in cells)
    return "right" if numbers * 2 > len(cells) - 1 > 0 else "left"


def _width(table: Table, column: int) -> int:
    def size(row: int) -> int:
        written = table.cells.get((table.top + row, column))
        if written is None:
            return 0
        return 13 if written.formula is not None else len(written.cell.text) + 2

    return max(map(size, range(min(len(table.rows), 300))), default=0)
