"""A change proposed in a Word file is tracked: accepted it stands, rejected the file is what it was, all else stays."""

import io
import re
import time
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.kit.word import Office

from colleague.kit.documents.formats.docx import read
from colleague.kit.documents.guard import DocumentBomb, DocumentEncrypted
from colleague.kit.documents.propose.edits import propose_edits
from colleague.kit.documents.propose.model import (
    Edit,
    EditsOverlap,
    EditsTooMany,
    FileLocked,
    NotWord,
    PassageNotFound,
    PassageNotUnique,
    PassageOutOfReach,
    Proposed,
)
from colleague.kit.documents.read import read_document
from colleague.kit.documents.sniff import DOCX

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
pytestmark = pytest.mark.anyio


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def agreement() -> Any:
    """A document with runs that part words, a table, a header, a list, a picture's place and a link."""
    made = docx.Document()
    made.add_heading("Supply agreement", 1)
    line = made.add_paragraph("The supplier delivers within ")
    for part in ("thir", "ty"):
        line.add_run(part).bold = True
    line.add_run(" days after receipt.")
    made.add_paragraph("This clause goes away entirely.")
    made.add_paragraph("Payment is due in 30 days.", style="List Number")
    table = made.add_table(2, 2)
    for cell, text in zip(table._cells, ("Item", "Price", "Bolt", "3 EUR"), strict=True):
        cell.text = text
    made.add_paragraph("Late payment bears interest.")
    made.sections[0].header.paragraphs[0].text = "Draft of 4 May"
    return made


def with_paragraph(inside: str) -> bytes:
    """A document whose first paragraph is the given WordprocessingML."""
    made = docx.Document()
    made.element.body.insert(0, parse_xml(f"<w:p {NS}>{inside}</w:p>"))
    made.add_paragraph("The end.")
    return saved(made)


def propose(content: bytes, *edits: Edit) -> Proposed:
    return propose_edits(content, "a.docx", edits, author="Colleague for Ana Ruiz", at=NOON)


def decided(content: bytes, *, accept: bool) -> bytes:
    """Accept or reject everything by the plain rules of the format, in the document itself."""
    made = docx.Document(io.BytesIO(content))
    body = made.element.body
    gone, kept = ("del", "ins") if accept else ("ins", "del")
    for end in reversed(list(body.iterfind(f".//{W}pPr/{W}rPr/{W}{gone}"))):
        paragraph = end.getparent().getparent().getparent()
        for part in [p for p in paragraph.getnext() if p.tag != f"{W}pPr"]:
            paragraph.append(part)
        paragraph.getnext().getparent().remove(paragraph.getnext())
        end.getparent().remove(end)
    for mark in list(body.iter(f"{W}{gone}")):
        mark.getparent().remove(mark)
    for mark in list(body.iter(f"{W}{kept}")):
        for child in list(mark):
            mark.addprevious(child)
        mark.getparent().remove(mark)
    for text in body.iter(f"{W}delText"):
        text.tag = f"{W}t"
    return saved(made)


def looks(content: bytes) -> list[list[tuple[str, str]]]:
    """Every paragraph as its letters, each with its look: how runs are parted does not matter."""
    result = []
    for paragraph in docx.Document(io.BytesIO(content)).element.body.iter(f"{W}p"):
        letters = []
        for run in paragraph.iter(f"{W}r"):
            look = run.find(f"{W}rPr")
            marked = "" if look is None else etree.tostring(look).decode()
            letters += [(letter, marked) for text in run.iter(f"{W}t") for letter in text.text or ""]
        own = paragraph.find(f"{W}pPr/{W}pStyle")
        result.append([("¶", "" if own is None else own.get(f"{W}val")), *letters])
    return result


def words(content: bytes) -> list[str]:
    made = docx.Document(io.BytesIO(content))
    return [*(p.text for p in made.paragraphs), *(c.text for t in made.tables for c in t._cells),
            *(p.text for s in made.sections for p in s.header.paragraphs if p.text)]  # fmt: skip


