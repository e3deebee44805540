"""A document cut into passages that can be found and cited: by page and section, never across either. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from colleague.kit.documents.model import Block, Document

LONGEST, SHORTEST, MOST = 1500, 200, 20_000


@dataclass(frozen=True, slots=True)
class Passage:
    """Part of one place (`p. 12`, `sheet Prices!A1`) under one heading."""

    place: str
    heading: str
    text: str


def _words(block: Block) -> str:
    if block.rows:
        return "\n".join(" | ".join(cell for cell in row if cell) for row in block.rows)
    return f"{block.label} {block.text}".strip()


def passages(document: Document) -> Iterator[Passage]:
    """Yield the passages of a document in order, at most 20,000. A passage has about 200 to 1,500 characters."""
    path: list[Block] = []
    place, held = "", ""
    count = 0
    for block in document.blocks:
        title = block.kind == "heading"
        here = block.where.split("!")[0]
        # A text file has a place for each line: there the section is what is cited, from its first line on.
        here = place if held and here.startswith("line") else here
        if held and (title or here != place or len(held) + len(_words(block)) > LONGEST):
            for piece in _cut(held):
                yield Passage(place, _heading(path), piece)
                count += 1
            held = ""
            if count >= MOST:
                return
        place = here
        if title:
            path = [*(b for b in path if b.level < block.level), block]
        elif text := _words(block):
            held = f"{held}\n{text}".strip()
    for piece in _cut(held) if held else ():
        yield Passage(place, _heading(path), piece)


def _heading(path: list[Block]) -> str:
    return " › ".join(b.text for b in path)[:300]


def _cut(text: str) -> Iterator[str]:
    """Yield pieces of at most LONGEST characters, cut at the end of a line or a word where there is one."""
    while len(text) > LONGEST:
        at = max(text.rfind("\n", SHORTEST, LONGEST), text.rfind(". ", SHORTEST, LONGEST) + 1)
        at = at if at > SHORTEST else max(text.rfind(" ", SHORTEST, LONGEST), 0) or LONGEST
        yield text[:at].strip()
        text = text[at:].strip()
    if text:
        yield text
