"""An effect whose outcome is not known is never repeated on a guess: reads are repeated, else the connector is asked,
else the person; and a person's «once more» buys exactly one attempt."""

from typing import Any

import pytest

from colleague.agent.messages import Turn
from colleague.connectors.connector import Effected, Result
from colleague.tasks.calls import pen
from colleague.testing.connector import FakeConnector
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
DANA = "dana@aldermoor.example"
SEND = call("fake_send", to=DANA, text="Hello")
WRITE = call("fake_write", shelf="bids", note="n", text="t")
READ = call("fake_read", shelf="bids", note="price")


class Killed(BaseException):
    """What a killed worker leaves behind: nothing runs after it."""


class Deadly(FakeConnector):
    """A connector in which the worker dies: before the effect, after it, or in a read; once."""

    when = ""

    async def call(self, tool: str, arguments: Any, access: Any) -> Result:
        when, self.when = self.when, ""
        if when == "before":
            raise Killed
        result = await super().call(tool, arguments, access)
        if when == "after":
            raise Killed
        return result


async def _die(desk: Any, when: str, script: Turn, *, forgetful: bool, asked: bool = True) -> str:
    """Let a run die in its first call; return the task, with the job back in the queue as the rescue leaves it."""
    desk.fake.__class__ = Deadly
    desk.fake.forgetful = forgetful
    task: str = await desk.start(script, Turn("The end."))
    if asked:
        await desk.work()
        await desk.answer(task, "approved")
    desk.fake.when = when
    with pytest.raises(Killed):
        await desk.work()
    run = (await desk.see(task)).run
    assert (run.state, (await desk.see(task)).calls[0].state) == ("running", "intended")
    work = desk.house.queue.tasks["tasks.resume"]
    await work(run=run.id, segment=run.segment)
    return task


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_read_is_simply_repeated(desk: Any, when: str) -> None:
    task = await _die(desk, when, READ, forgetful=True, asked=False)
    assert await desk.outcomes(task) == ["The price is 420."]
    assert await desk.state(task) == "completed"
    assert "call.repeated" in await desk.verbs(task)
    assert "run.taken_over" in await desk.verbs(task)


