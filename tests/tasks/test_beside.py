"""Reads of one turn are performed beside each other; record and model see the order of the turn; each ends once.

What communicates or modifies is never performed beside another call, and is decided when the reads before it are in.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from colleague.agent.messages import Call, Turn
from colleague.audit.tables import EntryRow
from colleague.connectors.connector import AccountExpired, Result, Tool, ToolFailed
from colleague.tasks.calls.beside import AT_ONCE
from colleague.tasks.delegate import stop
from colleague.tasks.steer.pause import pause
from colleague.testing.connector import TOOLS, FakeConnector
from colleague.testing.house import open_connector

pytestmark = pytest.mark.anyio
DANA = "dana@aldermoor.example"


class Killed(BaseException):
    """What a killed worker leaves behind: nothing runs after it."""


class Slow(FakeConnector):
    """Notes that come back when they are let; how many calls are under way is counted."""

    def stage(self) -> "Slow":
        """Begin: notes n0 … n15, nothing under way."""
        self.shelves["bids"] |= {f"n{n}": f"Note {n}." for n in range(16)}
        self.under_way, self.most, self.beside_effect = 0, 0, 0
        self.before: dict[str, Callable[[], Any]] = {}
        self.ended: list[str] = []
        self.egress: set[str] = set()
        return self

    def tools(self) -> Any:
        more: list[Tool] = [replace(TOOLS[0], name=f"fake_{n}", egress=True) for n in sorted(self.egress)]
        return (*TOOLS, *more)

    def preview(self, tool: str, arguments: Any, access: Any) -> Any:
        return super().preview("fake_read" if tool.endswith("egress") else tool, arguments, access)

    async def call(self, tool: str, arguments: Any, access: Any) -> Result:
        name = str(arguments.get("note", tool))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if tool in ("fake_send", "fake_write"):
            self.beside_effect = max(self.beside_effect, self.under_way)
        try:
            await asyncio.sleep(0.05)
            if name in self.before:
                came = self.before[name]()
                if came is not None:
                    await came
            return await super().call("fake_read" if tool.endswith("egress") else tool, arguments, access)
        finally:
            self.under_way -= 1
            self.ended.append(name)


def reads(*notes: Any) -> tuple[Call, ...]:
    return tuple(Call("c", "fake_read", {"shelf": "bids", "note": f"n{n}" if isinstance(n, int) else n}) for n in notes)


def send(to: str = DANA) -> Call:
    return Call("s", "fake_send", {"to": to, "text": "Hello"})


@pytest.fixture
def slow(desk: Any) -> Any:
    desk.fake.__class__ = Slow
    desk.fake.stage()
    return desk


async def _subjects(desk: Any, task: str, verb: str) -> list[str]:
    run = (await desk.see(task)).run.id
    async with desk.house.database.transaction() as session:
        query = select(EntryRow.subject).where(EntryRow.run == run, EntryRow.verb == verb).order_by(EntryRow.id)
        return list(await session.scalars(query))


async def _once_each(desk: Any, task: str) -> None:
    """Each call of the run has one row, one outcome step and one end in the ledger."""
    view = await desk.see(task)
    told = [s.body["call_id"] for s in view.steps if s.kind == "outcome"]
    assert len(told) == len(set(told)) == len(view.calls)
    assert all(c.state not in ("intended", "asked") for c in view.calls)
    ends = [s for v in ("call.completed", "call.failed", "call.refused") for s in await _subjects(desk, task, v)]
    assert len(ends) == len(set(ends))


async def test_reads_run_beside_each_other_and_end_in_the_order_of_the_turn(slow: Any) -> None:
    late = asyncio.Event()
    slow.fake.before = {"n0": late.wait, "n1": late.wait, "n2": late.wait, "n3": late.set}
    heard: list[str] = []

    def listen(messages: Any, tools: Any) -> Turn:
        heard.extend(m.text for m in messages[-6:])
        return Turn("Read.")

    task = await slow.run(Turn(calls=reads(*range(6))), listen)
    assert slow.fake.ended.index("n3") < slow.fake.ended.index("n0")
    assert slow.fake.most == AT_ONCE
    assert heard == [f"Note {n}." for n in range(6)]
    assert await slow.outcomes(task) == heard
    calls = [c.id for c in (await slow.see(task)).calls]
    assert await _subjects(slow, task, "call.decided") == await _subjects(slow, task, "call.completed") == calls
    await _once_each(slow, task)


async def test_each_read_is_decided_and_on_record_before_it_is_made(slow: Any) -> None:
    async def look() -> None:
        async with slow.house.database.transaction() as session:
            seen.append(set((await session.execute(text("SELECT DISTINCT state FROM calls"))).scalars()))
            verbs = "SELECT count(*) FROM ledger_entries WHERE verb = 'call.decided'"
            decided.append((await session.execute(text(verbs))).scalar_one())

    seen: list[set[str]] = []
    decided: list[int] = []
    slow.fake.before = {f"n{n}": look for n in range(3)}
    await slow.run(Turn(calls=reads(0, 1, 2)))
    assert all("intended" in states for states in seen)
    assert all(count >= n + 1 for n, count in enumerate(decided))


async def test_what_sends_is_decided_with_the_label_of_the_reads_before_it_and_runs_alone(slow: Any) -> None:
    """The note names Eve, and nobody else does: the question about the mail says where her address comes from."""
    turn = Turn(calls=(*reads("plan", 1), send("eve@evil.example"), *reads(2, 3)))
    task = await slow.run(turn)
    asked = await slow.asked(task)
    assert asked.why["doubts"][0]["found_in"] == "fake:bids"
    assert asked.why["label"]["integrity"] == "untrusted"
    assert sorted(slow.fake.ended) == ["n1", "plan"]
    await slow.answer(task, "approved")
    await slow.work()
    assert slow.fake.beside_effect == 1
    first, sent, then = slow.fake.ended[:2], slow.fake.ended[2], slow.fake.ended[3:]
    assert (sorted(first), sent, sorted(then)) == (["n1", "plan"], "fake_send", ["n2", "n3"])
    assert len(slow.fake.effects) == 1
    await _once_each(slow, task)


async def test_reads_that_reach_out_run_beside_each_other_and_others_join_them(slow: Any) -> None:
    await _open_egress(slow)
    all_in = asyncio.Event()
    slow.fake.before = {"n4": all_in.wait, "n5": all_in.wait, "n0": all_in.set}
    task = await slow.run(Turn(calls=(*_out(4, 5), *reads(0))))
    assert slow.fake.most == 3
    assert await slow.outcomes(task) == ["Note 4.", "Note 5.", "Note 0."]


async def test_a_read_that_reaches_out_is_decided_when_the_reads_before_it_are_in(slow: Any) -> None:
    """What was read is internal, so a person is asked: beside it, it would have been decided as if nothing was."""
    await _open_egress(slow)
    task = await slow.run(Turn(calls=(*reads(0, 1), *_out(4))))
    assert await slow.state(task) == "needs approval"
    assert (await slow.asked(task)).why["label"]["class"] == "internal"
    assert sorted(slow.fake.ended) == ["n0", "n1"]


async def _open_egress(desk: Any) -> None:
    desk.fake.egress = {"egress"}
    await open_connector(desk.home, "fake", ["*"], config={})


def _out(*notes: int) -> list[Call]:
    return [Call("e", "fake_egress", {"shelf": "bids", "note": f"n{n}"}) for n in notes]


async def test_a_plan_and_a_question_stand_alone(slow: Any) -> None:
    plan = Call("p", "set_plan", {"steps": ["Read", "Ask"], "current": 2})
    ask = Call("q", "ask_person", {"question": "Which?"})
    task = await slow.run(Turn(calls=(*reads(0), plan, *reads(1), ask, *reads(2))))
    assert await slow.state(task) == "waiting for you"
    assert slow.fake.ended == ["n0", "n1"]
    assert slow.fake.most == 1


def _fail() -> None:
    raise ToolFailed


def _break() -> None:
    raise ZeroDivisionError


async def test_one_that_fails_and_one_that_does_not_fit_leave_the_others_alone(slow: Any) -> None:
    slow.fake.before = {"n1": _fail, "n3": _break}
    odd = (Call("x", "no_tool", {}), Call("y", "fake_read", {"shelf": 3}))
    task = await slow.run(Turn(calls=(*reads(0, 1, 2, 3), *odd, *reads(4, "none"))))
    told = await slow.outcomes(task)
    assert [told[0], told[2], told[6]] == ["Note 0.", "Note 2.", "Note 4."]
    assert told[1] == ToolFailed().message
    assert told[3] == "The tool failed in an unexpected way."
    assert [c.state for c in (await slow.see(task)).calls] == [
        "done", "failed", "done", "failed", "refused", "refused", "done", "failed",
    ]  # fmt: skip
    await _once_each(slow, task)


async def test_one_that_hangs_ends_as_failed_and_the_others_are_kept(slow: Any) -> None:
    object.__setattr__(slow.house.parts, "call_seconds", 3.0)
    slow.fake.before = {"n0": lambda: asyncio.sleep(60)}
    task = await slow.run(Turn(calls=reads(0, 1, 2)))
    assert await slow.outcomes(task) == ["The tool did not answer in time.", "Note 1.", "Note 2."]
    await _once_each(slow, task)


async def test_a_stop_ends_hanging_reads_at_once_and_closes_each_once(slow: Any) -> None:
    async def stopped() -> None:
        async with slow.house.database.transaction() as session:
            ana = slow.home.people["ana"]
            await stop(session, ana, task, ledger=slow.house.ledger, clock=slow.clock)
        await asyncio.sleep(120)

    slow.fake.before = {"n2": stopped, "n0": lambda: asyncio.sleep(120)}
    task = await slow.start(Turn(calls=reads(0, 1, 2, 3, 4)))
    async with asyncio.timeout(100):
        await slow.work()
    assert await slow.state(task) == "stopped"
    assert slow.fake.under_way == 0
    told = await slow.outcomes(task)
    assert told == ["The task was stopped before this was done: it was not done."] * 5
    assert {c.state for c in (await slow.see(task)).calls} == {"refused"}


async def test_a_pause_lets_the_reads_under_way_end_and_begins_no_other(slow: Any) -> None:
    stands = asyncio.Event()

    async def paused() -> None:
        async with slow.house.database.transaction() as session:
            await pause(session, slow.home.people["ana"], task, ledger=slow.house.ledger, clock=slow.clock)
        stands.set()
        await asyncio.sleep(0.5)

    # The others end when the pause stands, and no sooner.
    slow.fake.before = {f"n{n}": stands.wait for n in range(8)} | {"n1": paused}
    task = await slow.start(Turn(calls=reads(*range(8))))
    await slow.work()
    assert await slow.state(task) == "paused"
    done = await slow.outcomes(task)
    assert done == [f"Note {n}." for n in range(len(done))]
    assert 2 <= len(done) <= 5
    assert {c.state for c in (await slow.see(task)).calls} == {"done"}


async def test_a_worker_that_lost_the_run_concludes_nothing(slow: Any) -> None:
    """Another worker takes the run over while three reads are under way: it repeats them, each has one outcome."""
    taken = []

    async def take() -> None:
        if not taken:
            taken.append(1)
            run = (await slow.see(task)).run
            await slow.house.queue.tasks["tasks.resume"](run=run.id, segment=run.segment)

    slow.fake.before = {"n1": take}
    task = await slow.start(Turn(calls=reads(0, 1, 2)), Turn("Read."))
    await slow.work()
    assert taken
    assert await slow.state(task) == "completed"
    assert await slow.outcomes(task) == ["Note 0.", "Note 1.", "Note 2."]
    await _once_each(slow, task)


@pytest.mark.parametrize("note", ["n0", "n2"])
async def test_a_worker_killed_in_the_middle_leaves_reads_that_are_repeated(slow: Any, note: str) -> None:
    def die() -> None:
        slow.fake.before = {}
        raise Killed

    slow.fake.before = {note: die}
    task = await slow.start(Turn(calls=reads(0, 1, 2, 3)), Turn("Read."))
    with pytest.raises(Killed):
        await slow.work()
    run = (await slow.see(task)).run
    assert "intended" in {c.state for c in (await slow.see(task)).calls}
    await slow.house.queue.tasks["tasks.resume"](run=run.id, segment=run.segment)
    assert await slow.state(task) == "completed"
    assert await slow.outcomes(task) == [f"Note {n}." for n in range(4)]
    await _once_each(slow, task)


async def test_an_account_that_expired_parks_the_run_and_the_reads_beside_it_are_done_afterwards(slow: Any) -> None:
    def expired() -> None:
        slow.fake.before = {}
        raise AccountExpired

    slow.fake.before = {"n1": expired}
    task = await slow.run(Turn(calls=reads(0, 1, 2)), Turn("Read."))
    assert await slow.state(task) == "needs approval"
    await slow.answer(task, "approved")
    await slow.work()
    assert await slow.outcomes(task) == ["Note 0.", "Note 1.", "Note 2."]
    await _once_each(slow, task)
