"""Slides: every word of a draft is on a slide or in its notes, nothing runs over, the draft mark is on each."""

import io
import subprocess
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pptx import Presentation
from pptx.util import Emu, Inches

from colleague.kit.documents.model import Block, Chart, Draft
from colleague.kit.documents.read import read_document
from colleague.kit.documents.write.formats import write
from colleague.kit.documents.write.slides import Room, cell_size, deck, height_of, row_height

pytestmark = pytest.mark.anyio
ROOM = Room(11.6, 5.2)
LINE = "The harbour authority reports that dredging was delayed by weather and that costs rose accordingly. "
FIGURES = (("Segment", "Q1", "Q2"), ("Water", "1250.5", "1310"), ("Rail", "800", "820"))
REPORT = Draft("Report to the board", (
    Block("heading", "Results", 1), Block("heading", "What went well", 2),
    Block("item", "Water grew", 1, "Report.pdf, p. 4"), Block("item", "By a tenth", 2, "Report.pdf, p. 4"),
    Block("speaker", "Say thanks first."),
    Block("heading", "Figures", 2), Block("paragraph", "In million euros.", where="Report.pdf, p. 12"),
    Block("table", rows=FIGURES), Block("chart", "By quarter", chart=Chart("bar")),
    Block("chart", "Share", rows=(("Who", "Part"), ("A", "20"), ("B", "80")), chart=Chart("pie")),
))  # fmt: skip


def opened(content: bytes) -> Any:
    return Presentation(io.BytesIO(content))


def words(slide: Any) -> str:
    texts = [s.text_frame.text for s in slide.shapes if s.has_text_frame]
    texts += [c.text for s in slide.shapes if s.has_table for row in s.table.rows for c in row.cells]
    return " ".join(texts)


def test_headings_items_tables_charts_notes_and_sources_stand_where_they_belong() -> None:
    slides = list(opened(write(REPORT, "pptx")[0]).slides)
    assert [s.shapes.title.text for s in slides] == [
        "Report to the board", "Results", "What went well", "Figures", "Figures", "Figures"
    ]  # fmt: skip
    assert slides[2].notes_slide.notes_text_frame.text == "Say thanks first."
    assert "Source: Report.pdf, p. 4" in words(slides[2])
    assert "In million euros." in words(slides[3])
    assert "Source: Report.pdf, p. 12" in words(slides[3])
    assert "1250.5" in words(slides[3])
    charts = [s.chart for slide in slides for s in slide.shapes if s.has_chart]
    assert [list(p.categories) for c in charts for p in c.plots] == [["Water", "Rail"], ["A", "B"]]
    assert [tuple(s.values) for s in charts[0].plots[0].series] == [(1250.5, 800), (1310, 820)]
    for slide in slides:
        assert "Draft: not reviewed" in words(slide)


def test_the_mark_is_in_the_properties_and_goes_with_the_review() -> None:
    core = opened(write(REPORT, "pptx")[0]).core_properties
    assert (core.subject, core.category) == ("Draft: not reviewed", "draft")
    reviewed = opened(write(Draft("T", REPORT.blocks, mark=""), "pptx")[0])
    assert reviewed.core_properties.category == "reviewed"
    assert not [s for s in reviewed.slides if "Draft" in words(s)]


async def test_a_deck_reads_back_with_notes_and_the_data_of_its_charts() -> None:
    document = await read_document(write(REPORT, "pptx")[0], "a.pptx")
    assert document.pages == 6
    notes = [b.where for b in document.blocks if b.kind == "note"]
    assert notes == ["slide 3, speaker notes"]
    chart = next(b for b in document.blocks if b.kind == "chart")
    assert (chart.text, chart.where, chart.rows) == (
        "By quarter", "slide 5", (("", "Q1", "Q2"), ("Water", "1250.5", "1310"),
                                  ("Rail", "800", "820")),
    )  # fmt: skip


texts = st.one_of(st.just(LINE), st.text("ab cdefgh. ", max_size=60), st.integers(1, 60).map(lambda n: LINE * n),
                  st.integers(1, 900).map(lambda n: "x" * n))  # fmt: skip
block = st.one_of(
    st.builds(lambda t, n: Block("item", t, n), texts, st.integers(0, 4)),
    st.builds(lambda t, n: Block("heading", t, n), texts, st.integers(1, 4)),
    st.builds(lambda t: Block("paragraph", t), texts),
    st.builds(lambda rows: Block("table", rows=tuple(map(tuple, rows))),
              st.lists(st.lists(texts, min_size=1, max_size=20), min_size=1, max_size=12)),
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(block, max_size=8))
def test_nothing_runs_over_and_nothing_is_lost(blocks: list[Block]) -> None:
    slides = deck(Draft("T", tuple(blocks)), ROOM)
    for slide in slides:
        used = sum(height_of(b, ROOM.width) for b in slide.lines if b.text)
        if slide.rows:
            size = cell_size(len(slide.rows[0]))
            used += sum(row_height(r, slide.widths, size) for r in slide.rows)
        assert used <= ROOM.height + 0.35, (slide.kind, used)
    kept = "".join(
        "".join(s.title + "".join(s.said) + "".join(b.text for b in s.lines) + "".join(c for r in s.rows for c in r))
        for s in slides
    )
    kept = "".join(kept.split())
    for b in blocks:
        for text in (b.text, *(c for row in b.rows for c in row)):
            for word in text.split():
                assert word in kept or all(piece in kept for piece in (word[:20], word[-20:]))


def test_no_shape_leaves_the_slide() -> None:
    blocks = (Block("heading", LINE * 3, 2), *[Block("item", LINE * n, 1) for n in range(1, 9)],
              Block("table", rows=tuple(tuple(f"{c} {r}" for c in range(20)) for r in range(60))))  # fmt: skip
    deck_ = opened(write(Draft(LINE * 2, blocks), "pptx")[0])
    for slide in deck_.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= deck_.slide_width
            assert shape.top + shape.height <= deck_.slide_height


def master(*, wide: bool = True) -> bytes:
    """An organisation's deck: 16:9 or 4:3, red titles, and two sample slides that must go."""
    deck_ = Presentation()
    if wide:
        deck_.slide_width, deck_.slide_height = Inches(13.333), Inches(7.5)
    for layout in (0, 1):
        deck_.slides.add_slide(deck_.slide_layouts[layout]).shapes.title.text = "SAMPLE"
    deck_.slide_master.name = "Aldermoor"
    out = io.BytesIO()
    deck_.save(out)
    return out.getvalue()


def test_a_template_gives_its_masters_and_none_of_its_slides() -> None:
    for wide in (True, False):
        template = master(wide=wide)
        deck_ = opened(write(REPORT, "pptx", template)[0])
        assert deck_.slide_master.name == "Aldermoor"
        assert deck_.slide_width == opened(template).slide_width
        assert not [s for s in deck_.slides if "SAMPLE" in words(s)]
        assert len(deck_.slides) == 6
        bottom = max(Emu(s.top + s.height).inches for slide in deck_.slides for s in slide.shapes)
        assert bottom <= Emu(deck_.slide_height).inches


@pytest.mark.slow
@pytest.mark.peer("libreoffice")
def test_another_office_shows_every_slide(tmp_path: Path) -> None:
    (tmp_path / "a.pptx").write_bytes(write(REPORT, "pptx")[0])
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/home", "--headless", "--convert-to", "pdf", "--outdir",
         str(tmp_path), str(tmp_path / "a.pptx")], check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pages = [p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(tmp_path / "a.pdf")]
    assert len(pages) == 6
    assert all("Draft: not reviewed" in page for page in pages)
    assert "Water" in pages[3]
