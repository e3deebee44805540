"""Workbooks are live: typed cells, formulas that stay inside and come out right, totals that are sums."""

import io
import math
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pptx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from colleague.kit.documents.difference import differences
from colleague.kit.documents.model import Block, Chart, Draft
from colleague.kit.documents.preview import preview_html
from colleague.kit.documents.read import read_document
from colleague.kit.documents.write.charts import BadChart, plot
from colleague.kit.documents.write.formats import remarks, write
from colleague.kit.documents.write.formulas import NotOurs, parse
from colleague.kit.documents.write.values import column_cells

pytestmark = pytest.mark.anyio
SALES = (("Segment", "Q1", "Q2", "Year"), ("Water", "1250.5", "1310", "=B2+C2"), ("Rail", "800", "820", "=B3+C3"),
         ("Total", "=SUM(B2:B3)", "=SUM(C2:C3)", "=SUM(D2:D3)"))  # fmt: skip
MODEL = Draft("Model", (
    Block("paragraph", "From the release.", where="Release.pdf, p. 3"),
    Block("heading", "Sales", 1), Block("table", rows=SALES),
    Block("chart", "By segment", chart=Chart("bar", "Segment", ("Q1", "Q2"))),
    Block("chart", "The year", chart=Chart("pie", series=("Year",))),
    Block("heading", "Costs", 2),
    Block("table", rows=(("Item", "Amount", "Share"), ("Staff", "€1,200.00", "=B8/B$10"),
                         ("Energy", "€300.50", "=B9/B$10"),
                         ("Total", "=SUM(B8:B9)", "=SUM(C8:C9)"))),
    Block("heading", "Margin", 1),
    Block("table", rows=(("Line", "Value"), ("Margin", "=ROUND(Sales!D4-Sales!B10,1)"))),
), formulas=True)  # fmt: skip


def sheet(content: bytes, name: str) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def one(*formulas: str, **cells: str) -> Draft:
    """A sheet whose column A holds `cells` (values), and B the formulas."""
    values = list(cells.values())
    size = max(len(values), len(formulas))
    rows = [(values[n] if n < len(values) else "", formulas[n] if n < len(formulas) else "") for n in range(size)]
    return Draft("T", (Block("heading", "S", 1), Block("table", rows=(("Value", "Result"), *rows))), formulas=True)


def results(*formulas: str, **cells: str) -> list[Any]:
    return [row[1] for row in sheet(write(one(*formulas, **cells), "xlsx")[0], "S")[1:]][: len(formulas)]


@pytest.mark.parametrize(("header", "texts", "types"), [
    ("Amount", ["1250", "-3", "0", "2.5", "0.125"], "nnnnn"),
    ("Amount", ["1,250", "12"], "tn"),  # a group or a decimal comma? nobody can say
    ("Amount", ["1,250", "1,250.50"], "nn"), ("Amount", ["1,250", "1,250,000"], "nn"),
    ("Betrag", ["1.250", "1.250,50", "12,5"], "nnn"), ("Mixed", ["1,250.50", "1.250,50"], "tt"),
    ("Plain", ["007", "12"], "tt"), ("Customer no.", ["4711"], "t"), ("IBAN", ["12"], "t"),
    ("Big", ["1234567890123456"], "t"), ("Phone", ["+4930123"], "t"),
    ("Plus", ["+3", "1e5", "--3", "1..2", "."], "ttttt"),
    ("Day", ["2026-12-31", "31.12.2026", "12/31/2026", "2026-02-30", "0001-01-01"], "ddttt"),
    ("At", ["2026-12-31 08:30"], "m"), ("Share", ["12.5%", "3 %"], "pp"),
    ("Price", ["€ 1,250.00", "-$3.50", "12.50 EUR", "USD 7", "12 apples"], "$$$$t"),
    ("Truth", ["TRUE", "=1+1", ""], "ttt"),
])  # fmt: skip
def test_a_cell_is_what_its_text_shows_and_never_a_guess(header: str, texts: list[str], types: str) -> None:
    letters = {"text": "t", "number": "n", "date": "d", "time": "m", "percent": "p", "money": "$"}
    cells = column_cells(header, texts)
    assert "".join(letters[c.type] for c in cells) == types
    assert [c.text for c in cells] == texts


