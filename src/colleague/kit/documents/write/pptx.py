"""Slide decks: a title slide, calm slides of text, tables and native charts, notes, the draft mark on every slide.

A template's own masters, layouts, fonts and colours are used; only sizes are set, so that nothing runs over.
"""

from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.charts import BadChart, chart_words, plot, points
from colleague.kit.documents.write.slides import TEXT, Room, Slide, cell_size, deck, height_of, row_height
from colleague.kit.documents.write.values import column_cells, looks_numeric

INK, GREY, WARN, LINE, SHADE = (RGBColor.from_string(c) for c in ("1F2937", "6B7280", "9A3412", "C9CED6", "F1F3F6"))
PALETTE = ("3B5B92", "C2743B", "5F8F6B", "8A6BA8", "B4555B", "4E9AA6", "A08A3C", "6B7280")
FOOT, LONGEST_FOOT = 0.62, 150
_KINDS = {"bar": XL_CHART_TYPE.COLUMN_CLUSTERED, "line": XL_CHART_TYPE.LINE, "pie": XL_CHART_TYPE.PIE}
_TITLES = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)
_BODIES = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT)


def write_pptx(draft: Draft, template: bytes | None = None) -> bytes:
    """Return the draft as a .pptx file, on the masters of `template` if there is one."""
    writer = _Deck(draft, template)
    writer.cover()
    for slide in deck(draft, writer.room):
        writer.add(slide)
    return writer.save()


