"""Try again from a step: the history is copied, nothing in it is done twice, what was done later is told."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from colleague.agent.budget import Budget
from colleague.agent.messages import Message, Said, Turn
from colleague.agent.plan import Plan
from colleague.agent.tools import ToolSpec
from colleague.approvals.answer import answer
from colleague.approvals.inbox import list_inbox
from colleague.approvals.tables import ApprovalRow
from colleague.tasks.delegate import NotYourTask, tell
from colleague.tasks.sight import view_task
from colleague.tasks.steer.again import NewerRun, NoSuchStep, StillWorking, again
from colleague.tasks.steer.pause import pause
from colleague.tasks.store import labels_of
from colleague.tasks.together.share import share
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
SEND = call("fake_send", to="dana@aldermoor.example", text="Hello")
READ = call("fake_read", shelf="bids", note="price")


async def _turns(desk: Any, task: str) -> list[int]:
    return [s.seq for s in (await desk.see(task)).steps if s.kind == "turn"]


async def _sent(desk: Any, task: str) -> None:
    await desk.answer(task, "approved")
    await desk.work()


async def test_history_is_copied_effects_are_told_and_nothing_is_done_twice(desk: Any) -> None:
    heard: list[list[Message]] = []

    def hear(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        heard.append(list(messages))
        return Turn("Done otherwise.")

    plan = call("set_plan", steps=["Read", "Send"], current=1)
    task = await desk.run(plan, READ, SEND, Turn("Sent."))
    await _sent(desk, task)
    first = await desk.see(task)
    assert first.run.state == "completed"
    sending = (await _turns(desk, task))[2]
    desk.llm.play(plan, READ, hear)
    run = await desk.do(again, task, sending, "Only tell me the price.")
    await desk.work()
    view = await desk.see(task)
    assert (view.run.id, view.run.answer, view.run.from_run, view.run.from_seq) == (
        run, "Done otherwise.", first.run.id, sending,
    )  # fmt: skip
    assert [(s.seq, s.body) for s in view.steps if s.seq < sending] == [
        (s.seq, s.body) for s in first.steps if s.seq < sending
    ]
    system, person = [m for m in heard[0] if isinstance(m, Said)][-2:]
    assert system.who == "system"
    assert 'Mail to "dana@aldermoor.example"' in system.text or '"dana@aldermoor.example"' in system.text
    assert "It is not undone" in system.text
    assert (person.text, person.by) == ("Only tell me the price.", desk.home.people["ana"].id)
    assert len(desk.fake.calls) == 2, "what was read before is not read again"
    assert len(desk.fake.effects) == 1
    assert Plan.from_json(view.run.plan).steps == ("Read", "Send")
    assert "task.tried_again" in await desk.verbs(task)
    async with desk.house.database.transaction() as session:
        assert await labels_of(session, run) == {
            k: v for k, v in (await labels_of(session, first.run.id)).items() if k in view.calls_by_model_id
        }
        old = await view_task(session, desk.home.people["ana"], task, first.run.id)
    assert (old.run.answer, old.newest, old.steers) == ("Sent.", False, False)
    assert old.run.label == view.run.label


async def test_effects_of_every_earlier_try_are_told_and_only_what_is_not_in_the_history(desk: Any) -> None:
    told: list[str] = []

    def hear(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        told.append([m.text for m in messages if isinstance(m, Said) and m.who == "system"][-1])
        return Turn("Done.")

    task = await desk.run(READ, SEND, Turn("Sent."))
    await _sent(desk, task)
    turns = await _turns(desk, task)
    desk.llm.play(READ, hear)
    await desk.do(again, task, turns[1])
    await desk.work()
    desk.llm.play(hear)
    await desk.do(again, task, turns[0])
    await desk.work()
    assert all('"dana@aldermoor.example"' in t for t in told)
    assert len(told) == 2, "the mail of the first try is told in the third too"
    # A mail that is in the history is not told as something that came later.
    task = await desk.run(SEND, READ, Turn("Done."))
    await _sent(desk, task)
    desk.llm.play(SEND, hear)
    await desk.do(again, task, (await _turns(desk, task))[1])
    await desk.work()
    assert "Nothing was sent or changed after this point." in told[-1]
    assert len(desk.fake.effects) == 2


async def test_a_waiting_run_is_stopped_and_its_question_can_not_be_answered_any_more(desk: Any) -> None:
    task = await desk.run(READ, SEND, Turn("Done."))
    await desk.do(pause, task)
    asked = await desk.asked(task)
    first = (await desk.see(task)).run.id
    desk.llm.play(READ, Turn("Not sent."))
    await desk.do(again, task, (await _turns(desk, task))[1])
    with pytest.raises(Exception, match="withdrawn"):
        async with desk.house.database.transaction() as session:
            await answer(
                session, desk.home.people["ana"], asked.id, "approved", digest=asked.digest, ledger=desk.house.ledger,
                clock=desk.clock,
            )  # fmt: skip
    await desk.work()
    assert (await desk.see(task)).run.answer == "Not sent."
    async with desk.house.database.transaction() as session:
        old = await view_task(session, desk.home.people["ana"], task, first)
    assert (old.run.state, old.run.paused_by) == ("stopped", "")
    assert not desk.fake.effects


async def test_what_was_read_before_the_step_is_still_doubted_after_it(desk: Any) -> None:
    """An address from an untrusted note does not become the person's because the history was copied."""
    mail = call("fake_send", to="eve@evil.example", text="Hi")
    read = call("fake_read", shelf="bids", note="plan")
    task = await desk.run(read, Turn("Done."))
    desk.llm.play(read, mail)
    await desk.do(again, task, (await _turns(desk, task))[1], "Go on.")
    await desk.work()
    doubts = (await desk.asked(task)).why["doubts"]
    assert [d["value"] for d in doubts] == ["eve@evil.example"]
    assert "integrity" in (await desk.see(task)).run.label