EDITS = (
    Edit("within thirty days", "within sixty days", comment="As Dana asked."),
    Edit("This clause goes away entirely.", ""),
    Edit("due in 30 days.", "due in 30 days net.\nPayment is made in euros.\nNo discount is given."),
    Edit("3 EUR", "4 EUR"),
    Edit("Late payment bears interest", "Late payment bears interest of 5 % a year"),
    Edit("4 May", "9 May"),
)
ACCEPTED = [
    "Supply agreement", "The supplier delivers within sixty days after receipt.", "Payment is due in 30 days net.",
    "Payment is made in euros.", "No discount is given.", "Late payment bears interest of 5 % a year.",
    "Item", "Price", "Bolt", "4 EUR", "Draft of 9 May",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.peer("libreoffice")
def test_another_office_accepts_and_rejects(tmp_path: Path) -> None:
    before, office = saved(agreement()), Office(tmp_path)
    proposed = propose(before, *EDITS).content
    assert words(office.decide(proposed, "Accept")) == ACCEPTED
    assert words(office.decide(proposed, "Reject")) == words(before)


def test_rejected_it_is_what_it_was_look_by_look() -> None:
    before = saved(agreement())
    proposed = propose(before, *EDITS[:5]).content
    assert looks(decided(proposed, accept=False)) == looks(before)
    assert words(decided(proposed, accept=True)) == [*ACCEPTED[:-1], "Draft of 4 May"]
    sixty = [look for letter, look in looks(decided(proposed, accept=True))[1] if "<w:b/>" in look]
    assert len(sixty) == 5, "what is put in looks like what it stands for"


async def test_the_file_reads_as_if_accepted_and_says_so() -> None:
    proposed = propose(saved(agreement()), *EDITS).content
    document = await read_document(proposed, "a.docx")
    text = "\n".join(b.text for b in document.blocks)
    assert "within sixty days" in text
    assert "thirty" not in text
    assert "goes away" not in text
    assert ("comment by Colleague for Ana Ruiz", "As Dana asked.") in [(b.where, b.text) for b in document.blocks]
    assert any("deleted by tracked changes were left out" in w for w in document.warnings)


def test_a_row_and_a_note_that_were_deleted_are_not_read() -> None:
    made = agreement()
    row = made.tables[0].rows[1]._tr
    row.get_or_add_trPr().append(parse_xml(f'<w:del {NS} w:id="9" w:author="B" w:date="2026-01-01T00:00:00Z"/>'))
    notes = f"""<w:footnotes {NS}><w:footnote w:id="2"><w:p><w:r><w:t>Old </w:t></w:r><w:moveFrom w:id="3">
        <w:r><w:t>moved away </w:t></w:r></w:moveFrom><w:r><w:t>rest.</w:t></w:r></w:p></w:footnote></w:footnotes>"""
    document = read(repacked(saved(made), "word/footnotes.xml", notes.encode()), "a.docx", DOCX)
    assert [b.text for b in document.blocks if b.where == "footnote 1"] == ["Old rest."]
    assert [b.rows for b in document.blocks if b.kind == "table"] == [(("Item", "Price"),)]
    assert any("deleted" in w for w in document.warnings)


def test_all_else_keeps_its_bytes() -> None:
    before = saved(agreement())
    after = propose(before, EDITS[0], EDITS[3]).content
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(after)) as new:
        added = {"word/comments.xml"} - set(old.namelist())
        assert set(new.namelist()) == set(old.namelist()) | added
        changed = {n for n in old.namelist() if old.read(n) != new.read(n)}
    assert changed <= {"word/document.xml", "word/comments.xml", "word/_rels/document.xml.rels", "[Content_Types].xml"}


def test_every_mark_says_who_and_when_and_has_its_own_number() -> None:
    proposed = propose(saved(agreement()), *EDITS).content
    with zipfile.ZipFile(io.BytesIO(proposed)) as file:
        trees = [etree.fromstring(file.read(n)) for n in file.namelist() if re.fullmatch(r"word/(doc|head).*\.xml", n)]
    marks = [m for t in trees for name in ("ins", "del") for m in t.iter(f"{W}{name}")]
    assert len(marks) > 8
    assert {m.get(f"{W}author") for m in marks} == {"Colleague for Ana Ruiz"}
    assert {m.get(f"{W}date") for m in marks} == {"2026-05-04T12:00:00Z"}
    assert len({m.get(f"{W}id") for m in marks}) == len(marks)


def test_what_changes_is_told_passage_by_passage() -> None:
    changes = propose(saved(agreement()), *EDITS).changes
    assert [c.where for c in changes] == ["document"] * 5 + ["header"]
    assert changes[0].before == "The supplier delivers within thirty days after receipt."
    assert changes[0].after == "The supplier delivers within sixty days after receipt."
    assert changes[1].after == ""


