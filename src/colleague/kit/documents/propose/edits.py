"""Propose changes in a Word file: the one door to this folder."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from colleague.kit.documents.propose.mark import Marks, write_change
from colleague.kit.documents.propose.model import (
    LONGEST_COMMENT,
    LONGEST_FIND,
    LONGEST_NEW,
    MOST,
    Change,
    Edit,
    EditsOverlap,
    EditsTooMany,
    PassageOutOfReach,
    Proposed,
)
from colleague.kit.documents.propose.package import WordFile
from colleague.kit.documents.propose.passages import Target, aim, hidden_styles, paragraphs
from colleague.kit.documents.propose.words import W
from colleague.kit.documents.write.clean import clean


def propose_edits(content: bytes, name: str, edits: Sequence[Edit], *, author: str, at: datetime) -> Proposed:
    """Return the Word file `content` with `edits` as tracked changes of `author` at `at`, and what they do.

    All or nothing. Raises NotWord, FileLocked, WordTooLarge, EditsTooMany, PassageNotFound, PassageNotUnique,
    PassageOutOfReach, EditsOverlap, and for what cannot be opened DocumentEncrypted, DocumentBomb, DocumentDamaged.
    """
    if not 0 < len(edits) <= MOST or any(
        len(e.find) > LONGEST_FIND or len(e.replace) > LONGEST_NEW or len(e.comment) > LONGEST_COMMENT for e in edits
    ):
        raise EditsTooMany
    # Characters that XML cannot hold would make a file that nobody opens.
    wanted = [replace(e, replace=clean(e.replace), comment=clean(e.comment).strip()) for e in edits]
    file = WordFile(content, name)
    hidden, parts = hidden_styles(file.tree("word/styles.xml")), file.texts()
    found = [p for word, tree in parts.values() for p in paragraphs(word, tree, hidden)]
    targets = aim(wanted, found)
    _refuse_overlaps(targets)
    author = clean(author)
    marks = Marks(author, stamp := at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), _highest(parts.values()))
    for target in sorted(targets, key=lambda t: (t.start, t.end), reverse=True):
        note = file.comment(target.edit.comment, author, stamp) if target.edit.comment else ""
        write_change(target, marks, note)
    roots = {id(t.paragraph.element.getroottree().getroot()) for t in targets}
    touched = {part for part, (_, tree) in parts.items() if id(tree) in roots}
    changes = tuple(Change(t.paragraph.part, t.before, t.after, t.edit.comment) for t in targets)
    return Proposed(file.save(touched), changes)


def _refuse_overlaps(targets: list[Target]) -> None:
    for target in targets:
        if target.edit.comment and target.paragraph.part != "document":
            why = f"Word knows no comments in a {target.paragraph.part}: leave the comment out."
            raise PassageOutOfReach(find=target.edit.find[:120], why=why)
    for number, one in enumerate(targets):
        for other in targets[number + 1 :]:
            same = one.paragraph.element is other.paragraph.element
            if same and one.start <= other.end and other.start <= one.end:
                raise EditsOverlap(find=other.edit.find[:120])


def _highest(parts: Iterable[tuple[str, Any]]) -> int:
    """Return the highest number that any mark of these parts bears."""
    found = 0
    for _, tree in parts:
        for mark in tree.iter():
            number = mark.get(f"{W}id") if isinstance(mark.tag, str) else None
            if number and number.isdecimal() and len(number) < 10:
                found = max(found, int(number))
    return found
