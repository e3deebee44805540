"""A PDF is read as it is meant: headings, paragraphs, lists, ruled tables, each with its page; no running heads."""

import time
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from tests.agent.extracts import DEMO, parse, source_of

from colleague.kit.documents.formats import pdf
from colleague.kit.documents.model import Block, Document, Draft
from colleague.kit.documents.sniff import PDF
from colleague.kit.documents.write.columns import column_widths
from colleague.kit.documents.write.docx import write_docx
from colleague.kit.documents.write.pdf import write_pdf

Row = tuple[str, ...]


class Page:
    """Draws lines of text and grids, from the top down."""

    def __init__(self, *, feet: bool = False) -> None:
        self.feet = feet
        self.out = BytesIO()
        self.canvas = Canvas(self.out, pagesize=A4, invariant=1)
        self.y = 780.0
        self.page = 1

    def line(self, text: str, *, left: float = 72, bold: bool = False, size: float = 10, gap: float = 13) -> None:
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(left, self.y, text)
        self.y -= gap

    def grid(self, rows: list[list[list[str]]], widths: list[float], *, bold_first: bool = True) -> None:
        """Draw rows of cells, each a list of lines, with ruled borders."""
        top = self.y + 12
        for number, row in enumerate(rows):
            height = 13 * max(len(cell) for cell in row) + 6
            left = 72.0
            for cell, width in zip(row, widths, strict=True):
                self.canvas.rect(left, top - height, width, height)
                self.canvas.setFont("Helvetica-Bold" if bold_first and number == 0 else "Helvetica", 10)
                for n, text in enumerate(cell):
                    self.canvas.drawString(left + 4, top - 12 - 13 * n, text)
                left += width
            top -= height
        self.y = top - 20

    def next(self) -> None:
        if self.feet:
            self.canvas.setFont("Helvetica", 8)
            self.canvas.drawString(72, 40, f"Tender 7, page {self.page}")
        self.canvas.showPage()
        self.page, self.y = self.page + 1, 780.0

    def read(self) -> Document:
        self.next()
        self.canvas.save()
        return pdf.read(self.out.getvalue(), "a.pdf", PDF)


LONG = "The Supplier keeps every box dry and says at any time where it is and who has opened it since"


def shape(document: Document) -> list[tuple[str, str, str]]:
    return [(b.kind, b.text, b.where) for b in document.blocks]


def test_bold_lines_are_headings_whatever_the_weight_of_the_font_says() -> None:
    page = Page()
    for number in (1, 2, 3):
        page.line(f"{number}.0 Storage", bold=True, gap=20)
        page.line(LONG)
        page.line("then. It is weighed.", gap=26)
    page.line("Other matters", bold=True, gap=20)
    page.line("1. Not a heading but the first of two points", left=90)
    page.line("2. The second of them", left=90)
    found = page.read()
    heads = [(b.text, b.level) for b in found.blocks if b.kind == "heading"]
    assert heads == [("1.0 Storage", 1), ("2.0 Storage", 1), ("3.0 Storage", 1), ("Other matters", 3)]
    assert [b.label for b in found.blocks if b.kind == "item"] == ["1.", "2."]
    assert found.blocks[1].text == f"{LONG} then. It is weighed."


def test_a_bold_sentence_is_no_heading_and_a_bold_word_opens_a_paragraph() -> None:
    page = Page()
    page.line("NOTE: every bidder is asked to send its best price and its best plan at once.", bold=True, gap=26)
    page.canvas.setFont("Helvetica-Bold", 10)
    for key, value in (("From:", "Ann Lee"), ("Date:", "5 May 2027")):
        page.canvas.setFont("Helvetica-Bold", 10)
        page.canvas.drawString(72, page.y, key)
        page.line(value, left=150)
    assert [(kind, text) for kind, text, _ in shape(page.read())] == [
        ("paragraph", "NOTE: every bidder is asked to send its best price and its best plan at once."),
        ("paragraph", "From: Ann Lee"),
        ("paragraph", "Date: 5 May 2027"),
    ]


def test_a_sentence_over_a_page_has_the_page_it_begins_on_and_the_next_its_own() -> None:
    page = Page()
    page.y = 90
    page.line(LONG)
    page.line("the day on which it came to the store from the house of the client without")
    page.next()
    page.line("a label. The store is in Leeds.")
    page.line("It is new.")
    assert shape(page.read()) == [
        (
            "paragraph",
            f"{LONG} the day on which it came to the store from the house of the client without a label.",
            "p. 1",
        ),
        ("paragraph", "The store is in Leeds.", "p. 2"),
        ("paragraph", "It is new.", "p. 2"),
    ]


@pytest.mark.parametrize("towns", ["Ash Elm", "Ash Elm Oak Yew"])
def test_running_heads_and_feet_are_left_out(towns: str) -> None:
    page = Page(feet=True)
    texts = [f"{LONG} ({town})." for town in towns.split()]
    for text in texts:
        page.line("Tender 7: storage", size=8, gap=40)
        page.line(text)
        if text != texts[-1]:
            page.next()
    assert [text for _, text, _ in shape(page.read())] == texts


def test_lists_end_where_the_margin_is_met_again() -> None:
    page = Page()
    page.line("The store holds:")
    page.line("•  boxes of paper that have come from the houses of all clients in the north and", left=90)
    page.line("the south;", left=104)
    page.line("o  maps", left=110)
    page.line("•  and keys.", left=90)
    page.line("All of it is insured.")
    assert [(b.kind, b.level, b.text) for b in page.read().blocks] == [
        ("paragraph", 0, "The store holds:"),
        ("item", 1, "boxes of paper that have come from the houses of all clients in the north and the south;"),
        ("item", 2, "maps"),
        ("item", 1, "and keys."),
        ("paragraph", 0, "All of it is insured."),
    ]