def test_a_second_round_goes_on_beside_the_first() -> None:
    once = propose(saved(agreement()), EDITS[0]).content
    twice = propose(once, Edit("after receipt", "after receipt of the order", comment="Say of what.")).content
    assert (
        words(decided(twice, accept=True))[1] == "The supplier delivers within sixty days after receipt of the order."
    )
    with pytest.raises(PassageOutOfReach, match="proposed already"):
        propose(once, Edit("sixty", "ninety"))
    with pytest.raises(PassageNotFound):
        propose(once, Edit("thirty", "ninety"))


def test_which_of_several_must_be_said() -> None:
    made = docx.Document()
    for text in ("Notify the buyer.", "The buyer answers the buyer."):
        made.add_paragraph(text)
    with pytest.raises(PassageNotUnique, match="stands in the file 3 times") as refused:
        propose(saved(made), Edit("buyer", "customer"))
    assert "Notify the buyer." in refused.value.message
    proposed = propose(saved(made), Edit("buyer", "customer", 3), Edit("buyer", "client", 1)).content
    assert words(decided(proposed, accept=True)) == ["Notify the client.", "The buyer answers the customer."]
    with pytest.raises(PassageNotFound):
        propose(saved(made), Edit("buyer", "customer", 4))


def test_blanks_tabs_and_breaks_are_one() -> None:
    content = with_paragraph('<w:r><w:t>Total</w:t><w:tab/><w:t xml:space="preserve">12 EUR</w:t><w:br/></w:r>')
    assert (
        words(decided(propose(content, Edit("Total 12 EUR", "Total 14 EUR")).content, accept=True))[0]
        == "Total\t14 EUR\n"
    )


LINK = '<w:hyperlink w:anchor="x"><w:r><w:t>the annex</w:t></w:r></w:hyperlink>'
FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DATE</w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>4 May</w:t></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
)
LEAD = '<w:r><w:t xml:space="preserve">See </w:t></w:r>'
REST = '<w:r><w:t xml:space="preserve"> for prices.</w:t></w:r>'


def test_inside_a_link_and_beside_a_field() -> None:
    linked = propose(with_paragraph(LEAD + LINK + REST), Edit("the annex", "the first annex")).content
    made = docx.Document(io.BytesIO(decided(linked, accept=True)))
    assert "".join(t.text for t in made.element.body.find(f"{W}p/{W}hyperlink").iter(f"{W}t")) == "the first annex"
    beside = propose(with_paragraph(LEAD + FIELD + REST), Edit("for prices", "for all prices")).content
    assert words(decided(beside, accept=True))[0] == "See 4 May for all prices."
    at_the_edge = propose(with_paragraph(LEAD + LINK + REST), Edit("the annex for", "the annex A for")).content
    assert words(decided(at_the_edge, accept=True))[0] == "See the annex A for prices."


