"""An output is a draft until the person its standard asks for has reviewed that very version."""

import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from sqlalchemy import text

from colleague.audit.read import entries
from colleague.connectors.connector import Tool
from colleague.files.attach import attach
from colleague.files.categories import standard
from colleague.files.outputs import (
    BadDraft,
    OutputNotThere,
    get_output,
    list_versions,
    output_content,
    read_blocks,
    write_output,
)
from colleague.files.reviews.category import NoSuchCategory, NotLower, SameCategory, raise_category
from colleague.files.reviews.decide import (
    NoSecondLook,
    NotAllTicked,
    OpenItFirst,
    drawn,
    look_again,
    review_output,
)
from colleague.files.reviews.look import AlreadyReviewed, NotQualified, NotYourReview, looks_at, open_look
from colleague.identity.actor import PermissionMissing
from colleague.kit.documents.model import Block, Draft
from colleague.policy.model import DataClass, Integrity, Label, Tier
from colleague.policy.standards.category import SHIPPED
from colleague.tasks.delegate import delegate
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, agreed, furnish

pytestmark = pytest.mark.anyio
LABEL = Label(Integrity.UNTRUSTED, DataClass.CONFIDENTIAL, frozenset({"health"}), frozenset({"a.pdf"}))


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, clock=clock)
    yield home
    await home.house.close()