@pytest.mark.parametrize("script", [SEND, WRITE], ids=["communicate", "modify"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connector_that_can_say_decides(desk: Any, when: str, script: Turn) -> None:
    task = await _die(desk, when, script, forgetful=False)
    assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 1
    (told,) = await desk.outcomes(task)
    assert told == ("Done." if when == "before" else "This took effect before the work was interrupted.")


@pytest.mark.parametrize("script", [SEND, WRITE], ids=["communicate", "modify"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connector_that_cannot_say_leaves_it_to_the_person(desk: Any, when: str, script: Turn) -> None:
    task = await _die(desk, when, script, forgetful=True)
    assert await desk.state(task) == "needs approval"
    card = await desk.asked(task)
    assert "This may have happened at 12:00 (UTC): check" in card.why["rulings"][0]["why"]
    happened = len(desk.fake.effects)
    assert happened == (when == "after")
    await desk.answer(task, "denied")
    await desk.work()
    assert len(desk.fake.effects) == happened
    view = await desk.see(task)
    assert (view.run.state, view.calls[0].state) == ("completed", "unknown")
    assert "it may have taken effect the first time" in (await desk.outcomes(task))[0]


async def test_once_more_buys_exactly_one_attempt(desk: Any) -> None:
    task = await _die(desk, "after", SEND, forgetful=True)
    await desk.answer(task, "approved")
    desk.fake.when = "after"
    with pytest.raises(Killed):
        await desk.work()
    assert len(desk.fake.effects) == 2
    run = (await desk.see(task)).run
    work = desk.house.queue.tasks["tasks.resume"]
    for _ in range(3):
        # However often a worker comes back: the same approval never sends again, it asks anew.
        await work(run=run.id, segment=run.segment)
        assert len(desk.fake.effects) == 2
    assert await desk.state(task) == "needs approval"
    keys = [key.partition(":")[2] for key, _, _ in desk.fake.effects]
    assert keys == ["1", "2"]


@pytest.mark.parametrize(
    ("trouble", "forgetful", "effects", "state", "word"),
    [
        ("fail_before", False, 0, "failed", "nothing was changed"),
        ("unknown_before", False, 0, "failed", "nothing was changed"),
        ("unknown_after", False, 1, "done", "This took effect"),
        ("crash_before", False, 0, "failed", "nothing was changed"),
        ("crash_after", False, 1, "done", "This took effect"),
        ("unknown_before", True, 0, "asked", ""),
        ("unknown_after", True, 1, "asked", ""),
        ("crash_before", True, 0, "asked", ""),
        ("crash_after", True, 1, "asked", ""),
    ],
)
async def test_a_connector_that_fails(
    desk: Any, trouble: Any, forgetful: bool, effects: int, state: str, word: str
) -> None:
    desk.fake.forgetful = forgetful
    task = await desk.run(SEND, Turn("The end."))
    await desk.answer(task, "approved")
    desk.fake.trouble = trouble
    await desk.work()
    assert len(desk.fake.effects) == effects
    assert (await desk.see(task)).calls[0].state == state
    assert await desk.state(task) == ("needs approval" if state == "asked" else "completed")
    if word:
        assert word in (await desk.outcomes(task))[0]


class Silent(FakeConnector):
    """A connector that answers too late, after the effect."""

    async def call(self, tool: str, arguments: Any, access: Any) -> Result:
        import asyncio

        await super().call(tool, arguments, access)
        await asyncio.sleep(60)
        raise AssertionError

    async def effected(self, tool: str, arguments: Any, access: Any) -> Effected:
        return Effected.NO


async def test_a_call_that_takes_too_long_is_in_doubt_whatever_the_connector_says(desk: Any) -> None:
    desk.fake.__class__ = Silent
    object.__setattr__(desk.house.parts, "call_seconds", 0.2)
    reading = await desk.run(READ, Turn("The end."))
    assert await desk.outcomes(reading) == ["The tool did not answer in time."]
    task = await desk.run(SEND, Turn("The end."))
    await desk.answer(task, "approved")
    await desk.work()
    # It may still be under way: «no» is no proof.
    assert await desk.state(task) == "needs approval"
    assert (await desk.asked(task)).why["rulings"][0]["rule"] == "unknown-outcome"


class Mute(FakeConnector):
    """A connector that breaks when it is asked what happened."""

    async def effected(self, tool: str, arguments: Any, access: Any) -> Effected:
        raise RuntimeError("The archive is on fire.")


async def test_trouble_in_asking_is_unknown(desk: Any) -> None:
    desk.fake.__class__ = Mute
    task = await desk.run(SEND, Turn("The end."))
    await desk.answer(task, "approved")
    desk.fake.trouble = "crash_after"
    await desk.work()
    assert await desk.state(task) == "needs approval"
    assert len(desk.fake.effects) == 1


async def test_a_worker_that_was_frozen_before_the_call_looks_again_whose_run_it_is(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await desk.run(SEND, Turn("The end."))
    await desk.answer(task, "approved")
    recorded = pen.Pen.use_approval

    async def frozen(self: Any, *things: Any) -> str:
        answer = await recorded(self, *things)
        # Frozen here for longer than a worker counts as alive, while another one takes the run over.
        run = (await desk.see(task)).run
        object.__setattr__(self._parts, "stale_after", -1.0)
        monkeypatch.setattr(pen.Pen, "use_approval", recorded)
        desk.fake.forgetful = True
        await desk.house.queue.tasks["tasks.resume"](run=run.id, segment=run.segment)
        object.__setattr__(self._parts, "stale_after", 0.0)
        return answer

    monkeypatch.setattr(pen.Pen, "use_approval", frozen)
    object.__setattr__(desk.house.parts, "stale_after", 15.0)
    await desk.work()
    assert not desk.fake.calls
    assert await desk.state(task) == "needs approval"
