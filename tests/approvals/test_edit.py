"""Edit, then approve: the same call is decided and asked anew with a new digest; only content, only one's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from colleague.approvals.answer import ApprovalNotFound, ApprovalWithdrawn, NotAsShown, NotYoursToAnswer, answer
from colleague.approvals.tables import ApprovalRow
from colleague.audit.tables import EntryRow
from colleague.identity.tokens import create_token
from colleague.policy.engine import Engine
from colleague.tasks.calls.weigh import DoesNotFit
from colleague.tasks.delegate import EditRefused, NotEditable, amend, stop, weigh_edit
from colleague.tasks.start import start
from colleague.tasks.tables import CallRow, RunRow
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, agreed, furnish, open_connector
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.worker import work
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
DANA = "dana@aldermoor.example"


@dataclass
class Desk:
    """Ana has a note to Dana waiting for her approval."""

    home: TestHouse
    fake: FakeConnector
    clock: TestClock
    task: str = ""

    @property
    def house(self) -> Any:
        return self.home.house

    async def asked(self) -> ApprovalRow:
        """Return the open question."""
        async with self.house.database.transaction() as session:
            rows = (await session.scalars(select(ApprovalRow).where(ApprovalRow.state == "asked"))).all()
        assert len(rows) == 1
        return rows[0]

    async def amend(self, row: ApprovalRow, *, who: str = "ana", shown: str = "", **changes: str) -> str:
        return await amend(self.home.people[who], row.id, changes, digest=shown or row.digest, parts=self.house.parts)

    async def answer(self, row: ApprovalRow, verdict: Any = "approved") -> None:
        async with self.house.database.transaction() as session:
            await answer(session, self.home.people["ana"], row.id, verdict, digest=row.digest, ledger=self.house.ledger,
                         clock=self.clock)  # fmt: skip


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Desk]:
    fake, llm = FakeConnector({"bids": {}}), ScriptedLlm(call("fake_send", to=DANA, text="Hello"), name="play")
    home = await furnish(
        database_url, tmp_path, connectors=[fake], models={"play": llm}, model="play", clock=clock, engine=Engine()
    )
    await open_connector(home, "fake", ["*"], config={}, may_write=True)
    desk = Desk(home, fake, clock)
    desk.task = await start(home.people["ana"], "Greet Dana.", [], parts=home.house.parts, settings=home.house.settings)
    await work(home.house)
    yield desk
    await home.house.close()


async def test_what_is_sent_is_what_was_edited_and_then_approved(desk: Desk) -> None:
    old = await desk.asked()
    fresh = await desk.amend(old, text="Hello Dana,\r\n\x00see you.")
    new = await desk.asked()
    assert new.id == fresh != old.id
    assert new.digest != old.digest
    assert new.preview["body"] == "Hello Dana,\nsee you."
    assert desk.fake.effects == []
    assert await work(desk.house) == 0
    with pytest.raises(ApprovalWithdrawn) as refused:
        await desk.answer(old)
    assert "edited" in refused.value.message
    with pytest.raises(NotAsShown):
        old.id = new.id
        await desk.answer(old)
    await desk.answer(new)
    await work(desk.house)
    assert [(tool, a) for _, tool, a in desk.fake.effects] == [
        ("fake_send", {"to": DANA, "text": "Hello Dana,\nsee you."})
    ]


async def test_the_ledger_tells_of_the_edit_without_its_content(desk: Desk) -> None:
    old = await desk.asked()
    await desk.amend(old, text="Something secret")
    async with desk.house.database.transaction() as session:
        rows = (await session.scalars(select(EntryRow).where(EntryRow.run == old.run_id).order_by(EntryRow.id))).all()
    verbs = [r.verb for r in rows]
    assert verbs[-3:] == ["approval.asked", "call.decided", "approval.edited"]
    assert old.digest in rows[-1].body
    assert '"arguments":["text"]' in rows[-1].body
    assert rows[-1].actor == desk.home.people["ana"].id
    assert not [r for r in rows if "Something secret" in r.body]


async def test_only_content_and_recipients_are_editable(desk: Desk) -> None:
    row = await desk.asked()
    _, _, _, content = await weigh_edit(desk.home.people["ana"], row.id, {}, digest=row.digest, parts=desk.house.parts)
    assert content == {"to": DANA, "text": "Hello"}
    for changes in ({"to": DANA}, {}, {"text": "Hello"}):
        with pytest.raises(NotEditable):
            await desk.amend(row, **changes)
    for changes in ({"nope": "x"}, {"text": "x" * 10_001}, {"text": "\ud800"}):
        with pytest.raises((NotEditable, DoesNotFit)):
            await desk.amend(row, **changes)
    assert (await desk.asked()).id == row.id


async def test_another_recipient_is_ones_own_word_a_new_question_and_the_only_one_reached(desk: Desk) -> None:
    old = await desk.asked()
    await desk.amend(old, to="zoe@elsewhere.example")
    row = await desk.asked()
    assert row.id != old.id
    assert row.digest != old.digest
    assert row.why["external"] == ["zoe@elsewhere.example"]
    assert row.why["doubts"] == []
    await desk.answer(row)
    await work(desk.house)
    assert [arguments["to"] for _, _, arguments in desk.fake.effects] == ["zoe@elsewhere.example"]


async def test_only_the_requester_edits_exactly_what_was_shown(desk: Desk) -> None:
    row = await desk.asked()
    with pytest.raises(ApprovalNotFound):
        await desk.amend(row, who="ben", text="Hi")
    for who in ("owner", "tom"):
        with pytest.raises(NotYoursToAnswer):
            await desk.amend(row, who=who, text="Hi")
    with pytest.raises(NotAsShown):
        await desk.amend(row, shown="0" * 64, text="Hi")
    assert (await desk.asked()).digest == row.digest


async def test_an_edit_is_decided_by_the_rules_of_now(desk: Desk) -> None:
    """The mail domain is no longer the organisation's and nothing may leave it any more: the edit is refused, why."""
    row = await desk.asked()
    async with desk.house.database.transaction() as session:
        # The task itself is public; its ceiling cannot be below that, so the tool is judged by who receives it.
        await agreed(session, desk.home.people["owner"], {"internal_domains": ["else.example"]},
                                ledger=desk.house.ledger, clock=desk.clock)  # fmt: skip
    await desk.amend(row, text="Hi")
    new = await desk.asked()
    assert new.why["external"] == [DANA]
    assert {r["rule"] for r in new.why["rulings"]} == {"communicate-external"}
    strict = '@id("none") @why("No notes today.") forbid (principal, action == Action::"call", resource);'
    object.__setattr__(desk.house.parts, "engine", Engine(strict))
    with pytest.raises(EditRefused) as refused:
        await desk.amend(new, text="Hi again")
    assert "No notes today." in refused.value.message
    assert (await desk.asked()).id == new.id