class _Deck:
    """Draws one deck."""

    def __init__(self, draft: Draft, template: bytes | None) -> None:
        self._draft, self._own = draft, template is None
        self._deck = Presentation(BytesIO(template)) if template else Presentation()
        if self._own:
            self._deck.slide_width, self._deck.slide_height = Inches(13.333), Inches(7.5)
        _drop_slides(self._deck)
        self._width = int(self._deck.slide_width or Inches(13.333))
        self._height = int(self._deck.slide_height or Inches(7.5))
        layouts = list(self._deck.slide_layouts)
        self._cover = _layout(layouts, "cover")
        self._plain = _layout(layouts, "plain")
        body = next((p for p in self._plain.placeholders if p.placeholder_format.type in _BODIES), None)
        margin = Inches(0.75)
        self._left, self._top = int(margin), int(Inches(1.55))
        self._wide, bottom = self._width - 2 * margin, self._height - Inches(FOOT)
        if not self._own and body is not None and body.width and body.height:
            self._left, self._top, self._wide = body.left, body.top, body.width
            bottom = min(bottom, body.top + body.height)
        self._high = max(bottom - self._top, Inches(1.5))
        self.room = Room(Emu(self._wide).inches - 0.2, Emu(self._high).inches - 0.1)
        self._count = 1

    def cover(self) -> None:
        """Draw the title slide."""
        slide = self._deck.slides.add_slide(self._cover)
        title = _title(slide) or self._box(slide, self._left, self._top, self._wide, Inches(2))
        title.text_frame.text = self._draft.title[:250]
        under = next((p for p in slide.placeholders if p is not title and p.placeholder_format.type in
                      (PP_PLACEHOLDER.SUBTITLE, *_BODIES)), None)  # fmt: skip
        if under is not None:
            under.text_frame.text = self._draft.mark or self._draft.author
        if self._own:
            size = 40 if len(self._draft.title) < 60 else 30 if len(self._draft.title) < 140 else 22
            self._place(
                title, self._left, Inches(2.1), self._wide, Inches(2.1), size, bold=True, anchor=MSO_ANCHOR.BOTTOM
            )
            if under is not None:
                self._place(under, self._left, Inches(4.4), self._wide, Inches(0.8), 18, anchor=MSO_ANCHOR.TOP)
                _colour(under, WARN if self._draft.mark else GREY)
        _clear(slide)
        self._foot(slide, [])

    def add(self, planned: Slide) -> None:
        """Draw one planned slide."""
        slide = self._deck.slides.add_slide(self._plain)
        title = _title(slide)
        if title is None:
            title = self._box(slide, self._left, Inches(0.4), self._wide, Inches(0.9))
        title.text_frame.text = planned.title
        size = 28 if len(planned.title) <= 56 else 22
        body = next((p for p in slide.placeholders if p.placeholder_format.type in _BODIES), None)
        if planned.kind == "divider" and self._own:
            self._place(
                title, self._left, Inches(2.6), self._wide, Inches(1.6), 34, bold=True, anchor=MSO_ANCHOR.BOTTOM
            )
        elif self._own:
            self._place(
                title, self._left, Inches(0.45), self._wide, Inches(0.95), size, bold=True, anchor=MSO_ANCHOR.BOTTOM
            )
        else:
            _sized(title, size)
        lines = [b for b in planned.lines if b.text]
        top = int(self._top)
        if lines:
            if planned.kind != "text" or body is None:
                high = Inches(sum(height_of(b, self.room.width) for b in lines) + 0.1)
                self._text(self._box(slide, self._left, top, self._wide, high), lines)
                top += high
            else:
                if self._own:
                    body.left, body.top, body.width, body.height = self._left, top, self._wide, self._high
                self._text(body, lines)
        if planned.kind == "table":
            self._table(slide, planned, top)
        elif planned.kind == "chart":
            self._chart(slide, planned, top)
        _clear(slide)
        self._foot(slide, planned.sources)
        if planned.said or len(" · ".join(planned.sources)) > LONGEST_FOOT:
            long = planned.sources if len(" · ".join(planned.sources)) > LONGEST_FOOT else []
            notes = [*planned.said, *([f"Sources: {'; '.join(long)}"] if long else [])]
            slide.notes_slide.notes_text_frame.text = "\n".join(notes)

    def save(self) -> bytes:
        """Return the file, with the draft mark in its properties."""
        core, draft = self._deck.core_properties, self._draft
        core.title, core.author, core.subject = draft.title[:250], draft.author, draft.mark
        core.comments = "; ".join(f"{k}: {v}" for k, v in draft.metadata.items())[:250]
        core.category = "draft" if draft.mark else "reviewed"
        core.created = core.modified = datetime(2000, 1, 1, tzinfo=UTC)
        out = BytesIO()
        self._deck.save(out)
        return out.getvalue()

    def _box(self, slide: Any, left: int, top: int, width: int, height: int) -> Any:
        box = slide.shapes.add_textbox(left, top, width, height)
        box.text_frame.word_wrap = True
        return box

    def _place(
        self, shape: Any, left: int, top: int, width: int, height: int, size: int, *, anchor: Any, bold: bool = False
    ) -> None:
        shape.left, shape.top, shape.width, shape.height = left, top, width, height
        frame = shape.text_frame
        frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.NONE, anchor
        for paragraph in frame.paragraphs:
            paragraph.alignment = PP_ALIGN.LEFT
            paragraph.font.bold = bold
        _sized(shape, size)
        _colour(shape, INK)

    def _text(self, shape: Any, lines: list[Block]) -> None:
        frame = shape.text_frame
        frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
        for number, block in enumerate(lines):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            own = block.label if block.label and block.label not in "•-*" else ""
            run = paragraph.add_run()
            run.text = f"{own} {block.text}" if own else block.text
            run.font.size, run.font.bold = Pt(TEXT), True if block.kind == "heading" else None
            if self._own:
                run.font.color.rgb = GREY if block.kind in ("note", "box") else INK
            paragraph.space_after = Pt(6)
            _bullet(paragraph, max(block.level, 1) if block.kind == "item" and not own else 0)

    def _table(self, slide: Any, planned: Slide, top: int) -> None:
        rows, widths, size = planned.rows, planned.widths, cell_size(len(planned.rows[0]))
        heights = [row_height(row, widths, size) for row in rows]
        frame = slide.shapes.add_table(len(rows), len(rows[0]), self._left, top, self._wide, Inches(sum(heights)))
        table = frame.table
        if self._own:
            # «No style, table grid»: plain lines in the colours of the text.
            frame._element.graphic.graphicData.tbl.tblPr.find(qn("a:tableStyleId")).text = _PLAIN_STYLE
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Inches(width)
        right = [_numeric(rows, c) for c in range(len(rows[0]))]
        for at, row in enumerate(rows):
            table.rows[at].height = Inches(heights[at])
            for column, text in enumerate(row):
                cell = table.cell(at, column)
                cell.margin_top = cell.margin_bottom = Inches(0.04)
                paragraph = cell.text_frame.paragraphs[0]
                run = paragraph.add_run()
                run.text, run.font.size, run.font.bold = text, Pt(size), at == 0
                paragraph.alignment = PP_ALIGN.RIGHT if right[column] else PP_ALIGN.LEFT
                if self._own:
                    run.font.color.rgb = INK
                    if at == 0:
                        cell.fill.solid()
                        cell.fill.fore_color.rgb = SHADE

    def _chart(self, slide: Any, planned: Slide, top: int) -> None:
        high = self._top + self._high - top
        try:
            drawn = plot(self._draft.blocks, planned.plot)
        except BadChart:
            words = Block("note", chart_words(self._draft.blocks[planned.plot]))
            self._text(self._box(slide, self._left, top, self._wide, Inches(0.6)), [words])
            return
        rows = self._draft.blocks[drawn.table].rows
        data, kept = CategoryChartData(), points(rows, drawn)
        data.categories = [_at(rows[r], drawn.categories) for r in kept]
        for column in drawn.series:
            cells = column_cells(_at(rows[0], column), [_at(rows[r], column) for r in kept])
            data.add_series(_at(rows[0], column), [c.value if isinstance(c.value, float) else None for c in cells])
        frame = slide.shapes.add_chart(_KINDS[drawn.kind], self._left, top, self._wide, high, data)
        chart = frame.chart
        chart.has_title = bool(drawn.title)
        if drawn.title:
            chart.chart_title.text_frame.text = drawn.title[:150]
            chart.chart_title.text_frame.paragraphs[0].font.size = Pt(16)
        chart.font.size = Pt(12)
        chart.has_legend = drawn.kind == "pie" or len(drawn.series) > 1
        if chart.has_legend:
            chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        if self._own:
            _paint(chart, drawn.kind)

    def _foot(self, slide: Any, sources: list[str]) -> None:
        text = " · ".join(sources)
        text = text if len(text) <= LONGEST_FOOT else text[: LONGEST_FOOT - 1].rsplit(" ", 1)[0] + "…"
        top, right = self._height - Inches(0.5), Inches(3.2)
        if text:
            box = self._box(slide, self._left, top, self._width - 2 * self._left - right, Inches(0.35))
            box.text_frame.text = f"Source: {text}"
            _sized(box, 10)
            _colour(box, GREY)
        box = self._box(slide, self._width - self._left - right, top, right, Inches(0.35))
        box.text_frame.text = " · ".join(filter(None, (self._draft.mark, str(self._count))))
        box.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT
        _sized(box, 10)
        _colour(box, WARN if self._draft.mark else GREY)
        self._count += 1


