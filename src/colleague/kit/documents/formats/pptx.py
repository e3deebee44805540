"""Slide decks: titles, texts, tables and speaker notes by slide."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pptx import Presentation

from colleague.kit.documents.model import Block, Document


def read(content: bytes, name: str, media_type: str) -> Document:
    """Return the deck; `where` is the slide."""
    deck = Presentation(BytesIO(content))
    blocks: list[Block] = []
    for number, slide in enumerate(deck.slides, 1):
        where = f"slide {number}"
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
    heading = next((b.text for b in blocks if b.kind == "heading"), name)
    return Document(deck.core_properties.title or heading, media_type, "slides", len(deck.slides), tuple(blocks))


def _shape(shape: Any, where: str) -> Iterator[Block]:
    if getattr(shape, "shapes", None) is not None:
        for inner in shape.shapes:
            yield from _shape(inner, where)
    elif getattr(shape, "has_table", False):
        rows = tuple(tuple(" ".join(c.text.split()) for c in row.cells) for row in shape.table.rows)
        yield Block("table", where=where, rows=rows)
    elif getattr(shape, "has_text_frame", False):
        for paragraph in shape.text_frame.paragraphs:
            text = " ".join("".join(r.text for r in paragraph.runs).split())
            if text:
                yield Block("item", text, paragraph.level + 1, where, "•")