async def _written(
    home: TestHouse, *, kind: str, call: str = "call_1", words: str = "Words", name: str = "Offer",
    media: str = "docx",
) -> str:  # fmt: skip
    house, ana = home.house, home.people["ana"]
    draft = Draft("Offer", (Block("paragraph", words), Block("table", rows=(("Item",), (words,)))))
    async with house.database.transaction() as session:
        row = (await session.execute(text("SELECT r.id, r.task_id FROM runs r LIMIT 1"))).first()
        if row is None:
            await delegate(session, ana, "Go", [], model="extractive", tools={}, ledger=house.ledger, clock=house.clock)
            row = (await session.execute(text("SELECT r.id, r.task_id FROM runs r LIMIT 1"))).one()
        version = await write_output(
            session, row[0], row[1], call, draft, name=name, media=media,
            kind=kind, label=LABEL, made_from=["file_b", "file_a"], ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
        return version.output_id


async def _open(home: TestHouse, who: str, output: str, number: int) -> bool:
    house, owner = home.house, home.people["ana"].id
    async with house.database.transaction() as session:
        opened = await open_look(
            session, home.people[who], owner, output, number, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
    return opened is not None


async def _review(
    home: TestHouse, who: str, output: str, number: int, *, accept: bool = True, ticked: Sequence[str] | None = None
) -> None:
    """Open it, look at every point, decide."""
    house = home.house
    await _open(home, who, output, number)
    async with house.database.transaction() as session:
        points = (await standard(session, (await get_output(session, output))[0].category)).checklist
        await review_output(
            session, home.people[who], home.people["ana"].id, output, number, accept=accept, note="Seen.",
            checklist=points if ticked is None else ticked, ledger=house.ledger, clock=house.clock,
        )  # fmt: skip


async def _again(home: TestHouse, who: str, output: str, number: int, *, agree: bool) -> None:
    house = home.house
    async with house.database.transaction() as session:
        await look_again(
            session, home.people[who], home.people["ana"].id, output, number, agree=agree, note="Hm.",
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
    assert await _words(home, output, 1) == "Offer Words reviewed"
    with pytest.raises(AlreadyReviewed):
        await _review(home, "rita", output, 1, accept=False)


async def test_everyday_outputs_are_reviewed_by_their_owner_or_a_reviewer_only(home: TestHouse) -> None:
    output = await _written(home, kind="meeting_prep")
    with pytest.raises(PermissionMissing):
        await _review(home, "ben", output, 1)
    await _review(home, "ana", output, 1, accept=False)
    assert "Draft: not reviewed" in await _words(home, output, 1)  # a rejected one stays a draft


async def test_an_unknown_category_is_held_to_the_strictest_standard_and_none_is_lowered(home: TestHouse) -> None:
    output = await _written(home, kind="made_up_by_a_model")
    with pytest.raises(PermissionMissing):
        await _review(home, "ana", output, 1)
    assert await _written(home, kind="internal_summary", call="call_2") == output
    with pytest.raises(PermissionMissing):
        await _review(home, "ana", output, 2)


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
    assert [e.verb for e in seen] == [
        "output.written", "output.reviewed", "output.review_opened", "output.written"
    ]  # fmt: skip
    assert "First" not in str(seen)


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


async def govern(home: TestHouse, **changes: Any) -> None:
    async with home.house.database.transaction() as session:
        await agreed(session, home.people["owner"], changes, ledger=home.house.ledger, clock=home.house.clock)


async def test_high_stakes_are_opened_looked_at_point_by_point_and_the_time_is_the_servers(
    home: TestHouse, clock: TestClock
) -> None:
    output = await _written(home, kind="contract_review")
    house, rita = home.house, home.people["rita"]
    async with house.database.transaction() as session:
        with pytest.raises(OpenItFirst):
            await review_output(
                session, rita, home.people["ana"].id, output, 1, accept=True, note="",
                checklist=SHIPPED["contract_review"].checklist, ledger=house.ledger, clock=house.clock,
            )  # fmt: skip
    assert not await _open(home, "ana", output, 1)  # nothing waits for its owner here
    assert await _open(home, "rita", output, 1)
    clock.advance(minutes=7, seconds=5)
    assert await _open(home, "rita", output, 1)  # the first time counts
    first, *_ = SHIPPED["contract_review"].checklist
    for ticked in ([], [first], [first, "Something else."]):
        with pytest.raises(NotAllTicked, match="Clauses that matter"):
            await _review(home, "rita", output, 1, ticked=ticked)
    await _review(home, "rita", output, 1)
    async with house.database.transaction() as session:
        (look,) = await looks_at(session, output, 1)
        _, version = await get_output(session, output, 1)
        (entry,) = await entries(session, "r", ledger=house.ledger, verb="output.reviewed")
    assert (look.seconds, look.verdict, look.note) == (425, "accepted", "Seen.")
    assert look.checklist == list(SHIPPED["contract_review"].checklist)
    assert look.sha256_after == version.sha256 != look.sha256_before  # the draft mark went
    assert (entry.data["seconds"], entry.data["sha256_before"]) == (425, look.sha256_before)
    assert "Seen" not in str(entry)
    assert version.second_look == ""


async def test_to_reject_it_nothing_need_be_ticked(home: TestHouse) -> None:
    output = await _written(home, kind="contract_review")
    await _review(home, "rita", output, 1, accept=False, ticked=())
    async with home.house.database.transaction() as session:
        (look,) = await looks_at(session, output, 1)
    assert (look.verdict, look.sha256_before == look.sha256_after) == ("rejected", True)


async def test_who_may_review_is_what_the_category_says(home: TestHouse) -> None:
    await govern(home, output_categories=[str(replace(SHIPPED["contract_review"], reviewers=("security_reviewer",)))])
    output = await _written(home, kind="contract_review")
    assert not await _open(home, "rita", output, 1)
    with pytest.raises(NotQualified, match="security_reviewer"):
        await _review(home, "rita", output, 1)


def test_the_lot_is_fair_and_can_be_counted_again() -> None:
    draws = [f"draw_{n}" for n in range(20_000)]
    assert 0.045 < sum(drawn(d, 5) for d in draws) / len(draws) < 0.055
    assert not any(drawn(d, 0) for d in draws)
    assert all(drawn(d, 100) for d in draws)
    assert {d for d in draws if drawn(d, 5)} <= {d for d in draws if drawn(d, 6)}


@pytest.mark.parametrize("agree", [True, False])
async def test_a_light_one_goes_to_a_second_look_that_holds_nothing_up(home: TestHouse, agree: bool) -> None:
    await govern(home, output_categories=[str(replace(SHIPPED["meeting_prep"], sample=100))])
    output = await _written(home, kind="meeting_prep")
    await _review(home, "ana", output, 1)
    for who, refusal in (("ana", PermissionMissing), ("ben", PermissionMissing), ("rita", OpenItFirst)):
        with pytest.raises(refusal):
            await _again(home, who, output, 1, agree=agree)
    assert not await _open(home, "ana", output, 1)
    assert await _open(home, "rita", output, 1)
    await _again(home, "rita", output, 1, agree=agree)
    with pytest.raises(NoSecondLook):
        await _again(home, "rita", output, 1, agree=not agree)
    async with home.house.database.transaction() as session:
        _, version = await get_output(session, output, 1)
        seen = await entries(session, "r", ledger=home.house.ledger, verb="output.")
    assert (version.review, version.second_look) == ("reviewed", "agreed" if agree else "disagreed")
    facts = {e.verb: e.data for e in seen}
    reviewed = facts["output.reviewed"]
    assert reviewed["second_look"] is drawn(reviewed["draw"], 100)
    assert facts["output.looked_at_again"]["agreed"] is agree


async def test_a_category_goes_up_and_not_down_and_ones_own_look_is_then_not_enough(home: TestHouse) -> None:
    house, ana = home.house, home.people["ana"]
    output = await _written(home, kind="meeting_prep")
    await _review(home, "ana", output, 1)

    async def put(who: str, category: str) -> None:
        async with house.database.transaction() as session:
            await raise_category(session, home.people[who], ana.id, output, category, ledger=house.ledger)

    for who, category, refusal in (
        ("ben", "contract_review", PermissionMissing), ("ana", "made_up", NoSuchCategory),
        ("ana", "meeting_prep", SameCategory),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await put(who, category)
    await put("ana", "policy_answer")
    assert (await _words(home, output, 1)).endswith("reviewed")
    await put("ana", "contract_review")
    assert "Draft: not reviewed" in await _words(home, output, 1)
    async with house.database.transaction() as session:
        _, version = await get_output(session, output)
        assert (version.review, version.reviewed_by) == ("draft", None)
    for who in ("ana", "rita"):
        with pytest.raises(NotLower):
            await put(who, "meeting_prep")


async def test_what_its_owner_accepted_before_its_category_was_made_strict_does_not_leave(home: TestHouse) -> None:
    output = await _written(home, kind="meeting_prep")
    await _review(home, "ana", output, 1)
    tool = Tool("x", "x", "x", {"properties": {"attachments": {}}}, Tier.COMMUNICATE)

    async def missing() -> bool:
        async with home.house.database.transaction() as session:
            task = (await get_output(session, output))[0].task_id
            return (await attach(session, task, tool, {"attachments": [output]})).review_missing

    assert not await missing()
    await govern(home, reviewed_categories=["meeting_prep"])
    assert await missing()
