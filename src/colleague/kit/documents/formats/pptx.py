"""Slide decks: titles, texts, tables, speaker notes and comments by slide; hidden slides are marked."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pptx import Presentation

from colleague.kit.documents.formats.office import Package, chart_block, text_of
from colleague.kit.documents.model import Block, Document

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the deck; `where` is the slide."""
    deck = Presentation(BytesIO(content))
    package = Package(content)
    blocks: list[Block] = []
    warnings: list[str] = []
    for number, slide in enumerate(deck.slides, 1):
        where = f"slide {number}"
        if slide._element.get("show") in ("0", "false"):
            warnings.append(f"Slide {number} is hidden in the show; it was read.")
            where = f"slide {number} (hidden)"
        title = slide.shapes.title
        if title is not None and title.text_frame.text.strip():
            blocks.append(Block("heading", " ".join(title.text_frame.text.split()), 1, where))
        for shape in slide.shapes:
            if title is None or shape.shape_id != title.shape_id:
                blocks += _shape(shape, where)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            text = " ".join(slide.notes_slide.notes_text_frame.text.split())
            if text:
                blocks.append(Block("note", text, where=f"{where}, speaker notes"))
        blocks += _comments(slide, package, where)
    heading = next((b.text for b in blocks if b.kind == "heading"), name)
    warnings += package.warnings()
    title_text = deck.core_properties.title or heading
    count = len(deck.slides)
    return Document(title_text, media_type, "slides", count, tuple(blocks), tuple(warnings), package.labels())


def _shape(shape: Any, where: str) -> Iterator[Block]:
    if getattr(shape, "shapes", None) is not None:
        for inner in shape.shapes:
            yield from _shape(inner, where)
    elif getattr(shape, "has_table", False):
        rows = tuple(tuple(" ".join(c.text.split()) for c in row.cells) for row in shape.table.rows)
        yield Block("table", where=where, rows=rows)
    elif getattr(shape, "has_chart", False):
        try:
            yield chart_block(fromstring(shape.chart.part.blob), where)
        except (ParseError, DefusedXmlException, ValueError, KeyError):
            yield Block("note", "A chart that cannot be read.", where=where)
    elif getattr(shape, "has_text_frame", False):
        for paragraph in shape.text_frame.paragraphs:
            text = " ".join("".join(r.text for r in paragraph.runs).split())
            if text:
                yield Block("item", text, paragraph.level + 1, where, "•")


def _comments(slide: Any, package: Package, where: str) -> Iterator[Block]:
    """Return the comments on a slide, in the old form (p:text) and the threaded one (a:t)."""
    for rel in slide.part.rels.values():
        if rel.reltype.endswith("/comments") and not rel.is_external:
            tree = package.xml(str(rel.target_part.partname).lstrip("/"))
            for comment in [] if tree is None else tree.iter():
                if comment.tag.rpartition("}")[2] == "cm":
                    text = text_of(comment, f"{_P}text") or text_of(comment, f"{_A}t")
                    if text:
                        yield Block("note", text, where=f"{where}, comment")
