"""An upload is what its content says, bounded, classed by what is in it and by its label; a refusal names the file."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.kit.documents import docx, p, xlsx

from colleague.audit.read import entries
from colleague.audit.tables import EntryRow
from colleague.files.receive import read_uploads
from colleague.files.uploads import (
    ClassTooHigh,
    FileBlocked,
    FileNotThere,
    FileTooLarge,
    TooManyFiles,
    add_file,
    admit,
    clean_name,
    get_file,
    take_in,
)
from colleague.kit.errors import Failure, Invalid
from colleague.policy.governance import BadSetting, change_governance, current_governance
from colleague.policy.model import DataClass, Governance, Integrity
from colleague.tasks.delegate import delegate
from colleague.testing.house import TestHouse, agreed, furnish

pytestmark = pytest.mark.anyio
OPEN = Governance()
GUID = "11111111-2222-3333-4444-555555555555"
LABEL = {"docMetadata/LabelInfo.xml": f'<l:l xmlns:l="x"><l:label id="{{{GUID}}}" enabled="1" removed="0"/></l:l>'}


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> TestHouse:
    return await furnish(database_url, tmp_path)


async def test_nobody_vouches_for_an_upload_and_it_counts_as_confidential() -> None:
    upload = await take_in("../a/b.txt", b"Plain words", limit=100, governance=OPEN)
    assert upload.name == "b.txt"
    assert (upload.label.integrity, upload.label.data_class) == (Integrity.UNTRUSTED, DataClass.CONFIDENTIAL)
    assert upload.label.sources == {"b.txt"}


@pytest.mark.parametrize(("name", "clean"), [
    ("../../etc/passwd", "passwd"), ("C:\\Users\\x\\a.docx", "a.docx"), ("a\x00b\n.txt", "ab.txt"), ("..", "file"),
    ("", "file"), ("/", "file"), (" . ", "file"), ("x" * 400 + ".txt", "x" * 150), ("\u202etxt.exe", "txt.exe"),
    ("\ud800.txt", "txt"), ("a/..", "file"), ("grün 😀.md", "grün 😀.md"),
])  # fmt: skip
def test_a_name_is_only_its_last_part(name: str, clean: str) -> None:
    assert clean_name(name) == clean


async def test_too_large_blocked_and_unreadable_files_are_refused_by_name() -> None:
    with pytest.raises(FileTooLarge, match=r"«a\.txt» is larger than 1 MB"):
        await take_in("a.txt", b"x" * 1_000_001, limit=1_000_000, governance=OPEN)
    for head in (b"\x7fELF", b"MZ\x90\x00", b"#!/bin/sh\n"):
        with pytest.raises(FileBlocked, match=r"«offer\.pdf»"):
            await take_in("offer.pdf", head + b"\0" * 100, limit=1000, governance=OPEN)
    with pytest.raises(FileBlocked, match="text/html"):
        await take_in("a.txt", b"<html>x", limit=1000, governance=Governance(blocked_types=("text/html",)))
    protected = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    half = docx(p("x"))[:300]
    faults = {b"": "empty", b"\0\1\2": "cannot be read", half: "(damaged|cannot be read)", protected: "protected"}
    for content, word in faults.items():
        with pytest.raises(Invalid, match=rf"«a\.docx».*{word}"):
            await take_in("a.docx", content, limit=1000, governance=OPEN)


async def test_any_bytes_end_in_an_upload_or_a_clear_word() -> None:
    for size in (1, 7, 300, 5000):
        for name in ("a.pdf", "a.docx", "a.eml", "a.csv"):
            try:
                upload = await take_in(name, os.urandom(size), limit=10_000, governance=OPEN)
            except Failure as failure:
                assert "«" in failure.message  # noqa: PT017 (a refusal is one of two good ends)
            else:
                assert upload.document.blocks is not None


async def test_what_is_in_a_file_raises_its_class() -> None:
    secret = b"deploy with AKIA" + b"ABCDEFGHIJKLMNOP"
    with pytest.raises(ClassTooHigh, match=r"«a.txt» counts as restricted \(access key, found .*highest-input"):
        await take_in("a.txt", secret, limit=1000, governance=OPEN)
    table = xlsx(
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>' + secret.decode() + "</t></is></c></row></sheetData>"
    )
    with pytest.raises(ClassTooHigh):
        await take_in("a.xlsx", table, limit=100_000, governance=OPEN)
    upload = await take_in("a.txt", secret, limit=1000, governance=Governance(highest_input=DataClass.RESTRICTED))
    assert upload.label.data_class == DataClass.RESTRICTED


@pytest.mark.parametrize(("mapped", "found"), [
    ((), DataClass.CONFIDENTIAL), ((f"{GUID}=restricted",), DataClass.RESTRICTED),
    ((f"{GUID}=public",), DataClass.CONFIDENTIAL),
])  # fmt: skip
async def test_a_sensitivity_label_only_raises_the_class(mapped: tuple[str, ...], found: DataClass) -> None:
    governance = Governance(highest_input=DataClass.RESTRICTED, label_classes=mapped)
    upload = await take_in("a.docx", docx(p("words"), LABEL), limit=100_000, governance=governance)
    assert upload.label.data_class == found


async def test_an_administrator_says_what_labels_stand_for(home: TestHouse) -> None:
    house, owner = home.house, home.people["owner"]
    async with house.database.transaction() as session:
        change = {"label_classes": [f"{{{GUID.upper()}}} = Restricted"]}
        await agreed(session, owner, change, ledger=house.ledger, clock=house.clock)
    async with house.database.transaction() as session:
        governance = await current_governance(session)
    assert governance.label_classes == (f"{GUID}=restricted",)
    with pytest.raises(ClassTooHigh, match="the sensitivity label"):
        await take_in("a.docx", docx(p("words"), LABEL), limit=100_000, governance=governance)
    for wrong in (["x=public"], [f"{GUID}=topsecret"], [GUID], "abc", [7]):
        with pytest.raises(BadSetting):
            async with house.database.transaction() as session:
                await agreed(session, owner, {"label_classes": wrong}, ledger=house.ledger, clock=house.clock)
    await house.close()


async def test_a_stored_file_is_on_record_without_its_content_or_name(home: TestHouse) -> None:
    house, ana = home.house, home.people["ana"]
    odd = b"# Title\n\nsome \x01 words \\u0000\n" + b"more\n" * 3000 + b"\x00"
    upload = await take_in("merger with Acme.md", odd, limit=100_000, governance=OPEN)
    async with house.database.transaction() as session:
        task = await delegate(
            session,
            ana,
            "Read it",
            [upload, upload],
            model="extractive",
            tools={},
            ledger=house.ledger,
            clock=house.clock,
        )
        with pytest.raises(FileNotThere):  # two of one name: neither is meant
            await get_file(session, task, "merger with Acme.md")
        extra = await add_file(session, ana, task, upload, ledger=house.ledger, clock=house.clock)
        assert (await get_file(session, task, extra)).sha256
        with pytest.raises(FileNotThere):
            await get_file(session, "task_other", extra)
    async with house.database.transaction() as session:
        seen = await entries(session, "r", ledger=house.ledger, verb="file.added")
    assert len(seen) == 3
    assert "Acme" not in str(seen)
    await house.close()


class _Form:
    """What a form hands over, without a web server."""

    def __init__(self, name: str, content: bytes) -> None:
        self.filename, self._content = name, content

    async def read(self, size: int) -> bytes:
        return self._content[:size]


async def test_a_form_is_read_up_to_its_limits() -> None:
    assert await read_uploads([_Form("", b""), _Form("a", b"x")], 5) == [("a", b"x")]  # type: ignore[list-item]
    with pytest.raises(FileTooLarge):
        await read_uploads([_Form("a", b"x" * 6)], 5)  # type: ignore[list-item]
    with pytest.raises(TooManyFiles):
        await read_uploads([_Form("a", b"x")] * 21, 5)  # type: ignore[list-item]


async def test_a_team_or_a_skill_may_be_permitted_less_and_the_attempt_is_on_record(home: TestHouse) -> None:
    """SC-2, GP-2: refused before any task or model; what the person was permitted and what was found are on record."""
    house, ana, owner = home.house, home.people["ana"], home.people["owner"]
    kw: dict[str, Any] = {"database": house.database, "ledger": house.ledger, "limit": 1000}
    ceilings = ["*/lawyer:contract-review=internal", "team_nobody/*=public"]
    async with house.database.transaction() as session:
        await change_governance(session, owner, {"input_ceilings": ceilings}, ledger=house.ledger, clock=house.clock)
    (upload,) = await admit(ana, [("a.txt", b"words")], **kw)
    assert upload.label.data_class == DataClass.CONFIDENTIAL
    for workflow in ("contract-review", "/lawyer:contract-review", "Contract-Review"):
        with pytest.raises(ClassTooHigh, match=r"nothing above internal .*rule permitted-input"):
            await admit(ana, [("a.txt", b"words")], workflows=[workflow], **kw)
    await admit(ana, [("a.txt", b"words")], workflows=["meeting-prep"], **kw)
    async with house.database.transaction() as session:
        change = {"input_ceilings": [*ceilings, f"{home.team}/*=internal"]}
        await change_governance(session, owner, change, ledger=house.ledger, clock=house.clock)
    with pytest.raises(ClassTooHigh):
        await admit(ana, [("secret-name.txt", b"words")], **kw)
    async with house.database.transaction() as session:
        rows = list(await session.scalars(select(EntryRow).where(EntryRow.verb == "file.refused")))
    assert len(rows) == 4
    assert json.loads(rows[-1].body)["data"] == {
        "code": "ClassTooHigh",
        "found": "confidential",
        "permitted": "internal",
        "rule": "permitted-input",
    }
    assert "secret-name" not in rows[-1].body
    await house.close()