def test_commas_and_points_mean_what_their_column_shows() -> None:
    def values(*texts: str) -> list[Any]:
        return [c.value for c in column_cells("Amount", texts)]

    assert values("1,250", "1,250.50") == [1250, 1250.5]
    assert values("1.250", "1.250,50") == [1250, 1250.5]
    assert values("1.250", "3") == [1.25, 3]  # a program writes a decimal point
    assert values("12.5%", "€ 1,250.00") == [0.125, 1250]
    assert [c.code for c in column_cells("Year", ["2025", "2026"])] == ["0", "0"]  # not 2,025


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("0123456789.,-%€$ EUR", max_size=14), min_size=1, max_size=5))
def test_no_text_is_lost_and_every_number_is_finite(texts: list[str]) -> None:
    for cell in column_cells("Amount", texts):
        assert cell.text in texts
        assert not isinstance(cell.value, float) or math.isfinite(cell.value)


@pytest.mark.parametrize("text", [
    "=HYPERLINK(\"http://e.example\")", "=WEBSERVICE(A1)", "=INDIRECT(A1)", "=cmd|' /C calc'!A0", "=[B.xlsx]S!A1",
    "='C:\\x\\[b.xlsx]S'!A1", "='http://e.example/[b.xlsx]S'!A1", "=S:T!A1", "=DDE(1)", "=EXEC(\"x\")", "={1,2}",
    "=A1#", "=@A1",
    "=Name", "=A1 B1", "=SUM(A1", "=SUM(A1))", "=", "=1+", "=XFE1", "=A1048577", "=LAMBDA(x,x)(1)", "=LET(a,1,a)",
    "=_xlfn.WEBSERVICE(A1)", "=CALL(\"k\")", "=REGISTER.ID(1)", "=PY(\"x\")", "=" + "(" * 90 + "1" + ")" * 90, "=\"a",
    "=OFFSET(A1,1,1)", "=CELL(\"filename\")", "=INFO(\"x\")", "=1;2", "=#REF!", "=A1\t+1",
    "=FORMULATEXT(A1)", "=IMAGE(\"https://e.example\")", "=SQL.REQUEST(1)", "=-" * 60 + "1",
])  # fmt: skip
def test_a_formula_of_anything_else_stays_text_and_the_author_is_told(text: str) -> None:
    with pytest.raises(NotOurs):
        parse(text)
    draft = one(text)
    assert results(text) == [text.strip() if text != "=A1\t+1" else text]
    assert any("was written as text" in r for r in remarks(draft, "xlsx"))
    with zipfile.ZipFile(io.BytesIO(write(draft, "xlsx")[0])) as book:
        names = book.namelist()
        assert "<f>" not in book.read("xl/worksheets/sheet2.xml").decode()
    assert not [n for n in names if "externalLink" in n or "connections" in n]


@settings(max_examples=300, deadline=None)
@given(st.text("=A1B2:!$'\"()+-*/^&%,.<>SUMIF[]|{}#@ 0", max_size=30))
def test_any_text_is_read_as_a_formula_or_refused(text: str) -> None:
    try:
        parse("=" + text)
    except NotOurs:
        return
    assert not set(text.replace('"', "")) & set("[]|{}#@") or '"' in text or "'" in text


