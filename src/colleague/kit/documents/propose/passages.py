"""The standing text of a paragraph, piece by piece, with what of it cannot be changed and why. Changes nothing.

Standing: as if every tracked change were accepted; hidden text and deleted text are no part of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from colleague.kit.documents.propose.model import Edit, PassageNotFound, PassageNotUnique, PassageOutOfReach
from colleague.kit.documents.propose.words import GONE, NEW, W

TRACKED: Final = "it touches a change that somebody has proposed already: accept or reject that first."
FIELD: Final = "it touches a field that Word computes (a reference, a date, a number)."
OBJECT: Final = "a picture, a note, a formula or a form field stands in it: choose a shorter passage."
BOX: Final = "it stands in a text box."
FORM: Final = "it stands in a form field that is locked or filled from elsewhere."
EDGE: Final = "it runs over the edge of a link: choose a passage inside or outside of it."
HIDDEN: Final = "hidden text stands in it: choose a shorter passage."
_PLAIN: Final = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_SILENT: Final = frozenset(
    f"{W}{n}" for n in (
        "rPr", "pPr", "lastRenderedPageBreak", "softHyphen", "proofErr", "bookmarkStart", "bookmarkEnd",
        "commentRangeStart", "commentRangeEnd", "permStart", "permEnd", "moveFromRangeStart", "moveFromRangeEnd",
        "moveToRangeStart", "moveToRangeEnd", "hyperlinkPr", "smartTagPr", "customXmlPr",
    )
)  # fmt: skip
_THROUGH: Final = frozenset(f"{W}{n}" for n in ("hyperlink", "smartTag", "customXml", "dir", "bdo"))
_TOKEN: Final = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_OFF: Final = ("0", "false", "off", "none")
_AROUND: Final = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a paragraph: its text ("": something without letters), where it begins, and why it is barred."""

    text: str
    start: int
    run: Any
    child: Any
    why: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a part. `depth`: how many fields are open where it begins; `why`: all of it is barred."""

    part: str
    element: Any
    depth: int
    why: str
    hidden: frozenset[str]

    def pieces(self) -> tuple[list[Piece], int]:
        """Return its pieces as they are now, and how many fields are open at its end."""
        walk = _Walk(self.depth, self.hidden)
        walk.inside(self.element, self.why)
        return walk.pieces, walk.depth


@dataclass(frozen=True, slots=True)
class Target:
    """Where an edit takes effect: the changed words only, without what stays at both ends.

    `kept`: nothing changes there, it only gets a comment.
    """

    edit: Edit
    paragraph: Paragraph
    start: int
    end: int
    new: str
    before: str
    after: str
    kept: bool = False


class _Walk:
    def __init__(self, depth: int, hidden: frozenset[str]) -> None:
        self.pieces: list[Piece] = []
        self.depth, self._hidden, self._at = depth, hidden, 0

    def inside(self, parent: Any, why: str) -> None:
        """Go through what a paragraph, link or insertion holds."""
        for child in parent.iterchildren("*"):
            if child.tag == f"{W}r":
                self._run(child, why)
            elif child.tag in GONE:
                self._add("", child, child, TRACKED)
            elif child.tag in NEW:
                self.inside(child, why or TRACKED)
            elif child.tag == f"{W}fldSimple":
                self.inside(child, why or FIELD)
            elif child.tag in _THROUGH:
                self.inside(child, why)
            elif child.tag == f"{W}sdt":
                for content in child.iterchildren(f"{W}sdtContent"):
                    self.inside(content, why or OBJECT)
            elif child.tag not in _SILENT:
                self._add("", child, child, OBJECT)

    def _run(self, run: Any, why: str) -> None:
        hidden = self._is_hidden(run)
        for child in run.iterchildren("*"):
            if child.tag == f"{W}fldChar":
                kind = child.get(f"{W}fldCharType")
                self.depth = max(0, self.depth + {"begin": 1, "end": -1}.get(kind or "", 0))
                self._add("", run, child, why or FIELD)
                continue
            text = (child.text or "") if child.tag == f"{W}t" else _PLAIN.get(child.tag)
            if child.tag in _SILENT:
                continue
            if hidden:
                self._add("", run, child, why or HIDDEN)
            elif text is None:
                self._add("", run, child, why or (FIELD if child.tag == f"{W}instrText" else OBJECT))
            else:
                self._add(text, run, child, why or (FIELD if self.depth else ""))

    def _add(self, text: str, run: Any, child: Any, why: str) -> None:
        self.pieces.append(Piece(text, self._at, run, child, why))
        self._at += len(text)

    def _is_hidden(self, run: Any) -> bool:
        mark, style = run.find(f"{W}rPr/{W}vanish"), run.find(f"{W}rPr/{W}rStyle")
        if mark is not None:
            return (mark.get(f"{W}val") or "1").lower() not in _OFF
        return style is not None and style.get(f"{W}val") in self._hidden


def hidden_styles(styles: Any | None) -> frozenset[str]:
    """Return the ids of the character styles that hide their text."""
    found = [] if styles is None else styles.iter(f"{W}style")
    marks = ((s.get(f"{W}styleId"), s.find(f"{W}rPr/{W}vanish")) for s in found)
    return frozenset(i for i, m in marks if i and m is not None and (m.get(f"{W}val") or "1").lower() not in _OFF)


def paragraphs(part: str, root: Any, hidden: frozenset[str]) -> Iterator[Paragraph]:
    """Give the standing paragraphs of a part in reading order."""
    depth = 0
    for found in root.iter(f"{W}p"):
        above = list(found.iterancestors())
        if any(a.tag.endswith("}Fallback") or a.tag in GONE or _removed(a) for a in above):
            continue  # The same box once more for old readers; or deleted.
        paragraph = Paragraph(part, found, depth, next(filter(None, map(_barred, above)), ""), hidden)
        depth = paragraph.pieces()[1]
        yield paragraph


def _removed(above: Any) -> bool:
    return above.find(f"{W}trPr/{W}del") is not None or above.find(f"{W}tcPr/{W}cellDel") is not None


def _barred(above: Any) -> str:
    if above.tag == f"{W}txbxContent":
        return BOX
    if above.find(f"{W}trPr/{W}ins") is not None or above.find(f"{W}tcPr/{W}cellIns") is not None:
        return TRACKED
    if above.tag == f"{W}sdt" and any(above.find(f"{W}sdtPr/{W}{n}") is not None for n in ("lock", "dataBinding")):
        return FORM
    return ""


def aim(edits: list[Edit], found: list[Paragraph]) -> list[Target]:
    """Return where each edit takes effect; PassageNotFound, PassageNotUnique or PassageOutOfReach if it cannot."""
    texts = ["".join(piece.text for piece in paragraph.pieces()[0]) for paragraph in found]
    targets = []
    for edit in edits:
        pattern = re.compile("".join(r"\s+" if t.isspace() else re.escape(t) for t in re.split(r"(\s+)", edit.find)))
        if not edit.find.strip():
            raise PassageNotFound(find=edit.find)
        hits = [(p, m) for p, text in zip(found, texts, strict=True) for m in pattern.finditer(text)]
        if not hits or edit.occurrence > len(hits):
            raise PassageNotFound(find=_cut(edit.find))
        if len(hits) > 1 and not edit.occurrence:
            places = " ".join(f"{n}: {p.part}, «{_around(m)}»." for n, (p, m) in enumerate(hits[:20], 1))
            raise PassageNotUnique(find=_cut(edit.find), count=len(hits), places=places)
        targets.append(_target(edit, *hits[max(edit.occurrence, 1) - 1]))
    return targets


def _target(edit: Edit, paragraph: Paragraph, hit: re.Match[str]) -> Target:
    old, new = _TOKEN.findall(hit[0]), _TOKEN.findall(re.sub(r"\s*\n\s*", "\n", edit.replace.replace("\r", "\n")))
    before, whole = 0, min(len(old), len(new))
    while before < whole and _same(old[before], new[before]):
        before += 1
    after = 0
    while "\n" not in new and after < whole - before and _same(old[-1 - after], new[-1 - after]):
        after += 1
    start = hit.start() + len("".join(old[:before]))
    end = hit.end() - len("".join(old[len(old) - after :]))
    text, kept = "".join(new[before : len(new) - after]).rstrip("\n"), False
    if start == end and not text:
        if not edit.comment:
            raise PassageOutOfReach(find=_cut(edit.find), why="what shall stand there stands there already.")
        start, end, text, kept = hit.start(), hit.end(), hit[0], True
    target = Target(edit, paragraph, start, end, text, *_shown(hit.string, start, end, text), kept)
    _check(target, hit.string)
    return target


def _same(old: str, new: str) -> bool:
    return old == new or (old.isspace() and new.isspace() and "\n" not in new)


def _check(target: Target, text: str) -> None:
    pieces, start, end = target.paragraph.pieces()[0], target.start, target.end
    touched = [p for p in pieces if p.start < end and p.end > start and (p.text or start < p.start)]
    why = next((p.why for p in touched if p.why), "")
    if not why and start == end and anchor(pieces, start) is None:
        why = next((p.why for p in pieces if p.start <= start <= p.end and p.why), OBJECT)
    if not why and len({id(p.run.getparent()) for p in touched}) > 1:
        why = EDGE
    if (
        not why
        and not target.kept
        and "\n" in target.new
        and (text[end:].strip() or not _may_part(target.paragraph.element))
    ):
        why = "a paragraph can be added at the end of one that nobody has changed: let the passage end there."
    if why:
        raise PassageOutOfReach(find=_cut(target.edit.find), why=why)


def _may_part(paragraph: Any) -> bool:
    names = ("pPrChange", *(f"rPr/{W}{n}" for n in ("ins", "del", "moveFrom", "moveTo")))
    return all(paragraph.find(f"{W}pPr/{W}{name}") is None for name in names)


def anchor(pieces: list[Piece], at: int) -> tuple[Piece, bool] | None:
    """Return the piece beside which text is put in at `at`, and whether after it; None if none is free."""
    left = next((p for p in reversed(pieces) if p.text and p.start < at <= p.end and not p.why), None)
    right = next((p for p in pieces if p.text and p.start <= at < p.end and not p.why), None)
    if left is None:
        return (right, False) if right is not None else None
    # At the end of a link what comes belongs to the text after it.
    above = left.run.getparent()
    outside = right is not None and above.tag == f"{W}hyperlink" and right.run.getparent() is not above
    return (right, False) if right is not None and outside else (left, True)


def _shown(text: str, start: int, end: int, new: str) -> tuple[str, str]:
    head, tail = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    head, tail = "…" * (start > _AROUND) + head, tail + "…" * (len(text) > end + _AROUND)
    return f"{head}{text[start:end]}{tail}", f"{head}{new}{tail}"


def _cut(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"


def _around(hit: re.Match[str]) -> str:
    return " ".join(hit.string[max(0, hit.start() - 40) : hit.end() + 40].split())
