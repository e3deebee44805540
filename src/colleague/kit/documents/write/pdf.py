"""PDF through reportlab, with a font that has the letters."""

import html
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle
from reportlab.platypus.flowables import Spacer

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.charts import chart_words
from colleague.kit.documents.write.columns import column_widths

INK, GREY, LINE, SHADE, WARN = (colors.HexColor(c) for c in ("#1F2937", "#6B7280", "#C9CED6", "#F1F3F6", "#9A3412"))
WIDTH = A4[0] - 5 * cm
CELL_LIMIT, MAX_COLUMNS = 2500, 16


@lru_cache(maxsize=1)
def _fonts() -> tuple[str, str]:
    """Register the fonts once and return (regular, bold): DejaVu where there is one, else reportlab’s own Vera."""
    own = Path(reportlab.__file__).parent / "fonts"
    for folder, regular, bold in (
        (Path("/usr/share/fonts/truetype/dejavu"), "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
        (own, "Vera.ttf", "VeraBd.ttf"),
    ):
        if (folder / regular).is_file() and (folder / bold).is_file():
            pdfmetrics.registerFont(TTFont("Body", str(folder / regular)))
            pdfmetrics.registerFont(TTFont("BodyBold", str(folder / bold)))
            return "Body", "BodyBold"
    return "Helvetica", "Helvetica-Bold"


def _styles() -> dict[str, ParagraphStyle]:
    regular, bold = _fonts()
    base = ParagraphStyle("base", fontName=regular, fontSize=9.5, leading=13.5, textColor=INK, spaceAfter=5)
    make = ParagraphStyle
    return {
        "base": base,
        "title": make("title", base, fontName=bold, fontSize=19, leading=24, spaceAfter=6),
        "mark": make("mark", base, fontName=bold, textColor=WARN, spaceAfter=12),
        "h1": make("h1", base, fontName=bold, fontSize=14, leading=18, spaceBefore=12, keepWithNext=1),
        "h2": make("h2", base, fontName=bold, fontSize=11.5, leading=15, spaceBefore=9, keepWithNext=1),
        "h3": make("h3", base, fontName=bold, fontSize=10, leading=13, spaceBefore=6, keepWithNext=1),
        "item": make("item", base, leftIndent=14, bulletIndent=2, spaceAfter=3),
        "note": make("note", base, textColor=GREY),
        "cell": make("cell", base, fontSize=8, leading=10.5, spaceAfter=0),
        "head": make("head", base, fontName=bold, fontSize=8, leading=10.5, spaceAfter=0),
    }


def write_pdf(draft: Draft) -> bytes:
    """Return the draft as a PDF file."""
    styles, out = _styles(), BytesIO()
    template = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=2.5 * cm, rightMargin=2.5 * cm, topMargin=2.3 * cm, bottomMargin=2.2 * cm,
        title=draft.title, author=draft.author, subject=draft.mark, invariant=1,
        keywords="; ".join(f"{k}: {v}" for k, v in draft.metadata.items())[:250],
    )  # fmt: skip
    story: list[Any] = [Paragraph(html.escape(draft.title), styles["title"])]
    if draft.mark:
        story.append(Paragraph(html.escape(draft.mark), styles["mark"]))
    for block in draft.blocks:
        story += _flow(block, styles)

    def frame(canvas: Any, page: Any) -> None:
        canvas.setFont(_fonts()[0], 7.5)
        canvas.setFillColor(GREY)
        canvas.drawRightString(A4[0] - 2.5 * cm, 1.2 * cm, f"{draft.title[:70]}  ·  {page.page}")
        if draft.mark:
            canvas.drawRightString(A4[0] - 2.5 * cm, A4[1] - 1.3 * cm, draft.mark)

    template.build(story, onFirstPage=frame, onLaterPages=frame)
    return out.getvalue()


def pages_in(content: bytes) -> int:
    """Return how many pages a PDF file has that was written here."""
    return len(pypdfium2.PdfDocument(content))


def _text(block: Block) -> str:
    where = f' <font size="7" color="#6B7280">[{html.escape(block.where)}]</font>' if block.where else ""
    return html.escape(block.text) + where


def _flow(block: Block, styles: dict[str, ParagraphStyle]) -> list[Any]:
    match block.kind:
        case "heading":
            return [Paragraph(_text(block), styles[f"h{min(max(block.level, 1), 3)}"])]
        case "item":
            label = html.escape(block.label or "•")
            return [Paragraph(_text(block), styles["item"], bulletText=label)]
        case "note" | "speaker":
            return [Paragraph(_text(block), styles["note"])]
        case "box":
            table = Table([[Paragraph(html.escape(block.text), styles["note"])]], [WIDTH], [2.2 * cm])
            table.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 0.6, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
            return [table, Spacer(1, 6)]
        case "table":
            return _table(block, styles)
        case "chart":
            words = Paragraph(html.escape(chart_words(block)), styles["note"])
            return [words, *(_table(block, styles) if block.rows else [])]
        case _:
            return [Paragraph(_text(block), styles["base"])]


def _table(block: Block, styles: dict[str, ParagraphStyle]) -> list[Any]:
    columns = max((len(r) for r in block.rows), default=0)
    if not columns:
        return []
    if columns > MAX_COLUMNS:
        # Wider than a page: its columns follow each other in groups.
        starts = range(0, columns, MAX_COLUMNS)
        groups = [replace(block, rows=tuple(r[s : s + MAX_COLUMNS] for r in block.rows)) for s in starts]
        return [flow for group in groups for flow in _table(group, styles)]
    rows = [
        [
            Paragraph(html.escape(c[:CELL_LIMIT]), styles["cell" if n else "head"])
            for c in (*row, *[""] * (columns - len(row)))
        ]
        for n, row in enumerate(block.rows)
    ]
    widths = column_widths(block.rows, WIDTH, letter=0.2 * cm, padding=0.35 * cm)
    # A row may be higher than a page, a header too: then it is split and not repeated.
    tall = max((len(c) for c in block.rows[0]), default=0) * columns > 2_000
    table = Table(rows, widths, repeatRows=0 if tall else 1, splitInRow=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, LINE),
                ("BACKGROUND", (0, 0), (-1, 0), SHADE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return [table, Spacer(1, 8)]
