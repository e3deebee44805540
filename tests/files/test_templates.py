"""An administrator's masters shape what is written; nothing that runs or loads gets in; each version is pinned."""

import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.shared import RGBColor
from pptx import Presentation

from colleague.files.outputs import get_output, output_content, write_output
from colleague.files.reviews.decide import review_output
from colleague.files.templates import (
    BadTemplate,
    OtherFormat,
    TemplateNotThere,
    add_template,
    check_template,
    choose_template,
    find_template,
    list_templates,
    withdraw_template,
)
from colleague.identity.actor import PermissionMissing
from colleague.kit.documents.guard import DocumentBomb, DocumentDamaged
from colleague.kit.documents.model import Block, Draft
from colleague.kit.documents.write.formats import write
from colleague.kit.errors import Invalid
from colleague.policy.model import Label
from colleague.tasks.delegate import delegate
from colleague.tasks.store import newest_run
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
DRAFT = Draft("Offer", (Block("heading", "Terms", 1), Block("item", "First", 1), Block("table", rows=(("A",), ("1",)))))


def letter(words: str = "SAMPLE TEXT", colour: str = "B00020") -> bytes:
    """A letter of the house: its own heading colour, a footer, sample text."""
    document = docx.Document()
    document.styles["Heading 1"].font.color.rgb = RGBColor.from_string(colour)
    document.sections[0].footer.paragraphs[0].text = "Aldermoor Ltd"
    document.add_paragraph(words)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def slides() -> bytes:
    out = io.BytesIO()
    Presentation().save(out)
    return out.getvalue()


def changed(content: bytes, parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            if part not in parts:
                new.writestr(part, old.read(part))
        for name, raw in parts.items():
            new.writestr(name, raw)
    return out.getvalue()


def part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name)


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> Any:
    home = await furnish(database_url, tmp_path)
    yield home
    await home.house.close()


async def added(home: TestHouse, name: str, content: bytes, *, who: str = "owner", standard: bool = False) -> int:
    checked = await check_template(content)
    async with home.house.database.transaction() as session:
        row = await add_template(
            session,
            home.people[who],
            name,
            checked,
            standard=standard,
            ledger=home.house.ledger,
            clock=home.house.clock,
        )
        return row.version


async def found(home: TestHouse, kind: str, name: str = "") -> Any:
    async with home.house.database.transaction() as session:
        return await find_template(session, kind, name)


async def test_what_is_written_takes_on_the_styles_and_none_of_the_sample_text() -> None:
    checked = await check_template(letter())
    document = docx.Document(io.BytesIO(write(DRAFT, "docx", checked.content)[0]))
    words = [p.text for p in document.paragraphs]
    assert words[:4] == ["Offer", "Draft: not reviewed", "Terms", "First"]
    assert "SAMPLE TEXT" not in words
    assert document.styles["Heading 1"].font.color.rgb == RGBColor.from_string("B00020")
    assert document.sections[0].footer.paragraphs[0].text == "Aldermoor Ltd"
    assert document.core_properties.category == "draft"


async def test_a_template_without_the_usual_styles_still_works() -> None:
    document = docx.Document()
    for name in ("Heading 1", "Heading 2", "List Bullet", "Title"):
        style = document.styles[name].element
        style.getparent().remove(style)
    out = io.BytesIO()
    document.save(out)
    checked = await check_template(out.getvalue())
    assert docx.Document(io.BytesIO(write(DRAFT, "docx", checked.content)[0])).paragraphs[0].text == "Offer"


RELS = "word/_rels/document.xml.rels"
EVIL_REL = (
    b'<Relationship Id="rEvil" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" '
    b'Target="https://e.example/t" TargetMode="External"/></Relationships>'
)


def loading(kind: bytes) -> bytes:
    return changed(letter(), {RELS: part(letter(), RELS).replace(b"</Relationships>", EVIL_REL % kind)})