async def test_an_edit_and_an_answer_at_once_are_one_end(desk: Desk) -> None:
    row = await desk.asked()
    given = await asyncio.gather(desk.amend(row, text="Hi"), desk.answer(row), desk.amend(row, text="Ho"),
                                 return_exceptions=True)  # fmt: skip
    assert sum(not isinstance(g, BaseException) for g in given) == 1, given
    await work(desk.house)
    async with desk.house.database.transaction() as session:
        run = await session.scalar(select(RunRow))
        calls = (await session.scalars(select(CallRow))).all()
    assert run is not None
    if isinstance(given[1], BaseException):
        assert (run.state, run.waiting_for) == ("needs approval", (await desk.asked()).id)
        assert desk.fake.effects == []
    else:
        assert [a["text"] for _, _, a in desk.fake.effects] == ["Hello"]
    assert len(calls) == 1


async def test_a_stopped_task_is_not_edited(desk: Desk) -> None:
    row = await desk.asked()
    async with desk.house.database.transaction() as session:
        await stop(session, desk.home.people["ana"], desk.task, ledger=desk.house.ledger, clock=desk.clock)
    with pytest.raises(ApprovalWithdrawn):
        await desk.amend(row, text="Hi")


async def test_a_call_that_may_have_happened_is_not_edited(desk: Desk) -> None:
    await desk.answer(await desk.asked())
    desk.fake.trouble, desk.fake.forgetful = "unknown_after", True
    await work(desk.house)
    row = await desk.asked()
    assert "check" in row.why["rulings"][0]["why"]
    with pytest.raises(NotEditable):
        await desk.amend(row, text="Hi")


