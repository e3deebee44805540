"""Text that every writer can take: characters that XML or a font cannot hold are dropped. Pure."""

import re
from dataclasses import replace

from colleague.kit.documents.model import Block, Draft

_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Return `text` without control characters and lone surrogates."""
    return _BAD.sub("", text)


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
        )
        for b in draft.blocks
    )
    return replace(
        draft, title=clean(draft.title)[:250], blocks=blocks, mark=clean(draft.mark), author=clean(draft.author)
    )
