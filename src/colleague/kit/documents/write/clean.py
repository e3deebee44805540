"""Text that every writer can take: characters that XML or a font cannot hold are dropped. Pure."""

import re
from dataclasses import replace

from colleague.kit.documents.model import Block, Draft

_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def clean(text: str) -> str:
    """Return `text` without control characters and lone surrogates."""
    return _BAD.sub("", text)


def no_formula(cell: str) -> str:
    """Return a cell for CSV: what a spreadsheet would take for a formula gets an apostrophe in front (OWASP)."""
    is_number = cell.replace(".", "", 1).removeprefix("-").isdecimal()
    return f"'{cell}" if cell.lstrip(" ")[:1] in _FORMULA and not is_number else cell


def cleaned(draft: Draft) -> Draft:
    """Return the draft with every text cleaned."""
    blocks = tuple(
        Block(
            b.kind,
            clean(b.text),
            b.level,
            clean(b.where),
            clean(b.label),
            tuple(tuple(clean(c) for c in row) for row in b.rows),
            b.chart,
        )
        for b in draft.blocks
    )
    return replace(
        draft, title=clean(draft.title)[:250], blocks=blocks, mark=clean(draft.mark), author=clean(draft.author)
    )