@pytest.mark.parametrize(("make", "why"), [
    (lambda: changed(letter(), {"word/vbaProject.bin": b"x"}), "macros"),
    (lambda: changed(letter(), {"word/embeddings/oleObject1.bin": b"x"}), "embedded"),
    (lambda: changed(letter(), {"word/activeX/activeX1.xml": b"<a/>"}), "controls"),
    (lambda: loading(b"attachedTemplate"), "from elsewhere"), (lambda: loading(b"image"), "from elsewhere"),
    (lambda: changed(letter(), {"[Content_Types].xml": part(letter(), "[Content_Types].xml").replace(
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        b"application/vnd.ms-word.document.macroEnabled.main+xml")}), "for macros"),
    (lambda: b"%PDF-1.7", "neither"), (lambda: b"", "neither"), (lambda: b"PK\x03\x04junk", "neither"),
    (lambda: write(DRAFT, "xlsx")[0], "neither"), (lambda: b"x" * 20_000_001, "20 MB"),
    (lambda: changed(slides(), {"ppt/slideMasters/slideMaster1.xml": b"<a/>"}), "nothing can be written"),
])  # fmt: skip
async def test_what_runs_loads_or_cannot_be_used_is_refused_in_words(make: Any, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        await check_template(make())


async def test_bombs_and_damaged_files_are_refused_before_any_parser() -> None:
    bomb = letter()
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'
    with pytest.raises(DocumentBomb):
        await check_template(changed(bomb, {"word/document.xml": entity}))
    with pytest.raises((DocumentDamaged, BadTemplate)):
        await check_template(letter()[:4000])


async def test_a_template_file_becomes_a_plain_one() -> None:
    name = "[Content_Types].xml"
    for content, kind, a, b in (
        (letter(), "docx", b"wordprocessingml.document.main", b"wordprocessingml.template.main"),
        (slides(), "pptx", b"presentationml.presentation.main", b"presentationml.template.main"),
    ):
        as_template = changed(content, {name: part(content, name).replace(a, b)})
        checked = await check_template(as_template)
        assert checked.format == kind
        assert b in part(as_template, name)
        assert b not in part(checked.content, name)


async def test_versions_are_pinned_one_is_standard_and_a_withdrawn_one_is_gone(home: TestHouse) -> None:
    assert await found(home, "docx") is None
    assert await added(home, "Letter", letter(), standard=True) == 1
    assert await added(home, "letter", letter(colour="0000FF")) == 2
    assert await added(home, "report", letter(colour="00FF00")) == 1
    assert await added(home, "deck", slides(), standard=True) == 1
    standard = await found(home, "docx")
    assert (standard.name, standard.version) == ("letter", 2)  # a new version takes the place of the old one
    assert (await found(home, "docx", "report")).version == 1
    assert await found(home, "xlsx") is None
    with pytest.raises(TemplateNotThere, match=r"no docx template «nope». There are: letter, report."):
        await found(home, "docx", "nope")
    with pytest.raises(TemplateNotThere):
        await found(home, "docx", "deck")
    with pytest.raises(OtherFormat):
        await added(home, "letter", slides())
    house = home.house
    async with house.database.transaction() as session:
        await choose_template(session, home.people["owner"], "report", standard=True, ledger=house.ledger)
    assert (await found(home, "docx")).name == "report"
    async with house.database.transaction() as session:
        await withdraw_template(session, home.people["owner"], "report", ledger=house.ledger, clock=house.clock)
        assert [r.name for r in await list_templates(session)] == ["deck", "letter"]
    assert await found(home, "docx") is None
    with pytest.raises(BadTemplate, match="small letters"):
        await added(home, "../x", letter())


async def test_only_who_manages_settings_may_change_templates(home: TestHouse) -> None:
    await added(home, "letter", letter())
    house = home.house
    for who in ("ana", "rita"):
        with pytest.raises(PermissionMissing):
            await added(home, "mine", letter(), who=who)
        async with house.database.transaction() as session:
            with pytest.raises(PermissionMissing):
                await withdraw_template(session, home.people[who], "letter", ledger=house.ledger, clock=house.clock)
            with pytest.raises(PermissionMissing):
                await choose_template(session, home.people[who], "letter", standard=True, ledger=house.ledger)


async def test_a_review_takes_the_mark_off_and_keeps_the_very_template(home: TestHouse) -> None:
    await added(home, "letter", letter(), standard=True)
    house, ana = home.house, home.people["ana"]
    async with house.database.transaction() as session:
        task = await delegate(
            session, ana, "Go", [], model="extractive", tools={}, ledger=house.ledger, clock=house.clock
        )
        run = await newest_run(session, task)
        version = await write_output(
            session, run.id, task, "call_1", DRAFT, name="offer.docx", media="docx", kind="meeting_prep", label=Label(),
            made_from=[], ledger=house.ledger, clock=house.clock, template=await find_template(session, "docx"),
        )  # fmt: skip
    await added(home, "letter", letter(colour="0000FF"))
    async with house.database.transaction() as session:
        await review_output(
            session, ana, ana.id, version.output_id, 1, accept=True, note="", ledger=house.ledger, clock=house.clock
        )
        _, reviewed = await get_output(session, version.output_id)
        document = docx.Document(io.BytesIO(await output_content(session, reviewed)))
    assert document.core_properties.category == "reviewed"
    assert "Draft: not reviewed" not in [p.text for p in document.paragraphs]
    assert document.styles["Heading 1"].font.color.rgb == RGBColor.from_string("B00020")
