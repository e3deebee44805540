"""What changed between two versions of a document, by block, and in tables by row. Pure."""

from difflib import SequenceMatcher
from typing import Literal

from colleague.kit.documents.model import Block, Document

MOST = 20_000
Change = tuple[Literal["same", "added", "removed", "changed"], str, str]


def _lines(document: Document) -> list[str]:
    return [line for block in document.blocks for line in _of(block)]


def _of(block: Block) -> list[str]:
    return [*([block.text] if block.text else []), *(" | ".join(row) for row in block.rows)] or [""]


def differences(old: Document, new: Document) -> list[Change]:
    """Return (kind, old text, new text) in reading order."""
    before, after = _lines(old)[:MOST], _lines(new)[:MOST]
    changes: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            changes += [("same", text, text) for text in before[a:b]]
            continue
        left, right = before[a:b], after[c:d]
        for number in range(max(len(left), len(right))):
            x = left[number] if number < len(left) else ""
            y = right[number] if number < len(right) else ""
            changes.append(("changed" if x and y else "removed" if x else "added", x, y))
    return changes