async def test_colleagues_take_part_in_the_new_run(desk: Any) -> None:
    task = await desk.run(READ, SEND, Turn("Done."))
    await desk.do(share, task, "Ben", "approver")
    desk.llm.play(READ, SEND, Turn("Done."))
    await desk.do(again, task, (await _turns(desk, task))[1])
    await desk.work()
    async with desk.house.database.transaction() as session:
        inbox = await list_inbox(session, desk.home.people["ben"])
        open_ = list(await session.scalars(select(ApprovalRow.id).where(ApprovalRow.state == "asked")))
    assert [c.id for c in inbox] == open_ == [(await desk.asked(task)).id]
    with pytest.raises(NotYourTask):
        await desk.do(again, task, (await _turns(desk, task))[0], who="ben")


async def test_the_budget_is_new_and_its_ceilings_hold(desk: Any) -> None:
    task = await desk.run(READ, READ, READ, budget=Budget(steps=2))
    assert (await desk.see(task)).run.spent["steps"] == 2
    assert (await desk.see(task)).run.partial
    await desk.do(again, task, (await _turns(desk, task))[1])
    await desk.work()
    run = (await desk.see(task)).run
    assert (run.partial, run.spent["steps"], run.budget["steps"]) == (True, 2, 2), "two turns more, and not a third"
    assert len(await _turns(desk, task)) == 3


async def test_from_where_and_by_whom(desk: Any) -> None:
    task = await desk.run(READ, Turn("Done."))
    first, turns = (await desk.see(task)).run.id, await _turns(desk, task)
    for step in (turns[0] - 1, turns[-1] + 100, 0, -1):
        with pytest.raises(NoSuchStep):
            await desk.do(again, task, step)
    with pytest.raises(NotYourTask):
        await desk.do(again, task, turns[0], who="owner")
    given = await asyncio.gather(
        *(desk.do(again, task, turns[0], run_id=first) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(g, str) for g in given) == 1, given
    assert all(isinstance(g, NewerRun) for g in given if not isinstance(g, str))
    await desk.work()
    await desk.do(tell, task, "Once more.")
    async with desk.house.database.transaction() as session:
        view = await view_task(session, desk.home.people["owner"], task)
        view.run.state = "running"
    with pytest.raises(StillWorking):
        await desk.do(again, task, (await _turns(desk, task))[0])


async def test_the_door_for_programs(desk: Any) -> None:
    task = await desk.run(READ, Turn("Done."))
    async with desk.door("ana") as ana, desk.door("ben") as ben:
        path = f"/api/v1/tasks/{task}"
        steps = (await ana.get(f"{path}/steps")).json()
        assert [(s["kind"], s["tools"]) for s in steps] == [
            ("said", []), ("turn", ["fake_read"]), ("outcome", []), ("turn", []),
        ]  # fmt: skip
        assert (await ben.get(f"{path}/runs")).status_code == 404
        assert (await ben.post(f"{path}/again", json={"step": steps[1]["seq"]})).status_code == 403
        assert (await ana.post(f"{path}/again", json={"step": 999})).json()["code"] == "NoSuchStep"
        made = await ana.post(f"{path}/again", json={"step": steps[1]["seq"], "words": "Again."})
        assert (made.status_code, made.json()["state"]) == (201, "queued")
        runs = (await ana.get(f"{path}/runs")).json()
        assert [(r["state"], r["from_step"]) for r in runs] == [("completed", 0), ("queued", steps[1]["seq"])]
        earlier = (await ana.get(f"{path}/steps", params={"run": runs[0]["id"]})).json()
        assert earlier == steps
        assert (await ana.get(f"{path}/steps", params={"run": "run_none"})).status_code == 404
