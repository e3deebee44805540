"""A person pauses a task at any time: it parks before its next step, stays answerable, and goes on exactly there."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import update

from colleague.agent.llm import ModelRejects, ModelUnavailable
from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec
from colleague.connectors.connector import Access, Result
from colleague.tasks.delegate import (
    AlreadyEnded,
    NotYourTask,
    amend,
    answer_question,
    retry,
    stop,
    tell,
)
from colleague.tasks.jobs import revive
from colleague.tasks.steer.pause import AlreadyPaused, NothingToPause, NotPaused, pause, unpause
from colleague.tasks.tables import RunRow
from colleague.tasks.together.share import share
from colleague.testing.connector import FakeConnector
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.worker import jobs_waiting, work

pytestmark = pytest.mark.anyio
SEND = call("fake_send", to="dana@aldermoor.example", text="Hello")
READ = call("fake_read", shelf="bids", note="price")
ASK = call("ask_person", question="Which?", choices=["This", "That"])


class Slow(ScriptedLlm):
    """A model that takes its time, until it is let go; `asked` says that it was asked."""

    def begin(self) -> "Slow":
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        return self

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        self.asked.set()
        await self.go.wait()
        return await super().turn(messages, tools)


def _slow(desk: Any) -> Slow:
    desk.llm.__class__ = Slow
    return desk.llm.begin()  # type: ignore[no-any-return]


async def _jobs(desk: Any) -> int:
    async with desk.house.database.transaction() as session:
        return len(await jobs_waiting(session))


async def test_a_queued_task_is_paused_at_once_and_goes_on(desk: Any) -> None:
    task = await desk.start(READ, Turn("It is 420."))
    await desk.do(pause, task)
    assert await desk.state(task) == "paused"
    await desk.work()
    assert not desk.fake.calls
    assert await _jobs(desk) == 0, "it holds no job"
    assert await revive(parts=desk.house.parts) == 0, "and is not given one"
    await desk.do(tell, task, "Take your time.")
    assert await _jobs(desk) == 0
    await desk.do(unpause, task)
    await desk.work()
    view = await desk.see(task)
    assert (view.run.state, view.run.answer, view.run.paused_by) == ("completed", "It is 420.", "")
    verbs = await desk.verbs(task)
    assert verbs.index("task.paused") < verbs.index("task.resumed") < verbs.index("run.started")


async def test_a_running_task_parks_at_its_next_step_and_the_turn_that_was_being_said_is_kept(desk: Any) -> None:
    model = _slow(desk)
    task = await desk.start(READ, Turn("It is 420."))
    working = asyncio.create_task(desk.work())
    await model.asked.wait()
    await desk.do(pause, task)
    assert await desk.state(task) == "running"
    async with desk.door("ana") as client:
        seen = (await client.get(f"/api/v1/tasks/{task}")).json()
    assert (seen["state"], seen["paused_by"]) == ("running", desk.home.people["ana"].id)
    model.go.set()
    await working
    view = await desk.see(task)
    assert view.run.state == "paused"
    assert [s.kind for s in view.steps] == ["said", "said", "turn"], "it was heard, and nothing of it was done"
    assert not view.calls
    assert await _jobs(desk) == 0
    assert "run.paused" in await desk.verbs(task)
    await desk.do(unpause, task)
    await desk.work()
    view = await desk.see(task)
    assert (view.run.state, view.run.answer) == ("completed", "It is 420.")
    assert len(desk.fake.calls) == 1


async def test_a_call_that_has_begun_is_brought_to_its_end(desk: Any) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()
    quick = FakeConnector.call

    async def slow(self: FakeConnector, tool: str, arguments: Any, access: Access) -> Result:
        begun.set()
        await finish.wait()
        return await quick(self, tool, arguments, access)

    desk.fake.__class__ = type("SlowConnector", (FakeConnector,), {"call": slow})
    task = await desk.run(Turn(calls=(*SEND.calls, *READ.calls)), Turn("Done."))
    await desk.answer(task, "approved")
    working = asyncio.create_task(desk.work())
    await begun.wait()
    await desk.do(pause, task)
    finish.set()
    await working
    view = await desk.see(task)
    assert view.run.state == "paused"
    assert [c.state for c in view.calls] == ["done"], "the mail went out and is on record; the next call was not begun"
    assert len(desk.fake.effects) == 1
    await desk.do(unpause, task)
    await desk.work()
    assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 1


async def test_an_approval_given_during_a_pause_counts_and_nothing_happens_before_it_goes_on(desk: Any) -> None:
    task = await desk.run(SEND, Turn("Sent."))
    await desk.do(pause, task)
    await desk.answer(task, "approved")
    await desk.work()
    assert await desk.state(task) == "paused"
    assert not desk.fake.calls
    assert (await desk.asked(task)).used_at is None, "it is not used up either"
    await desk.do(unpause, task)
    await desk.work()
    assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 1


async def test_what_was_approved_in_a_pause_is_decided_anew(desk: Any) -> None:
    from colleague.connectors.grants import revoke

    task = await desk.run(SEND, Turn("Not sent."))
    await desk.do(pause, task)
    await desk.answer(task, "approved")
    await desk.work()
    await desk.do(revoke, desk.grant, who="owner")
    await desk.do(unpause, task)
    await desk.work()
    assert not desk.fake.calls
    assert (await desk.see(task)).run.answer == "Not sent."


@pytest.mark.parametrize("verdict", ["denied", "approved"])
async def test_a_pause_against_an_answer_in_the_same_moment(desk: Any, verdict: str) -> None:
    for _ in range(5):
        task = await desk.run(SEND, Turn("Done."))
        await asyncio.gather(desk.do(pause, task), desk.answer(task, verdict))
        before = len(desk.fake.effects)
        await desk.work()
        assert await desk.state(task) == "paused"
        assert len(desk.fake.effects) == before
        await asyncio.gather(desk.do(unpause, task), desk.work())
        await desk.work()
        assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == (5 if verdict == "approved" else 0)


async def test_resuming_against_an_answer_in_the_same_moment_loses_no_wake_up(desk: Any) -> None:
    for _ in range(5):
        task = await desk.run(SEND, Turn("Done."))
        await desk.do(pause, task)
        await asyncio.gather(desk.do(unpause, task), desk.answer(task, "approved"), desk.work())
        await desk.work()
        assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 5


async def test_an_open_question_waits_through_a_pause_without_a_job(desk: Any) -> None:
    for script, state in ((SEND, "needs approval"), (ASK, "waiting for you")):
        task = await desk.run(script, Turn("Done."))
        waiting = (await desk.see(task)).run.waiting_for
        await desk.do(pause, task)
        assert await desk.state(task) == "paused"
        await desk.do(unpause, task)
        view = await desk.see(task)
        assert (view.run.state, view.run.waiting_for) == (state, waiting)
        assert await _jobs(desk) == 0


async def test_a_question_answered_in_a_pause_is_used_when_it_goes_on(desk: Any) -> None:
    task = await desk.run(ASK, Turn("Done."))
    question = (await desk.see(task)).run.waiting_for
    await desk.do(pause, task)
    await desk.do(answer_question, task, question, "That")
    await desk.work()
    assert await desk.state(task) == "paused"
    await desk.do(unpause, task)
    await desk.work()
    assert await desk.state(task) == "completed"
    assert await desk.outcomes(task) == ["The person answered: That"]


async def test_what_is_asked_can_be_edited_in_a_pause(desk: Any) -> None:
    task = await desk.run(SEND, Turn("Sent."))
    await desk.do(pause, task)
    row = await desk.asked(task)
    await amend(desk.home.people["ana"], row.id, {"text": "Good day"}, digest=row.digest, parts=desk.house.parts)
    await desk.answer(task, "approved")
    await desk.do(unpause, task)
    await desk.work()
    assert "Good day" in str(desk.fake.effects)
    assert len(desk.fake.effects) == 1


async def test_a_stop_works_while_paused_and_nothing_happens_later(desk: Any) -> None:
    task = await desk.run(SEND, Turn("Sent."))
    await desk.do(pause, task)
    await desk.answer(task, "approved")
    await desk.do(stop, task)
    await desk.work()
    view = await desk.see(task)
    assert (view.run.state, view.run.paused_by) == ("stopped", "")
    assert not desk.fake.calls
    with pytest.raises(NotPaused):
        await desk.do(unpause, task)
    with pytest.raises(AlreadyEnded):
        await desk.do(pause, task)


async def test_who_may_and_a_pause_of_what_is_paused(desk: Any) -> None:
    task = await desk.start(READ, Turn("It is 420."))
    await desk.do(share, task, "Ben", "driver")
    await desk.do(share, task, "Dana", "approver")
    for who in ("rita", "owner", "dana"):
        with pytest.raises(NotYourTask):
            await desk.do(pause, task, who=who)
    with pytest.raises(NotPaused):
        await desk.do(unpause, task)
    await desk.do(pause, task, who="ben")
    with pytest.raises(AlreadyPaused, match="Ben Carter has paused"):
        await desk.do(pause, task)
    with pytest.raises(NotYourTask):
        await desk.do(unpause, task, who="dana")
    assert (await desk.see(task)).people[desk.home.people["ben"].id] == "Ben Carter"
    await desk.do(unpause, task)
    given = await asyncio.gather(*(desk.do(pause, task) for _ in range(4)), return_exceptions=True)
    assert sum(g is None for g in given) == 1
    assert all(isinstance(g, AlreadyPaused) for g in given if g is not None)


async def test_a_pause_against_the_end(desk: Any) -> None:
    """Whichever comes first: it ended, and the pause is refused; or it is paused, and ends when it goes on."""
    model = _slow(desk)
    task = await desk.start(Turn("The answer."))
    working = asyncio.create_task(desk.work())
    await model.asked.wait()
    await desk.do(pause, task)
    model.go.set()
    await working
    assert (await desk.see(task)).run.answer == ""
    assert await desk.state(task) == "paused"
    await desk.do(unpause, task)
    await desk.work()
    assert (await desk.see(task)).run.answer == "The answer."
    with pytest.raises(AlreadyEnded):
        await desk.do(pause, task)


async def test_a_pause_that_is_taken_back_before_the_step_ends_loses_nothing(desk: Any) -> None:
    model = _slow(desk)
    task = await desk.start(READ, Turn("It is 420."))
    working = asyncio.create_task(desk.work())
    await model.asked.wait()
    await desk.do(pause, task)
    await desk.do(unpause, task)
    assert await _jobs(desk) == 0, "the worker that holds it simply goes on"
    model.go.set()
    await working
    assert await desk.state(task) == "completed"


async def test_a_worker_that_died_before_the_boundary_leaves_a_paused_task(desk: Any) -> None:
    task = await desk.start(READ, Turn("It is 420."))
    run = (await desk.see(task)).run
    async with desk.house.database.transaction() as session:
        await session.execute(update(RunRow).values(state="running", fence=1, paused_by=desk.home.people["ana"].id))
    await desk.house.queue.tasks["tasks.resume"](run=run.id, segment=run.segment)
    assert await desk.state(task) == "paused"
    await desk.do(unpause, task)
    await desk.work()
    assert await desk.state(task) == "completed"


async def test_trouble_with_the_model_in_a_pause_parks_it_and_a_blocked_one_is_not_paused(desk: Any) -> None:
    trouble: list[Exception] = []

    class Troubled(Slow):
        async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
            self.asked.set()
            await self.go.wait()
            if trouble:
                raise trouble.pop(0)
            return await ScriptedLlm.turn(self, messages, tools)

    desk.llm.__class__ = Troubled
    for state, error in (("paused", ModelUnavailable("It is away.")), ("blocked", ModelRejects("It is refused."))):
        trouble.append(error)
        model = desk.llm.begin()
        task = await desk.start(READ, Turn("It is 420."))
        working = asyncio.create_task(work(desk.house, limit=1))
        await model.asked.wait()
        await desk.do(pause, task)
        model.go.set()
        await working
        assert await desk.state(task) == state
        assert await _jobs(desk) == 0
        if state == "blocked":
            with pytest.raises(NothingToPause):
                await desk.do(pause, task)
        await desk.do(unpause if state == "paused" else retry, task)
        await desk.work()
        assert await desk.state(task) == "completed"


async def test_the_door_for_programs(desk: Any) -> None:
    task = await desk.start(READ, Turn("It is 420."))
    async with desk.door("ana") as ana, desk.door("ben") as ben:
        path = f"/api/v1/tasks/{task}"
        assert (await ben.post(f"{path}/pause")).status_code == 403
        assert (await ana.post(f"{path}/resume")).status_code == 409
        paused = await ana.post(f"{path}/pause")
        assert (paused.status_code, paused.json()["state"]) == (200, "paused")
        assert (await ana.post(f"{path}/pause")).json()["code"] == "AlreadyPaused"
        assert (await ana.post(f"{path}/resume")).json()["state"] == "queued"
        assert (await ana.post("/api/v1/tasks/task_none/pause")).status_code == 404
