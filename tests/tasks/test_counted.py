"""What people do with tasks is counted as they did it: another try, a stop, a wait, a draft (B-2, B-6, B-8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from colleague.adoption.facts.read import actions, runs
from colleague.adoption.facts.recount import Difference, recount
from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.model import RunFact
from colleague.agent.budget import Budget
from colleague.agent.messages import Turn
from colleague.audit.event import Event
from colleague.audit.seal import seal
from colleague.tasks.delegate import stop
from colleague.tasks.steer.again import again
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
SKILL, ASK = call("use_skill", skill="everyone:policy-qa", arguments="x"), call("ask_person", question="Which one?")
READ, SEND = call("fake_read", shelf="bids", note="price"), call("fake_send", to="dana@aldermoor.example", text="Hello")


async def counted(desk: Any, *, at_once: int = 3) -> list[RunFact]:
    """Roll the ledger up, let it be counted again by other means, and return the runs, oldest first."""
    while await seal(desk.house.database, signer=desk.house.signer, sink=None, clock=desk.clock):
        pass
    while await roll_up(desk.house.database, at_once=at_once):
        pass
    assert await recount(desk.house.database) == Difference()
    async with desk.house.database.transaction() as session:
        return await runs(session, *EVER, by=("asked_at",))


async def kinds(desk: Any) -> list[str]:
    async with desk.house.database.transaction() as session:
        return [one.kind for one in await actions(session, *EVER)]


async def used(desk: Any, task: str, *, approved: bool = True, name: str = "everyone:rfp") -> None:
    run = (await desk.see(task)).run.id
    facts = {"name": name, "sha256": "", "approved": approved}
    async with desk.house.database.transaction() as session:
        await desk.house.ledger.record(session, Event("skill.used", "agent", subject="package", run=run, data=facts))


@pytest.mark.parametrize("at_once", [1, 500])
async def test_another_try_takes_the_place_of_a_run_that_waits(desk: Any, at_once: int) -> None:
    task = await desk.run(ASK)
    await used(desk, task)
    (first,) = await counted(desk, at_once=at_once)
    assert (first.end, first.workflow, first.why) == ("open", "everyone:rfp", "user left")
    desk.clock.advance(hours=2)
    (turn,) = [s.seq for s in (await desk.see(task)).steps if s.kind == "turn"]
    desk.llm.play(Turn("The blue one."))
    number = await desk.do(again, task, turn)
    await desk.work()
    (found,) = await counted(desk, at_once=at_once)
    assert (found.id, found.end, found.workflow, found.person) == (number, "delivered", "everyone:rfp", first.person)
    assert found.input_at == first.asked_at
    assert found.started_at >= first.started_at + timedelta(hours=2)
    assert await kinds(desk) == ["start", "start"]


async def test_another_try_of_what_was_taken_has_its_own_time(desk: Any) -> None:
    task = await desk.run(Turn("Done."))
    first = (await desk.see(task)).run.id
    async with desk.house.database.transaction() as session:
        person = desk.home.people["ana"].id
        await desk.house.ledger.record(session, Event("output.taken", person, subject="out", run=first))
    desk.clock.advance(hours=2)
    (turn,) = [s.seq for s in (await desk.see(task)).steps if s.kind == "turn"]
    desk.llm.play(Turn("Done otherwise."))
    await desk.do(again, task, turn)
    await desk.work()
    old, new = await counted(desk)
    assert (old.end, new.end) == ("delivered", "delivered")
    assert new.input_at == new.asked_at == old.asked_at + timedelta(hours=2)


async def test_a_stop_ends_a_run_that_waits_and_the_person_left(desk: Any) -> None:
    task = await desk.run(SEND)
    (waits,) = await counted(desk)
    assert (waits.end, waits.why) == ("open", "approval wait")
    desk.clock.advance(minutes=1)
    await desk.do(stop, task)
    (found,) = await counted(desk)
    assert (found.end, found.why, found.ended_at) == ("cancelled", "user left", desk.clock.now())


@pytest.mark.parametrize(("days", "end", "why"), [(6.9, "delivered", ""), (7.1, "abandoned", "approval wait")])
async def test_a_run_that_waits_seven_days_for_an_approval_was_abandoned(
    desk: Any, days: float, end: str, why: str
) -> None:
    await desk.run(SEND)
    (waits,) = await counted(desk)
    desk.clock.advance(days=days)
    desk.llm.play(Turn("Nobody answered."))
    run = waits.id
    async with desk.house.database.transaction() as session:
        for verb, who in (("approval.reminded", "system"), ("approval.expired", "system"), ("run.completed", "agent")):
            await desk.house.ledger.record(session, Event(verb, who, subject=run, run=run))
    (found,) = await counted(desk)
    assert (found.end, found.reason) == (end, why)
    if end == "abandoned":
        assert found.ended_at is not None
        assert found.ended_at < desk.clock.now()


async def test_what_holds_a_run_up_is_told_until_it_goes_on(desk: Any) -> None:
    task = await desk.run(ASK)
    run = (await desk.see(task)).run.id
    told = []
    for verb in (
        "run.model_unavailable", "task.retried", "call.account_expired", "approval.asked", "approval.approved",
        "approval.asked", "call.decided", "run.blocked",
    ):  # fmt: skip
        async with desk.house.database.transaction() as session:
            await desk.house.ledger.record(session, Event(verb, "agent", subject=run, run=run))
        told.append((await counted(desk))[0].why)
    assert told == [
        "system", "user left", "connector", "connector", "user left", "approval wait", "user left", "system",
    ]  # fmt: skip


async def test_what_was_stopped_early_and_came_to_nothing_delivered_nothing(desk: Any) -> None:
    write = call("write_document", name="a", format="md", title="T", blocks=[{"kind": "note", "text": "x"}])
    for script in ((READ, READ, READ), (write, READ, READ)):
        await desk.run(*script, budget=Budget(steps=2))
    task = await desk.run(SEND, READ, budget=Budget(steps=2))
    await desk.answer(task, "approved")
    await desk.work()
    empty, written, sent = await counted(desk)
    assert (empty.end, empty.why) == ("failed", "system")
    assert [written.end, sent.end] == ["delivered", "delivered"]
    assert (await desk.see(task)).run.partial


async def test_a_draft_is_nobodys_published_workflow(desk: Any) -> None:
    task = await desk.run(Turn("Done."))
    await used(desk, task, approved=False)
    assert [one.workflow for one in await counted(desk)] == ["ad hoc"]
    await used(desk, task)
    await used(desk, task, approved=False, name="mine:rfp")
    assert [one.workflow for one in await counted(desk)] == ["everyone:rfp"]
