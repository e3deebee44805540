"""Who pauses, stops, deletes, hands over or retries a task reaches its sub-agents; a killed worker loses nothing."""

import asyncio
import contextlib
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.agent.interrupts import NeedsSubagents
from colleague.agent.messages import Turn
from colleague.connectors.connector import Access, Result
from colleague.connectors.grants import revoke
from colleague.kit.db import Base
from colleague.tasks.afterwards import look_after
from colleague.tasks.calls.pen import Pen
from colleague.tasks.delegate import retry, stop
from colleague.tasks.jobs import revive
from colleague.tasks.keeping.delete import StopFirst, delete_task
from colleague.tasks.steer.again import StillWorking, again
from colleague.tasks.steer.pause import pause, unpause
from colleague.tasks.tables import RunRow
from colleague.tasks.together.hand_over import accept, offer
from colleague.tasks.workspace import Workspace
from colleague.testing.connector import FakeConnector
from colleague.testing.llm import call
from colleague.testing.team import cast, start
from colleague.testing.worker import jobs_waiting

pytestmark = pytest.mark.anyio
READ = call("fake_read", shelf="bids", note="price")
SEND = call("fake_send", to="dana@aldermoor.example", text="Hello")
GOAL = "Write to dana@aldermoor.example."


class Killed(BaseException):
    """What a killed worker leaves behind: nothing runs after it."""


async def _states(desk: Any, task: str) -> list[str]:
    view = await desk.see(task)
    return [str(view.run.state), *(str(s.run.state) for s in view.subagents)]


async def _jobs(desk: Any) -> int:
    async with desk.house.database.transaction() as session:
        return len(await jobs_waiting(session))