def test_ruled_tables_are_tables() -> None:
    page = Page()
    page.line("Levels are these.", gap=30)
    page.grid([[["Item"], ["Due"], ["Form"]], [["Plan"], ["5 May 2027,", "noon"], ["PDF"]]], [90, 90, 90])
    page.line("After it.")
    found = page.read()
    assert [b.kind for b in found.blocks] == ["paragraph", "table", "paragraph"]
    assert found.blocks[1].rows == (("Item", "Due", "Form"), ("Plan", "5 May 2027, noon", "PDF"))


def test_a_table_over_two_pages_repeats_its_header_and_mends_the_torn_row() -> None:
    page = Page()
    page.y = 200
    page.grid([[["Item"], ["Due"]], [["Plan"], ["the day"]]], [120, 120])
    page.next()
    page.grid([[[""], ["after award"]], [["Price"], ["noon"]]], [120, 120], bold_first=False)
    tables = [(b.where, b.rows) for b in page.read().blocks]
    assert tables == [
        ("p. 1", (("Item", "Due"), ("Plan", "the day after award"))),
        ("p. 2", (("Item", "Due"), ("Price", "noon"))),
    ]


def test_words_torn_by_a_narrow_cell_are_whole_again() -> None:
    page = Page()
    page.line("The documentation is kept under https://x.example/a and controlled.", gap=30)
    page.grid([[["Work"], ["Proof"]], [["documentatio", "n of code"], ["of a", "kind"]]], [80, 60])
    assert page.read().blocks[1].rows[1] == ("documentation of code", "of a kind")


def test_a_frame_round_one_text_is_no_table() -> None:
    page = Page()
    page.grid([[["A remark in a frame."]]], [200], bold_first=False)
    assert [b.kind for b in page.read().blocks] == ["paragraph"]


def test_a_drawing_of_many_lines_costs_no_time() -> None:
    page = Page()
    page.line("Plan of the house.", gap=30)
    for n in range(9000):
        page.canvas.line(72 + n % 400, 100, 72 + (n * 7) % 400, 500)
    start = time.process_time()
    found = page.read()
    assert time.process_time() - start < 20
    assert found.blocks[0].text == "Plan of the house."


@pytest.mark.parametrize("name", ["contract.md", "policy_travel.md", "minutes_kickoff.md"])
@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_what_is_written_is_read_again(name: str, form: str) -> None:
    document = source_of(DEMO / name).document
    draft = Draft(document.title, tuple(replace(b, where="") for b in document.blocks), mark="")
    again = parse(write_pdf(draft) if form == "pdf" else write_docx(draft), f"a.{form}")

    def words(blocks: tuple[Block, ...], *kinds: str) -> list[str]:
        return [b.text for b in blocks if b.kind in kinds]

    assert words(again.blocks, "heading")[1:] == words(document.blocks, "heading")
    said = " ".join(words(again.blocks, "paragraph", "item"))
    assert all(text in said for text in words(document.blocks, "paragraph", "item") if not text.startswith("[box]"))
    rows = [row for b in again.blocks for row in b.rows]
    assert all(row in rows for b in document.blocks for row in b.rows)


def test_three_hundred_pages_are_read_in_time() -> None:
    blocks = [Block("paragraph", f"{LONG}, in store {n}. " * 12) for n in range(900)]
    content = write_pdf(Draft("Long", tuple(blocks)))
    start = time.process_time()
    found = pdf.read(content, "a.pdf", PDF)
    assert found.pages > 150
    assert time.process_time() - start < 25


def test_a_long_word_file_without_page_marks_is_cited_by_heading_not_by_a_page_it_does_not_have() -> None:
    blocks = [Block("paragraph", "Before.")]
    for n in (1, 2):
        blocks += [Block("heading", f"{n} Part", 1), Block("paragraph", f"{LONG}. " * 30)]
    found = parse(write_docx(Draft("Deed", tuple(blocks), mark="")), "a.docx")
    assert [b.where for b in found.blocks] == ["§ Deed", "§ Deed", "§ 1 Part", "§ 1 Part", "§ 2 Part", "§ 2 Part"]
    short = parse(write_docx(Draft("Deed", tuple(blocks[:2]), mark="")), "a.docx")
    assert {b.where for b in short.blocks} == {"p. 1"}


@given(st.lists(st.lists(st.text(max_size=60), min_size=1, max_size=6), max_size=6))
def test_columns_share_the_width(rows: list[list[str]]) -> None:
    widths = column_widths(rows, 16, letter=0.19, padding=0.45)
    assert len(widths) == max((len(row) for row in rows), default=0)
    assert not widths or abs(sum(widths) - 16) < 0.001
    assert all(width > 0 for width in widths)


def test_a_column_holds_its_words_and_one_to_fill_in_has_room() -> None:
    rows = [("Id", "What", "Kind", "Owner"), *((f"R-{n:03}", LONG, "mandatory", "") for n in range(9))]
    number, what, kind, owner = column_widths(rows, 16, letter=0.19, padding=0.45)
    assert number >= 5 * 0.19
    assert kind >= 9 * 0.19
    assert owner > 1.5
    assert what > number + kind + owner - 1
