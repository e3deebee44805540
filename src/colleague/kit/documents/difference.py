"""What changed between two versions of a document, by block. Pure."""

from difflib import SequenceMatcher
from typing import Literal

from colleague.kit.documents.model import Block, Document

Change = tuple[Literal["same", "added", "removed", "changed"], str, str]


def _line(block: Block) -> str:
    return block.text or " | ".join(cell for row in block.rows for cell in row)


def differences(old: Document, new: Document) -> list[Change]:
    """Return (kind, old text, new text) in reading order."""
    before, after = [_line(b) for b in old.blocks], [_line(b) for b in new.blocks]
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