_PLAIN_STYLE = "{5940675A-B579-460E-94D1-54222C63F5DA}"


def _layout(layouts: list[Any], use: str) -> Any:
    """Return the layout that fits best: by its placeholders, since names are translated."""

    def kinds(layout: Any) -> list[Any]:
        return [p.placeholder_format.type for p in layout.placeholders]

    if use == "cover":
        found = next((x for x in layouts if PP_PLACEHOLDER.CENTER_TITLE in kinds(x)), None)
        return found or layouts[0]
    bodies = [x for x in layouts if PP_PLACEHOLDER.TITLE in kinds(x) and sum(k in _BODIES for k in kinds(x)) == 1]
    objects = [x for x in bodies if PP_PLACEHOLDER.OBJECT in kinds(x)]
    titled = [x for x in layouts if PP_PLACEHOLDER.TITLE in kinds(x)]
    return (objects or bodies or titled or layouts)[0]


def _title(slide: Any) -> Any:
    return next((p for p in slide.placeholders if p.placeholder_format.type in _TITLES), None)


def _clear(slide: Any) -> None:
    """Take away placeholders that nothing was put into: they would show as «Click to add text» while editing."""
    for shape in list(slide.placeholders):
        if not shape.has_text_frame or not shape.text_frame.text.strip():
            shape._element.getparent().remove(shape._element)


def _drop_slides(deck: Any) -> None:
    """Take away the sample slides of a template."""
    ids = deck.slides._sldIdLst
    for entry in list(ids):
        deck.part.drop_rel(entry.get(qn("r:id")))
        ids.remove(entry)
    for extra in list(deck.part._element.iter(qn("p:extLst"))):
        # Sections list the slides that are gone; a file that names them asks to be repaired.
        extra.getparent().remove(extra)


def _sized(shape: Any, size: int) -> None:
    for paragraph in shape.text_frame.paragraphs:
        for run in paragraph.runs:
            run.font.size = Pt(size)


def _colour(shape: Any, colour: RGBColor) -> None:
    for paragraph in shape.text_frame.paragraphs:
        for run in paragraph.runs:
            run.font.color.rgb = colour


def _bullet(paragraph: Any, level: int) -> None:
    """Give a paragraph a bullet at `level` (0: none), whatever its master says of its level."""
    properties = paragraph._p.get_or_add_pPr()
    for child in list(properties):
        if child.tag in (qn("a:buNone"), qn("a:buChar"), qn("a:buAutoNum")):
            properties.remove(child)
    indent = Inches(0.28)
    properties.set("marL", str(indent * level))
    properties.set("indent", str(-indent if level else 0))
    mark = deepcopy(
        properties.makeelement(qn("a:buChar"), {"char": "•"}) if level else properties.makeelement(qn("a:buNone"), {})
    )
    properties.append(mark)


def _paint(chart: Any, kind: str) -> None:
    for number, series in enumerate(chart.plots[0].series):
        colours = [RGBColor.from_string(c) for c in PALETTE]
        if kind == "pie":
            for at in range(len(list(series.values))):
                fill = series.points[at].format.fill
                fill.solid()
                fill.fore_color.rgb = colours[at % len(colours)]
        elif kind == "line":
            series.smooth = False
            series.format.line.color.rgb, series.format.line.width = colours[number % len(colours)], Pt(2.25)
        else:
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = colours[number % len(colours)]
    if kind == "bar":
        chart.plots[0].gap_width = 80
    if kind != "pie":
        chart.value_axis.major_gridlines.format.line.color.rgb = RGBColor.from_string("E3E6EA")
        chart.value_axis.format.line.fill.background()


def _numeric(rows: tuple[tuple[str, ...], ...], column: int) -> bool:
    texts = [row[column] for row in rows[1:] if row[column].strip()]
    return bool(texts) and sum(map(looks_numeric, texts)) * 2 > len(texts)


def _at(row: tuple[str, ...], column: int) -> str:
    return row[column] if column < len(row) else ""
