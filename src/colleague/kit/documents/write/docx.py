"""Word documents: real styles, tables with repeated headers, answer boxes, the draft mark in text and metadata."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor

from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.charts import chart_words
from colleague.kit.documents.write.columns import column_widths

INK, GREY, LINE, SHADE = RGBColor(0x1F, 0x29, 0x37), RGBColor(0x6B, 0x72, 0x80), "C9CED6", "F1F3F6"
WIDTH = 16.0


def write_docx(draft: Draft, template: bytes | None = None) -> bytes:
    """Return the draft as a .docx file; with a `template`, in its styles, margins, headers and footers."""
    if template is None:
        document = docx.Document()
        _styles(document)
        section = document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.5)
        section.top_margin, section.bottom_margin = Cm(2.4), Cm(2.2)
        _head_and_foot(section, draft)
    else:
        document = docx.Document(BytesIO(template))
        _emptied(document)
    _add(document, draft.title, "Title")
    if draft.mark:
        paragraph = document.add_paragraph()
        run = paragraph.add_run(draft.mark)
        run.bold, run.font.color.rgb = True, RGBColor(0x9A, 0x34, 0x12)
    for block in draft.blocks:
        _block(document, block)
    core = document.core_properties
    core.title, core.author, core.subject = draft.title, draft.author, draft.mark
    core.comments = "; ".join(f"{k}: {v}" for k, v in draft.metadata.items())[:250]
    core.category = "draft" if draft.mark else "reviewed"
    core.created = core.modified = datetime(2000, 1, 1, tzinfo=UTC)  # Equal drafts give equal files.
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _emptied(document: Any) -> None:
    """Take the sample text out of a template; its last section (page, margins, header, footer) stays."""
    body = document.element.body
    for child in list(body):
        if child.tag != qn("w:sectPr"):
            body.remove(child)


def _add(document: Any, text: str, style: str) -> Any:
    """Add a paragraph in a style, by the name it has in every language; a template without it gives its plain one."""
    known = any(s.name == style for s in document.styles)
    return document.add_paragraph(text, style if known else None)


def _styles(document: Any) -> None:
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size, normal.font.color.rgb = "Calibri", Pt(10.5), INK
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(6), 1.15
    for name, size, before in (("Title", 24, 0), ("Heading 1", 16, 18), ("Heading 2", 13, 14), ("Heading 3", 11, 10)):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.color.rgb = "Calibri", Pt(size), True, INK
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(4)
        style.paragraph_format.keep_with_next = True
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("w:asciiTheme", "w:hAnsiTheme"):
            fonts.attrib.pop(qn(theme), None)
        fonts.set(qn("w:ascii"), "Calibri")
        fonts.set(qn("w:hAnsi"), "Calibri")
    borders = document.styles["Title"].element.find(f".//{qn('w:pBdr')}")
    if borders is not None:
        borders.getparent().remove(borders)


def _head_and_foot(section: Any, draft: Draft) -> None:
    if draft.mark:
        head = section.header.paragraphs[0]
        head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        _small(head.add_run(draft.mark))
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _small(foot.add_run(f"{draft.title[:70]}  ·  "))
    run = foot.add_run()
    _small(run)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)


def _small(run: Any) -> None:
    run.font.size, run.font.color.rgb = Pt(8.5), GREY


def _cite(paragraph: Any, where: str) -> None:
    if where:
        _small(paragraph.add_run(f"  [{where}]"))


def _block(document: Any, block: Block) -> None:
    match block.kind:
        case "heading":
            _cite(_add(document, block.text, f"Heading {min(max(block.level, 1), 3)}"), block.where)
        case "item":
            own = block.label and block.label not in "•-*"
            paragraph = document.add_paragraph() if own else _add(document, "", "List Bullet")
            if own:
                indent = Cm(0.9 * max(block.level, 1))
                paragraph.paragraph_format.left_indent = indent
                paragraph.paragraph_format.first_line_indent = Cm(-0.9)
                paragraph.paragraph_format.tab_stops.add_tab_stop(indent)
                paragraph.add_run(f"{block.label}\t")
            paragraph.add_run(block.text)
            _cite(paragraph, block.where)
        case "table":
            _table(document, block)
        case "chart":
            paragraph = document.add_paragraph()
            run = paragraph.add_run(chart_words(block))
            run.italic, run.font.color.rgb = True, GREY
            _table(document, block)
        case "box":
            table = document.add_table(rows=1, cols=1)
            _frame(table)
            cell = table.rows[0].cells[0]
            _small(cell.paragraphs[0].add_run(block.text))
            cell.add_paragraph("")
            cell.add_paragraph("")
            document.add_paragraph().paragraph_format.space_after = Pt(2)
        case "note" | "speaker":
            paragraph = document.add_paragraph()
            run = paragraph.add_run(block.text)
            run.italic, run.font.color.rgb = True, GREY
            _cite(paragraph, block.where)
        case _:
            paragraph = document.add_paragraph(block.text)
            _cite(paragraph, block.where)


def _frame(table: Any) -> None:
    """Give a table thin grey borders."""
    properties = table._tbl.tblPr
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        edge = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            edge.set(qn(f"w:{name}"), value)
        borders.append(edge)
    properties.append(borders)


def _table(document: Any, block: Block) -> None:
    columns = max((len(r) for r in block.rows), default=0)
    if not columns:
        return
    table = document.add_table(rows=0, cols=columns)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _frame(table)
    section = document.sections[-1]
    sides = (section.page_width, section.left_margin, section.right_margin)
    width = Emu(sides[0] - sides[1] - sides[2]).cm if all(s is not None for s in sides) else WIDTH
    widths = column_widths(block.rows, max(width, 4), letter=0.19, padding=0.45)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)  # Word goes by the cells, LibreOffice by the grid.
    for number, row in enumerate(block.rows):
        cells = table.add_row().cells
        for column in range(columns):
            cell = cells[column]
            cell.width = Cm(widths[column])
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(2)
            run = paragraph.add_run(row[column] if column < len(row) else "")
            run.font.size, run.bold = Pt(9), number == 0
            if number == 0:
                shade = OxmlElement("w:shd")
                shade.set(qn("w:val"), "clear")
                shade.set(qn("w:fill"), SHADE)
                cell._tc.get_or_add_tcPr().append(shade)
    if len(block.rows) > 1:
        repeat = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    _cite(document.add_paragraph(), block.where)