CASES = [
    ("=SUM(A2:A6)", 111.5), ("=AVERAGE(A2:A6)", 22.3), ("=MAX(A2:A6)-MIN(A2:A6)", 90.0), ("=COUNT(A2:A9)", 6.0),
    ("=COUNTA(A2:A9)", 7.0), ("=-2^2", 4.0), ("=2+3*4", 14.0), ("=(2+3)*4", 20.0), ("=10%*50", 5.0), ("=7-2-1", 4.0),
    ("=2^3^2", 64.0), ("=\"a\"&A2", "a10"), ("=IF(A2>5,\"big\",\"small\")", "big"), ("=IFERROR(1/0,\"none\")", "none"),
    ("=ROUND(2.675,2)", 2.68), ("=ROUND(-2.5,0)", -3.0), ("=ROUNDDOWN(2.99,1)", 2.9), ("=ROUNDUP(2.01,1)", 2.1),
    ("=INT(-1.5)", -2.0), ("=MOD(-3,2)", 1.0), ("=SUMIF(A2:A6,\">10\")", 100.5), ("=COUNTIF(A2:A9,\"x\")", 1.0),
    ("=SUMIFS(A2:A6,A2:A6,\">=1\",A2:A6,\"<50\")", 21.5), ("=SUMPRODUCT(A2:A3,A3:A4)", 20.5),
    ("=INDEX(A2:A6,3)", 10.5),
    ("=MATCH(90,A2:A6,0)", 5.0), ("=VLOOKUP(90,A2:A6,1,FALSE)", 90.0),
    ("=LARGE(A2:A6,2)", 10.5), ("=RANK(1,A2:A6)", 4.0),
    ("=MEDIAN(A2:A6)", 10.0), ("=ROUND(STDEV(A2:A6),6)", 38.160189), ("=ROUND(PMT(0.05/12,360,200000),4)", -1073.6432),
    ("=ROUND(NPV(0.1,-100,60,60),4)", 3.7566), ("=ROUND(FV(0.06/12,10,-200,-500,1),4)", 2581.4034),
    ("=ROUND(PV(0.08,20,500),4)", -4909.0737), ("=ROUND(NPER(0.01,-100,-1000,10000),4)", 60.0821),
    ("=DATE(2026,2,31)", 46084.0), ("=YEAR(A7)", 2026.0), ("=EOMONTH(A7,1)", 46081.0), ("=EDATE(A7,1)", 46081.0),
    ("=DAYS(DATE(2026,3,1),DATE(2026,2,1))", 28.0), ("=LEFT(\"abc\",2)&RIGHT(\"abc\",1)&MID(\"abc\",2,1)", "abcb"),
    ("=AND(A2>1,A3>1)", False), ("=OR(A2>1,A3>1)", True), ("=NOT(A2>1)", False), ("=A2=\"10\"", False),
    ("=UPPER(TRIM(\" a \"))", "A"),
    ("=CHOOSE(2,\"a\",\"b\")", "b"), ("=ABS(-3)+SIGN(-9)", 2.0), ("=AVERAGEIF(A2:A6,\">10\")", 50.25),
    ("=LEN(\"abc\")", 3.0),
    ("=COUNTIFS(A2:A6,\">0\",A2:A6,\"<>90\")", 3.0), ("=SMALL(A2:A6,1)", 0.0), ("=PRODUCT(A2:A3)", 10.0),
    ("=SQRT(POWER(3,2))", 3.0),
]  # fmt: skip
CELLS = {"a": "10", "b": "1", "c": "10.5", "d": "0", "e": "90", "f": "2026-01-31", "g": "x"}


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, float):
        return isinstance(found, int | float) and math.isclose(found, wanted, abs_tol=1e-9)
    return bool(found == wanted)


def test_formulas_come_to_what_a_spreadsheet_says() -> None:
    found = results(*[f for f, _ in CASES], **CELLS)
    assert [(f, got) for (f, want), got in zip(CASES, found, strict=True) if not same(got, want)] == []


def test_errors_circles_and_the_unknown_are_said_and_never_a_wrong_number() -> None:
    draft = one("=1/A2", "=B4", "=B3", "=NoSheet!A1", "=SUM(B2:B3)", '=TEXT(A2,"0")', "=B7&1", a="0")
    said = " ".join(remarks(draft, "xlsx"))
    assert "S!B2 comes to #DIV/0!" in said
    assert "S!B3 comes to #REF!" in said
    assert "there is no sheet «NoSheet»" in said
    assert "S!B6 comes to #DIV/0!" in said
    assert "1 formulas are computed when the file is opened" in said
    values = results("=1/A2", '=TEXT(A2,"0")', a="0")
    assert not any(values)
    with zipfile.ZipFile(io.BytesIO(write(one("=1/A2", a="0"), "xlsx")[0])) as book:
        assert "<f>1/A2</f><v>#DIV/0!</v>" in book.read("xl/worksheets/sheet2.xml").decode()


def test_sheets_begin_with_their_heading_and_tables_stand_where_the_author_was_told() -> None:
    content = write(MODEL, "xlsx")[0]
    assert remarks(MODEL, "xlsx") == ()
    sales = sheet(content, "Sales")
    assert sales[3][:4] == ["Total", 2050.5, 2130.0, 4180.5]
    assert sales[5][0] == "Costs"
    assert sales[6][:2] == ["Item", "Amount"]
    assert sales[9][1] == 1500.5
    assert sheet(content, "Margin")[1][1] == 2680.0
    overview = " ".join(str(c) for row in sheet(content, "Overview") for c in row)
    assert "Draft: not reviewed" in overview
    assert "From the release. [Release.pdf, p. 3]" in overview