@asynccontextmanager
async def quiet(app: Any) -> AsyncIterator[None]:
    yield


async def test_programs_edit_and_answer_by_the_same_deeds(desk: Desk) -> None:
    async with desk.house.database.transaction() as session:
        token = await create_token(session, desk.home.people["ana"], "t", ["own:tasks:use", "own:approvals:answer"],
                                   days=1, ledger=desk.house.ledger, clock=desk.clock)  # fmt: skip
        narrow = await create_token(session, desk.home.people["ana"], "n", ["own:tasks:use"], days=1,
                                    ledger=desk.house.ledger, clock=desk.clock)  # fmt: skip
    app = create_app(desk.house.by_type(), settings=desk.house.settings, lifespan=quiet)
    old = await desk.asked()
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080/api/v1/approvals") as client:
        client.headers["Authorization"] = f"Bearer {narrow}"
        answered = await client.post(f"/{old.id}/answer", json={"verdict": "approved", "digest": old.digest})
        assert (answered.status_code, answered.json()["code"]) == (403, "NotYoursToAnswer")
        client.headers["Authorization"] = f"Bearer {token}"
        shown = (await client.get(f"/{old.id}/content")).json()
        assert shown == {"digest": old.digest, "arguments": {"to": DANA, "text": "Hello"}}
        edited = await client.post(f"/{old.id}/content", json={"digest": old.digest, "arguments": {"text": "Hi"}})
        assert edited.status_code == 200
        card = edited.json()
        assert (card["state"], card["preview"]["body"]) == ("asked", "Hi")
        late = await client.post(f"/{old.id}/answer", json={"verdict": "approved", "digest": old.digest})
        assert (late.status_code, late.json()["code"]) == (409, "ApprovalWithdrawn")
        wrong = await client.post(f"/{card['id']}/answer", json={"verdict": "approved", "digest": old.digest})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "NotAsShown")
        shown = card["digest"]
        for body in ({}, {"verdict": "maybe", "digest": shown}, {"verdict": "expired", "digest": shown},
                     {"verdict": "approved"}, {"verdict": "approved", "digest": "x"}, []):  # fmt: skip
            assert (await client.post(f"/{card['id']}/answer", json=body)).status_code == 422
        done = await client.post(f"/{card['id']}/answer", json={"verdict": "approved", "digest": card["digest"]})
        assert done.json()["state"] == "approved"
        again = await client.post(f"/{card['id']}/answer", json={"verdict": "denied", "digest": card["digest"]})
        assert (again.status_code, again.json()["message"]) == (409, "Already approved by Ana Ruiz at 12:00 (UTC).")
    await work(desk.house)
    assert [a["text"] for _, _, a in desk.fake.effects] == ["Hi"]


async def test_a_denial_reaches_the_model_with_its_reason(desk: Desk) -> None:
    row = await desk.asked()
    async with desk.house.database.transaction() as session:
        await answer(session, desk.home.people["ana"], row.id, "denied", digest=row.digest, reason="Too short.",
                     ledger=desk.house.ledger, clock=desk.clock)  # fmt: skip
    await work(desk.house)
    async with desk.house.database.transaction() as session:
        row_of_call = await session.scalar(select(CallRow))
    assert row_of_call is not None
    assert row_of_call.outcome is not None
    assert "Too short." in row_of_call.outcome["text"]
    assert desk.fake.effects == []