def _slow(desk: Any, tool: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Let calls of `tool` wait for the second event, once the first one says that it has begun."""
    begun, finish = asyncio.Event(), asyncio.Event()
    quick = FakeConnector.call

    async def slow(self: FakeConnector, name: str, arguments: Any, access: Access) -> Result:
        if name == tool:
            begun.set()
            await finish.wait()
        return await quick(self, name, arguments, access)

    desk.fake.__class__ = type("SlowConnector", (FakeConnector,), {"call": slow})
    return begun, finish


async def test_a_stop_reaches_those_that_wait_and_says_what_was_done(desk: Any) -> None:
    cast(desk.llm, start("one", "two"), one=[SEND], two=[READ, SEND, SEND])
    task = await desk.run(goal=GOAL)
    assert await _states(desk, task) == ["running", "needs approval", "needs approval"]
    await desk.answer(task, "approved")
    await desk.work()
    assert len(desk.fake.effects) == 1
    await desk.do(stop, task)
    assert await _states(desk, task) == ["stopped"] * 3
    view = await desk.see(task)
    assert view.run.why == f"You stopped it. Already done: fake_send {GOAL.split()[2][:-1]}."
    assert view.run.label["class"] == "internal", "what they had read counts, although they do not report"
    assert all(c.state not in ("intended", "asked") for s in (view, *view.subagents) for c in s.calls)
    await desk.work()
    assert await _states(desk, task) == ["stopped"] * 3
    assert len(desk.fake.effects) == 1
    assert (await desk.asked(task)).state == "withdrawn"


async def test_a_stop_waits_for_the_one_that_is_in_the_middle_of_a_call(desk: Any) -> None:
    begun, finish = _slow(desk, "fake_send")
    cast(desk.llm, start("one", "two"), one=[SEND, READ], two=[SEND])
    task = await desk.run(goal=GOAL)
    await desk.answer(task, "approved")
    working = asyncio.create_task(desk.work())
    await begun.wait()
    await desk.do(stop, task)
    assert sorted(await _states(desk, task)) == ["running", "running", "stopped"]
    finish.set()
    await working
    assert await _states(desk, task) == ["stopped"] * 3
    assert "fake_send dana" in (await desk.see(task)).run.why
    assert (await desk.see(task)).run.why.startswith("You stopped it.")
    assert len(desk.fake.effects) == 1
    assert await _jobs(desk) == 0


async def test_a_pause_reaches_all_and_each_goes_on_where_it_stood(desk: Any) -> None:
    cast(desk.llm, start("one", "two"), one=[SEND], two=[READ])
    task = await desk.start(goal=GOAL)
    async with desk.house.database.transaction() as session:
        (job,) = await jobs_waiting(session)
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    await desk.house.queue.tasks["tasks.resume"](**job)
    await desk.do(pause, task)
    assert await _states(desk, task) == ["paused"] * 3
    await desk.work()
    assert await _states(desk, task) == ["paused"] * 3
    assert await revive(parts=desk.house.parts) == 0
    assert not desk.fake.calls
    await desk.do(unpause, task)
    await desk.work()
    assert await _states(desk, task) == ["running", "needs approval", "completed"]
    await desk.do(pause, task)
    await desk.answer(task, "approved")
    await desk.work()
    assert not desk.fake.effects
    await desk.do(unpause, task)
    await desk.work()
    assert await _states(desk, task) == ["completed"] * 3
    assert len(desk.fake.effects) == 1


async def test_one_that_ends_while_the_task_is_paused_does_not_wake_it(desk: Any) -> None:
    begun, finish = _slow(desk, "fake_read")
    cast(desk.llm, start("one"), one=[READ])
    task = await desk.start()
    working = asyncio.create_task(desk.work())
    await begun.wait()
    await desk.do(pause, task)
    finish.set()
    await working
    assert await _states(desk, task) == ["paused", "paused"]
    await desk.do(unpause, task)
    await desk.work()
    assert await _states(desk, task) == ["completed", "completed"]
    assert len(desk.fake.calls) == 1


async def test_a_blocked_one_blocks_the_task_until_it_is_tried_again(desk: Any) -> None:
    from colleague.agent.llm import ModelRejects

    def refuse(messages: Any, tools: Any) -> Turn:
        raise ModelRejects("The key does not hold.")

    cast(desk.llm, start("one", "two"), one=[refuse], two=[READ])
    task = await desk.run()
    view = await desk.see(task)
    assert (view.state, view.run.state) == ("blocked", "running")
    assert "The key does not hold." in view.why
    cast(desk.llm, start("one", "two"), one=[READ], two=[READ])
    await desk.do(retry, task)
    await desk.work()
    assert await _states(desk, task) == ["completed"] * 3


async def test_rights_taken_away_are_gone_for_a_sub_agent_too(desk: Any) -> None:
    begun, finish = _slow(desk, "fake_read")
    cast(desk.llm, start("one"), one=[READ, SEND])
    task = await desk.start(goal=GOAL)
    working = asyncio.create_task(desk.work())
    await begun.wait()
    async with desk.house.database.transaction() as session:
        await revoke(
            session, desk.home.people["owner"], desk.grant, ledger=desk.house.ledger, clock=desk.clock
        )  # fmt: skip
    finish.set()
    await working
    (sub,) = (await desk.see(task)).subagents
    told = [s.body["text"] for s in sub.steps if s.kind == "outcome"]
    assert "cannot any more" in told[1]
    assert not desk.fake.effects
    assert await desk.state(task) == "completed"


async def test_a_deleted_task_takes_its_sub_agents_with_it(desk: Any) -> None:
    cast(desk.llm, start("SECRETPART"), SECRETPART=[SEND])
    task = await desk.run(goal=GOAL)
    with pytest.raises(StopFirst):
        await desk.do(delete_task, task, sure=True)
    await desk.do(stop, task)
    await desk.do(delete_task, task, sure=True)
    async with desk.house.database.transaction() as session:
        assert (await session.scalars(select(RunRow.id))).all() == []
        for table in Base.metadata.sorted_tables:
            found = await session.execute(
                text(f'SELECT count(*) FROM "{table.name}" t WHERE t::text LIKE :w'), {"w": "%SECRETPART%"}
            )
            assert found.scalar_one() == 0, table.name


async def test_trying_again_from_a_step_knows_what_sub_agents_did_and_shows_the_reports_it_keeps(desk: Any) -> None:
    cast(desk.llm, start("kept"), start("dropped"), READ, kept=[READ], dropped=[SEND])
    task = await desk.run(goal=GOAL)
    view = await desk.see(task)
    turns = [s.seq for s in view.steps if s.kind == "turn"]
    await desk.do(pause, task)
    with_job = await _jobs(desk)
    assert with_job == 0
    await desk.do(unpause, task)
    await desk.answer(task, "approved")
    await desk.work()
    fresh = await desk.do(again, task, turns[1])
    cast(desk.llm, start("kept"), Turn("Anew."))
    await desk.work()
    view = await desk.see(task)
    assert (view.run.id, view.run.state) == (fresh, "completed")
    assert [s.goal for s in view.subagents] == ["kept"]
    assert any("fake_send" in s.body["text"] for s in view.steps if s.kind == "said" and s.body["who"] == "system")
    assert len(desk.fake.effects) == 1


async def test_trying_again_waits_for_the_one_in_the_middle_of_a_call_and_ends_the_others(desk: Any) -> None:
    begun, finish = _slow(desk, "fake_read")
    cast(desk.llm, start("one", "two"), one=[SEND], two=[READ])
    task = await desk.start(goal=GOAL)
    working = asyncio.create_task(desk.work())
    await begun.wait()
    await desk.do(pause, task)
    turn = next(s.seq for s in (await desk.see(task)).steps if s.kind == "turn")
    with pytest.raises(StillWorking):
        await desk.do(again, task, turn)
    finish.set()
    await working
    old = (await desk.see(task)).run.id
    await desk.do(again, task, turn)
    async with desk.house.database.transaction() as session:
        rows = (await session.scalars(select(RunRow).where((RunRow.id == old) | (RunRow.parent_run == old)))).all()
    assert [r.state for r in rows] == ["stopped"] * 3
    cast(desk.llm, Turn("Anew."))
    await desk.work()
    assert await desk.state(task) == "completed"


@pytest.mark.parametrize("moment", ["started", "parking", "turn", "call", "reported"])
async def test_a_worker_killed_with_sub_agents_at_work_does_nothing_twice_and_loses_nothing(
    desk: Any, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever dies, at whatever moment: the job comes again, and the record reads as if nothing had happened."""
    left = {"kills": 1 if moment == "parking" else 2}

    def dying(deed: Any, at: str) -> Any:
        async def died(*given: Any, **more: Any) -> Any:
            came = await deed(*given, **more)
            if moment == at and left["kills"]:
                left["kills"] -= 1
                raise Killed
            return came

        return died

    cast(desk.llm, start("one", "two"), one=[READ, SEND], two=[READ])
    monkeypatch.setattr(Workspace, "_subagent", _either(Workspace._subagent, dying))
    monkeypatch.setattr(Pen, "wait_for_subagents", dying(Pen.wait_for_subagents, "parking"))
    monkeypatch.setattr(desk.llm, "turn", dying(desk.llm.turn, "turn"))
    monkeypatch.setattr(desk.fake, "call", dying(desk.fake.call, "call"))
    task = await desk.start(goal=GOAL)
    for _ in range(40):
        async with desk.house.database.transaction() as session:
            jobs = await jobs_waiting(session)
        if jobs:
            await _killed(desk)
        elif (await desk.see(task)).state == "needs approval":
            await desk.answer(task, "approved")
        else:
            break
    view = await desk.see(task)
    assert await _states(desk, task) == ["completed"] * 3
    assert left["kills"] == 0
    assert len(desk.fake.effects) == 1
    assert [s.goal for s in view.subagents] == ["one", "two"]
    for one in (view, *view.subagents):
        told = [s.body["call_id"] for s in one.steps if s.kind == "outcome"]
        assert len(told) == len(set(told)) == len(one.calls)


def _either(deed: Any, dying: Any) -> Any:
    """Die after a sub-agent was started («started»), or after its report was read («reported»)."""

    async def do(*given: Any) -> Any:
        try:
            came = await deed(*given)
        except NeedsSubagents:
            await dying(_nothing, "started")()
            raise
        await dying(_nothing, "reported")()
        return came

    return do


async def _nothing() -> None:
    pass


async def _killed(desk: Any) -> None:
    """Do the oldest job; where the worker was killed it comes again, as the queue's rescue has it."""
    async with desk.house.database.transaction() as session:
        query = "SELECT id, args FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = 'runs' ORDER BY id"
        job = (await session.execute(text(f"{query} LIMIT 1"))).one()
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :id"), {"id": job.id})
    try:
        await desk.house.queue.tasks["tasks.resume"](**job.args)
        end = "DELETE FROM procrastinate_jobs WHERE id = :id"
    except Killed:
        end = "UPDATE procrastinate_jobs SET status = 'todo' WHERE id = :id"
    async with desk.house.database.transaction() as session:
        await session.execute(text(end), {"id": job.id})


async def test_with_real_workers_the_last_one_to_end_always_wakes_the_task(desk: Any) -> None:
    """Sub-agents that end at the same moment, in workers of their own: none of the wake-ups is lost."""
    goals = ("one", "two", "three", "four")
    cast(desk.llm, start(*goals), start(*(f"{g}-b" for g in goals)), **{g: [READ] for g in goals})
    tasks = [await desk.start(goal=GOAL) for _ in range(3)]
    worker = asyncio.create_task(desk.house.queue.run(concurrency=6, signals=False))
    try:
        for _ in range(3000):
            states = [await desk.state(task) for task in tasks]
            if set(states) == {"completed"}:
                break
            await asyncio.sleep(0.1)
    finally:
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
    assert states == ["completed"] * 3
    for task in tasks:
        view = await desk.see(task)
        assert [s.run.state for s in view.subagents] == ["completed"] * 8
        told = [s.body["call_id"] for s in view.steps if s.kind == "outcome"]
        assert len(told) == len(set(told)) == len(view.calls) == 8
        assert "run.revived" not in await desk.verbs(task)


async def test_a_hand_over_waits_for_the_reports(desk: Any) -> None:
    cast(desk.llm, start("one"), one=[SEND])
    task = await desk.run(goal=GOAL)
    ana, ben = desk.home.people["ana"], desk.home.people["ben"]
    async with desk.house.database.transaction() as session:
        offered = await offer(session, ana, task, ben.email, parts=desk.house.parts)
    async with desk.house.database.transaction() as session:
        assert (await accept(session, ben, offered, parts=desk.house.parts)).state == "accepted"
    await look_after(parts=desk.house.parts)
    assert (await desk.see(task)).task.person_id == ana.id
    await desk.answer(task, "approved")
    await desk.work()
    view = await desk.see(task)
    assert (view.run.state, view.task.person_id, len(desk.fake.effects)) == ("completed", ben.id, 1)