def test_a_total_typed_as_a_number_is_named_with_the_formula_to_write() -> None:
    rows = (("Item", "A", "B"), ("x", "10", "1"), ("y", "20", "2"), ("z", "5", "3"), ("Total", "35", "7"))
    said = remarks(Draft("T", (Block("heading", "Costs", 1), Block("table", rows=rows)), formulas=True), "xlsx")
    assert said == (
        "Costs!B5 is a total typed as a number: write =SUM(B2:B4).",
        "Costs!C5 is a total typed as a number, and the cells above come to 6: write a formula.",
    )
    without_label = (*rows[:4], ("All", "35", "6"))
    assert len(remarks(Draft("T", (Block("table", rows=without_label),)), "xlsx")) == 2
    right = (*rows[:4], ("Total", "=SUM(B2:B4)", "=SUM(C2:C4)"))
    assert remarks(Draft("T", (Block("table", rows=right),), formulas=True), "xlsx") == ()
    assert "set `formulas`" in remarks(Draft("T", (Block("table", rows=right),)), "xlsx")[0]
    assert remarks(Draft("T", (Block("table", rows=rows),)), "docx") == ()


def test_what_is_computed_is_shown_where_nothing_computes() -> None:
    for kind in ("md", "html"):
        text = write(MODEL, kind)[0].decode()
        assert "2050.5" in text
        assert "=SUM" not in text
        assert "By segment (bar chart of the table above)" in text


async def test_charts_are_native_and_come_back_with_their_data() -> None:
    content = write(MODEL, "xlsx")[0]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        bar, pie = (book.read(f"xl/charts/chart{n}.xml").decode() for n in (1, 2))
    assert "<c:f>Sales!$B$2:$B$3</c:f>" in bar  # live: the chart draws cells, without the row of totals
    assert "<c:pieChart>" in pie
    document = await read_document(content, "m.xlsx")
    charts = [b for b in document.blocks if b.kind == "chart"]
    assert charts[0].rows == (("", "Q1", "Q2"), ("Water", "1250.5", "1310"), ("Rail", "800", "820"))
    assert [b.chart.kind for b in charts if b.chart] == ["bar", "pie"]
    page = preview_html(document)
    assert page.count("<svg") == 2
    assert "<title>Q1: 1250.5, 800; Q2: 1310, 820</title>" in page


QUARTERS = tuple((f"Q{n}", str(n * 100 + n), str(n * 60)) for n in range(1, 5))
YEAR, MEAN = ("Year", "=SUM(B2:B5)", "=SUM(C2:C5)"), ("Mean", "=ROUND(AVERAGE(B2:B5),1)", "=AVERAGE(C2:C5)")


@pytest.mark.parametrize(("closing", "drawn"), [
    ((YEAR,), 4), ((YEAR, MEAN), 4), ((("Year", "1010", "600"),), 4), ((("Gesamt", "7", "8"),), 4), ((), 4),
    ((("Q5", "1010", "600"),), 5), ((("Outlook", "=B5*1.1", "=C5*1.1"),), 5), ((("Year", "1010", "601"),), 5),
])  # fmt: skip
def test_rows_that_sum_up_the_others_are_no_points_of_a_chart(closing: Any, drawn: int) -> None:
    rows = (("Quarter", "Revenue", "Costs"), *QUARTERS, *closing)
    chart = Block("chart", "By quarter", chart=Chart("bar"))
    draft = Draft("T", (Block("heading", "Model", 1), Block("table", rows=rows), chart), formulas=True)
    with zipfile.ZipFile(io.BytesIO(write(draft, "xlsx")[0])) as book:
        sheet_chart = book.read("xl/charts/chart1.xml").decode()
    assert set(re.findall(r"<c:f>Model!\$[ABC]\$(\d+):\$[ABC]\$(\d+)</c:f>", sheet_chart)) == {("2", str(drawn + 1))}
    slides = pptx.Presentation(io.BytesIO(write(draft, "pptx")[0])).slides
    (on_slide,) = (shape.chart for slide in slides for shape in slide.shapes if shape.has_chart)
    assert len(list(on_slide.plots[0].categories)) == drawn


