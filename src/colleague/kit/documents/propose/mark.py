"""Write one change into a paragraph as Word tracks it: w:del round what goes, w:ins round what comes."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from colleague.kit.documents.propose.passages import Piece, Target, anchor
from colleague.kit.documents.propose.words import SPACE, W, element, text_element


class Marks:
    """Who proposes and when, and the numbers that are still free for their marks."""

    def __init__(self, author: str, at: str, first: int) -> None:
        """Take the author, the time as xsd:dateTime, and the first free number."""
        self.author, self.at, self._next = author, at, first

    def mark(self, name: str) -> Any:
        """Return a new w:ins or w:del with author, time and number."""
        self._next += 1
        return element(name, id=str(self._next), author=self.author, date=self.at)


def write_change(target: Target, marks: Marks, comment: str = "") -> None:
    """Change the paragraph of `target`. `comment` is the number of a comment to hang on it ("": none).

    Of several changes in one paragraph the last has to be written first, so that the places of the others stay right.
    """
    if target.start == target.end:
        _put_in(target, marks, comment)
        return
    paragraph, (first, *more) = target.paragraph, ("" if target.kept else target.new).split("\n")
    pieces, _ = paragraph.pieces()
    empties = not target.kept and not target.new and _empties(target, pieces)
    _cut(pieces, target.end, before=True)
    _cut(paragraph.pieces()[0], target.start, before=False)
    runs = _runs(paragraph.pieces()[0], target.start, target.end)
    touched = runs if target.kept else list(_delete(runs, marks))
    if first:
        made = _insertion(first, runs[0], marks)
        touched[-1].addnext(made)
        touched.append(made)
    _add_paragraphs(paragraph.element, more, runs[0], marks)
    if empties:
        _mark_end(paragraph.element, marks.mark("del"))
    if comment:
        _comment(touched, comment)


def _put_in(target: Target, marks: Marks, comment: str) -> None:
    """Put text in between two letters: nothing goes."""
    paragraph, (first, *more), at = target.paragraph, target.new.split("\n"), target.start
    _cut(paragraph.pieces()[0], at, before=_beside(paragraph.pieces()[0], at)[1])
    piece, after = _beside(paragraph.pieces()[0], at)  # The cut may have made it.
    run = piece.run
    touched = [run]
    if first:
        touched = [_insertion(first, run, marks)]
        (run.addnext if after else run.addprevious)(touched[0])
    _add_paragraphs(paragraph.element, more, run, marks)
    if comment:
        _comment(touched, comment)


def _beside(pieces: list[Piece], at: int) -> tuple[Piece, bool]:
    found = anchor(pieces, at)
    assert found is not None, "the place was checked before"
    return found


def _empties(target: Target, pieces: list[Piece]) -> bool:
    """Say whether nothing is left of the paragraph, so that its end goes too (not the last one of a cell or part)."""
    text = "".join(p.text for p in pieces)
    rest = text[: target.start] + text[target.end :]
    following, own = target.paragraph.element.getnext(), target.paragraph.element.find(f"{W}pPr")
    plain = own is None or (own.find(f"{W}sectPr") is None and own.find(f"{W}rPr/{W}ins") is None)
    return (
        not rest.strip() and plain and all(p.text or not p.why for p in pieces)
        and following is not None and following.tag == f"{W}p"
    )  # fmt: skip


def _cut(pieces: list[Piece], at: int, *, before: bool) -> None:
    """Make a run end at `at`; what has no letters there goes to the right (`before`) or stays on the left."""
    index = next((n for n, p in enumerate(pieces) if p.end > at or (before and p.start >= at)), len(pieces))
    if index == len(pieces):
        return
    piece, cut = pieces[index], at - pieces[index].start
    if cut <= 0 and (index == 0 or pieces[index - 1].run is not piece.run):
        return
    run, child = piece.run, piece.child
    right = element("r")
    for name, value in run.attrib.items():
        right.set(name, value)
    if (look := run.find(f"{W}rPr")) is not None:
        right.append(deepcopy(look))
    rest = list(child.itersiblings())
    if cut > 0:
        right.append(text_element(piece.text[cut:]))
        child.text = piece.text[:cut]
        child.set(SPACE, "preserve")
    else:
        right.append(child)
    right.extend(rest)
    run.addnext(right)


def _runs(pieces: list[Piece], start: int, end: int) -> list[Any]:
    found: list[Any] = []
    for piece in pieces:
        if piece.text and piece.start < end and piece.end > start and not any(r is piece.run for r in found):
            found.append(piece.run)
    return found


def _delete(runs: list[Any], marks: Marks) -> Iterator[Any]:
    wrap: Any = None
    for run in runs:
        if wrap is None or run.getprevious() is not wrap:
            wrap = marks.mark("del")
            run.addprevious(wrap)
            yield wrap
        wrap.append(run)
        for text in run.findall(f"{W}t"):
            run.replace(text, text_element(text.text or "", "delText"))


def _insertion(text: str, like: Any, marks: Marks) -> Any:
    made = marks.mark("ins")
    made.append(_run(text, like))
    return made


def _run(text: str, like: Any) -> Any:
    """Return a run that looks like `like`; a tab stays a tab."""
    run = element("r")
    if (look := like.find(f"{W}rPr")) is not None:
        look = deepcopy(look)
        for change in look.findall(f"{W}rPrChange"):
            look.remove(change)
        run.append(look)
    for number, part in enumerate(text.split("\t")):
        if number:
            run.append(element("tab"))
        if part:
            run.append(text_element(part))
    return run


def _add_paragraphs(paragraph: Any, texts: list[str], like: Any, marks: Marks) -> None:
    """Put paragraphs after one. The mark of the last is the one that was there: rejected, they flow together again."""
    last = paragraph
    for text in filter(str.strip, texts):
        added, look = element("p"), last.find(f"{W}pPr")
        if look is not None:
            added.append(deepcopy(look))
            for section in look.findall(f"{W}sectPr"):
                look.remove(section)
        added.append(_insertion(text, like, marks))
        last.addnext(added)
        _mark_end(last, marks.mark("ins"))
        last = added


def _mark_end(paragraph: Any, mark: Any) -> None:
    """Mark the end of a paragraph as inserted or deleted (w:pPr/w:rPr, where the order of elements is fixed)."""
    own = paragraph.find(f"{W}pPr")
    if own is None:
        own = element("pPr")
        paragraph.insert(0, own)
    look = own.find(f"{W}rPr")
    if look is None:
        look = element("rPr")
        after = next((c for c in own if c.tag in (f"{W}sectPr", f"{W}pPrChange")), None)
        own.append(look) if after is None else after.addprevious(look)
    look.insert(0, mark)


def _comment(touched: list[Any], number: str) -> None:
    touched[0].addprevious(element("commentRangeStart", id=number))
    end, run = element("commentRangeEnd", id=number), element("r")
    run.append(element("commentReference", id=number))
    touched[-1].addnext(end)
    end.addnext(run)