@pytest.mark.parametrize(
    ("inside", "edit", "why"),
    [
        (LEAD + LINK + REST, Edit("See the annex", "Consult annexes"), "edge of a link"),
        (LEAD + FIELD + REST, Edit("4 May", "9 May"), "Word computes"),
        (LEAD + FIELD + REST, Edit("See 4 May for", "On 9 June with"), "Word computes"),
        ('<w:fldSimple w:instr="PAGE"><w:r><w:t>seven</w:t></w:r></w:fldSimple>', Edit("seven", "eight"), "computes"),
        ('<w:r><w:t>one</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>two</w:t></w:r>',
         Edit("onetwo", "three"), "picture, a note"),
        ('<w:ins w:id="1" w:author="B"><w:r><w:t>theirs</w:t></w:r></w:ins>', Edit("theirs", "ours"), "already"),
        ('<w:r><w:t>one</w:t></w:r><w:del w:id="1" w:author="B"><w:r><w:delText>x</w:delText></w:r></w:del>'
         "<w:r><w:t>two</w:t></w:r>", Edit("onetwo", "three"), "proposed already"),
        ('<w:r><w:t>one</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>two</w:t></w:r>',
         Edit("onetwo", "three"), "hidden"),
        ("<w:sdt><w:sdtContent><w:r><w:t>chosen</w:t></w:r></w:sdtContent></w:sdt>", Edit("chosen", "other"), "form"),
        ("<w:r><w:t>one line</w:t></w:r>", Edit("one", "one\nmore"), "at the end"),
        ("<w:r><w:t>one line</w:t></w:r>", Edit("one", "one"), "already"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_properly_is_refused_plainly(inside: str, edit: Edit, why: str) -> None:
    with pytest.raises(PassageOutOfReach, match=why):
        propose(with_paragraph(inside), edit)


def test_hidden_words_cannot_be_found() -> None:
    with pytest.raises(PassageNotFound):
        propose(with_paragraph("<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"), Edit("secret", "x"))


def test_a_comment_alone_changes_nothing() -> None:
    before = saved(agreement())
    proposed = propose(before, Edit("after receipt", "after receipt", comment="Of what?"))
    assert looks(proposed.content) == looks(before)
    assert b"commentRangeStart" in zipfile.ZipFile(io.BytesIO(proposed.content)).read("word/document.xml")
    with pytest.raises(PassageOutOfReach, match="no comments"):
        propose(before, Edit("4 May", "9 May", comment="Later."))


def test_two_changes_of_the_same_words_are_refused() -> None:
    with pytest.raises(EditsOverlap):
        propose(saved(agreement()), Edit("within thirty", "in sixty"), Edit("thirty days", "sixty weeks"))


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [Edit("a", "b")] * 101,
        [Edit("a" * 2001, "b")],
        [Edit("a", "b" * 8001)],
        [Edit("a", "b", comment="c" * 2001)],
    ],
)
def test_too_much_at_once_is_refused(edits: Sequence[Edit]) -> None:
    with pytest.raises(EditsTooMany):
        propose(saved(agreement()), *edits)


def test_what_is_no_word_file_is_refused() -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as file:
        file.writestr("xl/workbook.xml", "<workbook/>")
    for content in (b"plain text", book.getvalue(), b"%PDF-1.7", b""):
        with pytest.raises(NotWord):
            propose(content, EDITS[0])
    sealed = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(DocumentEncrypted):
        propose(sealed, EDITS[0])
    with pytest.raises(NotWord):
        propose_edits(saved(agreement()), "a.docm", EDITS[:1], author="C", at=NOON)


def repacked(content: bytes, name: str, part: bytes) -> bytes:
    """The file with one part put in, or put in the place of another."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for kept in set(old.namelist()) - {name}:
            new.writestr(kept, old.read(kept))
        new.writestr(name, part)
    return out.getvalue()


def test_signed_locked_and_trapped_files_are_refused() -> None:
    before = saved(agreement())
    with pytest.raises(FileLocked, match="signed"):
        propose(repacked(before, "_xmlsignatures/sig1.xml", b"<x/>"), EDITS[0])
    lock = f'<w:settings {NS}><w:documentProtection w:edit="readOnly" w:enforcement="1"/></w:settings>'.encode()
    with pytest.raises(FileLocked, match="protected"):
        propose(repacked(before, "word/settings.xml", lock), EDITS[0])
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + f"<w:document {NS}><w:body/></w:document>".encode()
    with pytest.raises(DocumentBomb):
        propose(repacked(before, "word/document.xml", bomb), EDITS[0])


def test_letters_that_xml_cannot_hold_do_not_break_the_file() -> None:
    proposed = propose(saved(agreement()), Edit("thirty", "six\x00\x0b\ud800ty")).content
    assert "six" in words(decided(proposed, accept=True))[1]


TEXT = st.text(alphabet="ab c.", min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(runs=st.lists(TEXT, min_size=1, max_size=5), start=st.integers(0, 30), size=st.integers(1, 20), new=TEXT)
def test_however_the_runs_part_the_text(runs: list[str], start: int, size: int, new: str) -> None:
    text = "".join(runs)
    find = text[start : start + size]
    if not find.strip() or " ".join(find.split()) == " ".join(new.split()):
        return
    made = docx.Document()
    line = made.add_paragraph()
    for number, part in enumerate(runs):
        line.add_run(part).bold = bool(number % 2)
    before = saved(made)
    # Blanks in what is looked for stand for any white space.
    hits = list(re.finditer(re.sub(r"\s+", r"\\s+", re.escape(find).replace(r"\ ", " ")), text))
    begins = [hit.start() for hit in hits]
    if start not in begins:
        return
    end = hits[begins.index(start)].end()
    proposed = propose(before, Edit(find, new, begins.index(start) + 1)).content
    assert looks(decided(proposed, accept=False)) == looks(before)
    got = words(decided(proposed, accept=True))[0]
    assert " ".join(got.split()) == " ".join((text[:start] + new + text[end:]).split())


def test_a_large_file_is_done_in_seconds() -> None:
    made = docx.Document()
    for number in range(3000):
        made.add_paragraph(f"Clause {number}. " + "The parties agree on what was agreed before. " * 8)
    began = time.process_time()
    edits = [Edit(f"Clause {n}.", f"Article {n}.") for n in range(0, 3000, 31)]
    assert len(propose(saved(made), *edits).changes) == 97
    assert time.process_time() - began < 20