@pytest.mark.parametrize(("chart", "rows", "why"), [
    (Chart("bar"), (), "no table before it"), (Chart("bar", "Nope"), SALES, "no column «Nope»"),
    (Chart("bar", series=("Nope",)), SALES, "no column «Nope»"),
    (Chart("bar"), (("A", "B"), ("x", "y")), "no column of numbers"),
    (Chart("bar"), (("A", "B"),), "no rows"),
])  # fmt: skip
def test_a_chart_of_nothing_says_why_and_breaks_no_file(chart: Chart, rows: Any, why: str) -> None:
    blocks = (Block("chart", "C", rows=rows, chart=chart),)
    with pytest.raises(BadChart, match=why):
        plot(blocks, 0)
    for kind in ("xlsx", "pptx", "docx", "pdf", "md", "html"):
        assert write(Draft("T", blocks), kind)[0]


async def test_hostile_chart_text_stays_text_in_the_preview() -> None:
    evil = "<script>alert(1)</script>"
    rows = ((evil, evil), (evil, "3"), ("b", "0"), ("c", "-2"))
    for kind in ("bar", "line", "pie"):
        draft = Draft("T", (Block("chart", evil, rows=rows, chart=Chart(kind)),))  # type: ignore[arg-type]
        for ending in ("xlsx", "pptx"):
            page = preview_html(await read_document(write(draft, ending)[0], f"a.{ending}"))
            assert "<svg" in page
            assert "<script" not in page


@pytest.mark.slow
@pytest.mark.peer("libreoffice")
def test_another_engine_recomputes_the_same(tmp_path: Path) -> None:
    for name, draft in (("cases", one(*[f for f, _ in CASES], **CELLS)), ("model", MODEL)):
        content = write(draft, "xlsx")[0]
        # Without its values: what comes back was computed by LibreOffice alone.
        with zipfile.ZipFile(io.BytesIO(content)) as book, zipfile.ZipFile(tmp_path / f"{name}.xlsx", "w") as bare:
            for part in book.namelist():
                raw = book.read(part)
                if part.startswith("xl/worksheets/sheet"):
                    raw = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", raw)
                bare.writestr(part, raw)
        subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{tmp_path}/home", "--headless", "--convert-to",
             "xlsx:Calc MS Excel 2007 XML",
             "--outdir", str(tmp_path / "out"), str(tmp_path / f"{name}.xlsx")],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        theirs = (tmp_path / "out" / f"{name}.xlsx").read_bytes()
        for tab in CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names:
            ours, other = sheet(content, tab), sheet(theirs, tab)
            for row, (mine, its) in enumerate(zip(ours, other, strict=False)):
                for column, value in enumerate(mine):
                    assert same(its[column], value) or str(its[column]) == str(value), (
                        name,
                        tab,
                        row,
                        column,
                        value,
                        its[column],
                    )


def test_newer_functions_are_stored_as_offices_expect_them() -> None:
    draft = one('=IFS(A2>1,"a",TRUE,"b")', "=MAXIFS(A2:A3,A2:A3,1)", "=SUM(A2)", a="1", b="2")
    with zipfile.ZipFile(io.BytesIO(write(draft, "xlsx")[0])) as book:
        text = book.read("xl/worksheets/sheet2.xml").decode()
    assert "_xlfn.IFS(" in text
    assert "_xlfn.MAXIFS(" in text
    assert "<f>SUM(A2)</f>" in text


async def test_a_change_in_a_table_is_shown_as_the_rows_that_changed() -> None:
    rows = [("Item", "EUR"), *((f"Item {n}", str(n)) for n in range(200))]
    now = [*rows[:50], ("New", "7"), *rows[50:120], ("Item 119", "1190"), *rows[121:]]
    for kind in ("xlsx", "docx"):
        both = [write(Draft("T", (Block("table", rows=tuple(r)),)), kind)[0] for r in (rows, now)]
        old, new = [await read_document(content, f"a.{kind}") for content in both]
        changes = [c for c in differences(old, new) if c[0] != "same"]
        assert changes == [("added", "", "New | 7"), ("changed", "Item 119 | 119", "Item 119 | 1190")]
