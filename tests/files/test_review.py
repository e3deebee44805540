"""An output is a draft until the person its standard asks for has reviewed that very version."""

import io
from pathlib import Path

import docx
import pytest
from sqlalchemy import text

from colleague.audit.read import entries
from colleague.files.outputs import (
    BadDraft,
    OutputNotThere,
    get_output,
    list_versions,
    output_content,
    read_blocks,
    write_output,
)
from colleague.files.review import AlreadyReviewed, NotYourReview, review_output
from colleague.identity.actor import PermissionMissing
from colleague.kit.documents.model import Block, Draft
from colleague.policy.model import DataClass, Integrity, Label
from colleague.tasks.delegate import delegate
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
LABEL = Label(Integrity.UNTRUSTED, DataClass.CONFIDENTIAL, frozenset({"health"}), frozenset({"a.pdf"}))


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> TestHouse:
    return await furnish(database_url, tmp_path)


async def _written(
    home: TestHouse, *, kind: str, call: str = "call_1", words: str = "Words", name: str = "Offer"
) -> str:
    house, ana = home.house, home.people["ana"]
    async with house.database.transaction() as session:
        row = (await session.execute(text("SELECT r.id, r.task_id FROM runs r LIMIT 1"))).first()
        if row is None:
            await delegate(session, ana, "Go", [], model="extractive", tools={}, ledger=house.ledger, clock=house.clock)
            row = (await session.execute(text("SELECT r.id, r.task_id FROM runs r LIMIT 1"))).one()
        version = await write_output(
            session, row[0], row[1], call, Draft("Offer", (Block("paragraph", words),)), name=name, media="docx",
            kind=kind, label=LABEL, made_from=["file_b", "file_a"], ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
        return version.output_id


async def _review(home: TestHouse, who: str, output: str, number: int, *, accept: bool = True) -> None:
    house = home.house
    async with house.database.transaction() as session:
        await review_output(
            session, home.people[who], home.people["ana"].id, output, number, accept=accept, note="Seen.",
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip


async def _words(home: TestHouse, output: str, number: int) -> str:
    async with home.house.database.transaction() as session:
        _, version = await get_output(session, output, number)
        content = await output_content(session, version)
    document = docx.Document(io.BytesIO(content))
    return " ".join(p.text for p in document.paragraphs) + document.core_properties.category


async def test_high_stakes_need_a_reviewer_who_is_not_the_author(home: TestHouse) -> None:
    output = await _written(home, kind="contract_review")
    with pytest.raises(PermissionMissing):
        await _review(home, "ana", output, 1)  # her own, and no reviewer
    with pytest.raises(PermissionMissing):
        await _review(home, "ben", output, 1)
    house = home.house
    async with house.database.transaction() as session:
        with pytest.raises(NotYourReview):
            rita = home.people["rita"]
            await review_output(
                session, rita, rita.id, output, 1, accept=True, note="", ledger=house.ledger, clock=house.clock
            )
    assert "Draft: not reviewed" in await _words(home, output, 1)
    await _review(home, "rita", output, 1)
    assert await _words(home, output, 1) == "Offer Wordsreviewed"
    with pytest.raises(AlreadyReviewed):
        await _review(home, "rita", output, 1, accept=False)
    await house.close()


async def test_everyday_outputs_are_reviewed_by_their_owner_or_a_reviewer_only(home: TestHouse) -> None:
    output = await _written(home, kind="meeting_prep")
    with pytest.raises(PermissionMissing):
        await _review(home, "ben", output, 1)
    await _review(home, "ana", output, 1, accept=False)
    assert "Draft: not reviewed" in await _words(home, output, 1)  # a rejected one stays a draft
    await home.house.close()


async def test_an_unknown_category_is_held_to_the_strictest_standard_and_none_is_lowered(home: TestHouse) -> None:
    output = await _written(home, kind="made_up_by_a_model")
    with pytest.raises(PermissionMissing):
        await _review(home, "ana", output, 1)
    assert await _written(home, kind="internal_summary", call="call_2") == output
    with pytest.raises(PermissionMissing):
        await _review(home, "ana", output, 2)
    await home.house.close()


async def test_a_new_version_is_a_new_draft_and_the_old_one_stays(home: TestHouse) -> None:
    output = await _written(home, kind="meeting_prep", words="First")
    await _review(home, "ana", output, 1)
    await _written(home, kind="meeting_prep", call="call_2", words="Second")
    assert await _written(home, kind="meeting_prep", call="call_2", words="Repeated") == output  # one call, one version
    async with home.house.database.transaction() as session:
        versions = await list_versions(session, output)
        assert [(v.version, v.review, v.made_from) for v in versions] == [
            (2, "draft", ["file_a", "file_b"]), (1, "reviewed", ["file_a", "file_b"])
        ]  # fmt: skip
        assert all(Label.from_json(v.label) == LABEL for v in versions)
        with pytest.raises(OutputNotThere):
            await get_output(session, output, 3)
        with pytest.raises(OutputNotThere):
            await get_output(session, "out_x")
    assert "First" in await _words(home, output, 1)
    assert "Second" in await _words(home, output, 2)
    async with home.house.database.transaction() as session:
        seen = await entries(session, "r", ledger=home.house.ledger, verb="output.")
    assert [e.verb for e in seen] == ["output.written", "output.reviewed", "output.written"]
    assert "First" not in str(seen)
    await home.house.close()


@pytest.mark.parametrize(("raw", "word"), [
    ([{"kind": "script"}], "block 1 needs a kind"), (["x"], "block 1"),
    ([{"kind": "table", "rows": "abc"}], "rows of block 1"),
    ([{"kind": "table", "rows": ["abc"]}], "rows of block 1"),
    ([{"kind": "heading", "level": "3"}], "level of block 1"),
    ([{"kind": "heading", "level": 99}], "level of block 1"), ([{"kind": "paragraph"}] * 5001, "more than 5000 blocks"),
    ([{"kind": "table", "rows": [["x"] * 1001] * 100}], "cells"), ([{"kind": ["heading"]}], "block 1"),
])  # fmt: skip
def test_what_a_model_wants_written_is_checked_in_words(raw: list[object], word: str) -> None:
    with pytest.raises(BadDraft, match=word):
        read_blocks(raw)
