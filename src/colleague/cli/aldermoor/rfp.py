"""The demo's request for proposals as the PDF a public buyer would publish: cover, contents, a new page a section."""

import html
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table, TableStyle
from reportlab.platypus.flowables import PageBreak, Spacer
from reportlab.platypus.tableofcontents import TableOfContents

from colleague.kit.documents.model import Block
from colleague.kit.documents.write.columns import column_widths

TITLE: Final = "Request for proposals: managed document services"
BUYER, REFERENCE, DATE = "Harbour City Council", "HC-2026-014", "2 November 2026"
LINE, SHADE, GREY = (colors.HexColor(c) for c in ("#9AA3AE", "#EEF1F4", "#5B6470"))
WIDTH = A4[0] - 5 * cm

_BASE = ParagraphStyle("base", fontName="Helvetica", fontSize=11, leading=15.5, spaceAfter=7)
_STYLES: Final = {
    "base": _BASE,
    "title": ParagraphStyle("title", _BASE, fontName="Helvetica-Bold", fontSize=18, leading=26, spaceAfter=18),
    "h1": ParagraphStyle("h1", _BASE, fontName="Helvetica-Bold", fontSize=17, leading=22, spaceAfter=10),
    "h2": ParagraphStyle(
        "h2", _BASE, fontName="Helvetica-Bold", fontSize=13, leading=17, spaceBefore=10, keepWithNext=1
    ),
    "h3": ParagraphStyle("h3", _BASE, fontName="Helvetica-Bold", spaceBefore=6, keepWithNext=1),
    "item": ParagraphStyle("item", _BASE, leftIndent=24, bulletIndent=4, spaceAfter=4),
    "cell": ParagraphStyle("cell", _BASE, fontSize=9.5, leading=12.5, spaceAfter=0),
    "head": ParagraphStyle("head", _BASE, fontName="Helvetica-Bold", fontSize=9.5, leading=12.5, spaceAfter=0),
    "toc": ParagraphStyle("toc", _BASE, fontSize=11, leading=19),
}


class _Pages(BaseDocTemplate):
    """Pages with a footer; section headings are told to the contents."""

    def __init__(self, out: BytesIO) -> None:
        super().__init__(
            out, pagesize=A4, title=TITLE, author=BUYER, subject=REFERENCE, leftMargin=2.5 * cm, rightMargin=2.5 * cm,
            topMargin=2.5 * cm, bottomMargin=2.5 * cm, invariant=1,
        )  # fmt: skip
        frame = Frame(2.5 * cm, 2.5 * cm, WIDTH, A4[1] - 5 * cm, 0, 0, 0, 0)
        self.addPageTemplates([PageTemplate("page", [frame], onPage=self._footer)])

    def _footer(self, canvas: Any, page: Any) -> None:
        if page.page == 1:
            return
        canvas.saveState()
        canvas.setFont("Helvetica", 8.5)
        canvas.setFillColor(GREY)
        canvas.drawString(2.5 * cm, 1.4 * cm, f"{BUYER} · {REFERENCE}")
        canvas.drawRightString(A4[0] - 2.5 * cm, 1.4 * cm, f"Page {page.page}")
        canvas.restoreState()

    def afterFlowable(self, flowable: Any) -> None:
        """Tell the contents where a section begins."""
        if isinstance(flowable, Paragraph) and flowable.style.name == "h1":
            self.notify("TOCEntry", (0, flowable.getPlainText(), self.page))


def make_rfp(blocks: Sequence[Block]) -> bytes:
    """Return the request for proposals as a PDF."""
    contents = TableOfContents(levelStyles=[_STYLES["toc"]], dotsMinLevel=0)
    story: list[Any] = [
        Spacer(1, 5 * cm), Paragraph(BUYER, _STYLES["h2"]), Paragraph(html.escape(TITLE), _STYLES["title"]),
        Paragraph(f"Reference {REFERENCE}", _STYLES["base"]), Paragraph(f"Published on {DATE}", _STYLES["base"]),
        PageBreak(), Paragraph("Contents", _STYLES["h2"]), contents,
    ]  # fmt: skip
    for block in blocks:
        if block.kind == "heading" and block.level == 1:
            story.append(PageBreak())
        story += _flow(block)
    out = BytesIO()
    _Pages(out).multiBuild(story)
    return out.getvalue()


def _flow(block: Block) -> list[Any]:
    text = html.escape(block.text)
    match block.kind:
        case "heading":
            return [Paragraph(text, _STYLES[f"h{min(max(block.level, 1), 3)}"])]
        case "item":
            return [Paragraph(text, _STYLES["item"], bulletText=html.escape(block.label or "•"))]
        case "table":
            return [_table(block.rows), Spacer(1, 10)]
        case "box":
            box = Table([[Paragraph(text, _STYLES["cell"])]], [WIDTH], [5 * cm])
            box.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 0.8, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
            return [box, Spacer(1, 10)]
        case _:
            return [Paragraph(text, _STYLES["base"])]


def _table(rows: Sequence[Sequence[str]]) -> Table:
    columns = max(len(row) for row in rows)
    cells = [
        [Paragraph(html.escape(c), _STYLES["head" if n == 0 else "cell"]) for c in (*row, *[""] * (columns - len(row)))]
        for n, row in enumerate(rows)
    ]
    table = Table(cells, column_widths(rows, WIDTH, letter=0.2 * cm, padding=0.5 * cm), repeatRows=1)
    table.setStyle(
        TableStyle(
            [("GRID", (0, 0), (-1, -1), 0.5, LINE), ("BACKGROUND", (0, 0), (-1, 0), SHADE),
             ("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 4),
             ("BOTTOMPADDING", (0, 0), (-1, -1), 4)]
        )
    )  # fmt: skip
    return table
