"""People and a task: its questions are answered once, words are heard at any time, a stop is at once and for good."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from colleague.agent.messages import Message, Said, Turn
from colleague.agent.tools import ToolSpec
from colleague.tasks.delegate import (
    AlreadyEnded,
    EmptyGoal,
    GoalTooLong,
    NothingAsked,
    NotYourTask,
    answer_question,
    retry,
    stop,
    tell,
)
from colleague.testing.llm import ScriptedLlm, call, last_outcome
from colleague.testing.worker import jobs_waiting

pytestmark = pytest.mark.anyio
DANA = "dana@aldermoor.example"
SEND = call("fake_send", to=DANA, text="Hello")
ASK = call("ask_person", question="Which price?", choices=["420", "421"])


async def _do(desk: Any, deed: Any, task: str, *things: Any, who: str = "ana") -> None:
    async with desk.house.database.transaction() as session:
        await deed(session, desk.home.people[who], task, *things, ledger=desk.house.ledger, clock=desk.clock)


def echo(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
    """Answer with what the person said last."""
    return Turn("Heard: " + [m.text for m in messages if isinstance(m, Said) and m.who == "person"][-1])


async def test_a_question_waits_without_a_job_and_is_answered_exactly_once(desk: Any) -> None:
    def use(messages: Any, tools: Any) -> Turn:
        return Turn(last_outcome(messages, "ask_person").text)

    task = await desk.run(ASK, use)
    view = await desk.see(task)
    assert (view.run.state, view.run.waiting_for) == ("waiting for you", view.calls[0].id)
    async with desk.house.database.transaction() as session:
        assert not await jobs_waiting(session)
    with pytest.raises(NotYourTask):
        await _do(desk, answer_question, task, view.calls[0].id, "420", who="ben")
    with pytest.raises(EmptyGoal):
        await _do(desk, answer_question, task, view.calls[0].id, " \x00 ")
    with pytest.raises(NothingAsked):
        await _do(desk, answer_question, task, "call_none", "420")
    await _do(desk, answer_question, task, view.calls[0].id, "420")
    for _ in range(2):
        with pytest.raises(NothingAsked):
            await _do(desk, answer_question, task, view.calls[0].id, "421")
    assert await desk.work() == 1
    assert (await desk.see(task)).run.answer == "The person answered: 420"


async def test_two_tabs_answering_at_once_count_as_one(desk: Any) -> None:
    task = await desk.run(ASK, Turn("Thanks."))
    question = (await desk.see(task)).calls[0].id
    given = await asyncio.gather(
        *(_do(desk, answer_question, task, question, str(n)) for n in range(4)), return_exceptions=True
    )
    assert sum(g is None for g in given) == 1
    assert all(isinstance(g, NothingAsked) for g in given if g is not None)
    task = await desk.run(SEND, Turn("Sent."))
    given = await asyncio.gather(
        *(desk.answer(task, v) for v in ("approved", "denied", "approved")), return_exceptions=True
    )
    assert sum(g is None for g in given) == 1
    await desk.work()
    assert len(desk.fake.effects) <= 1


async def test_a_job_that_comes_twice_or_late_changes_nothing(desk: Any) -> None:
    task = await desk.run(ASK, Turn("Thanks."))
    run = (await desk.see(task)).run
    work = desk.house.queue.tasks["tasks.resume"]
    for segment in range(1, run.segment + 2):
        await work(run=run.id, segment=segment)
    view = await desk.see(task)
    assert (view.run.state, view.run.waiting_for) == ("waiting for you", view.calls[0].id)
    task = await desk.run(SEND, Turn("Sent."))
    run = (await desk.see(task)).run
    for segment in range(1, run.segment + 2):
        await work(run=run.id, segment=segment)
    assert await desk.state(task) == "needs approval"
    await work(run="run_gone", segment=1)


async def test_what_a_person_answered_is_their_own_word(desk: Any) -> None:
    task = await desk.run(call("ask_person", question="To whom?"), call("fake_send", to="zoe@other.example", text="Hi"))
    await _do(desk, answer_question, task, (await desk.see(task)).calls[0].id, "To zoe@other.example please")
    await desk.work()
    assert (await desk.asked(task)).why["doubts"] == []


async def test_words_while_a_question_is_open_are_heard_after_it(desk: Any) -> None:
    task = await desk.run(SEND, echo)
    await _do(desk, tell, task, "And greet her.")
    assert await desk.state(task) == "needs approval"
    await desk.answer(task, "approved")
    await desk.work()
    assert (await desk.see(task)).run.answer == "Heard: And greet her."


async def test_words_after_the_end_let_the_task_go_on(desk: Any) -> None:
    task = await desk.run(Turn("First."), echo)
    assert (await desk.see(task)).run.answer == "First."
    await _do(desk, tell, task, "Now the second.")
    await desk.work()
    view = await desk.see(task)
    assert (view.run.state, view.run.answer) == ("completed", "Heard: Now the second.")


class Slow(ScriptedLlm):
    """A model that takes its time, until it is let go; `asked` says that it was asked."""

    def __init__(self) -> None:
        super().__init__(name="play")
        self.asked, self.go, self.given_up = asyncio.Event(), asyncio.Event(), False

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        self.asked.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        return await super().turn(messages, tools)


def _slow(desk: Any) -> Slow:
    desk.llm.__class__ = Slow
    Slow.__init__(desk.llm)
    return desk.llm  # type: ignore[no-any-return]


async def test_words_during_the_very_last_turn_are_not_lost(desk: Any) -> None:
    model = _slow(desk)
    model.play(echo)
    task = await desk.start()
    working = asyncio.create_task(desk.work())
    await model.asked.wait()
    await _do(desk, tell, task, "One more thing.")
    model.go.set()
    await working
    assert (await desk.see(task)).run.answer == "Heard: One more thing."


async def test_a_stop_ends_a_model_that_is_thinking_at_once(desk: Any) -> None:
    model = _slow(desk)
    task = await desk.start(SEND)
    working = asyncio.create_task(desk.work())
    await model.asked.wait()
    await _do(desk, stop, task)
    await asyncio.wait_for(working, 120)
    assert model.given_up
    view = await desk.see(task)
    assert view.run.state == "stopped"
    assert view.run.why == "You stopped it. Nothing was sent, changed or written before."
    with pytest.raises(AlreadyEnded):
        await _do(desk, stop, task)
    with pytest.raises(NotYourTask):
        await _do(desk, stop, task, who="owner")


async def test_what_was_approved_before_a_stop_does_not_happen_after_it(desk: Any) -> None:
    task = await desk.run(SEND, echo)
    await desk.answer(task, "approved")
    await _do(desk, stop, task)
    await desk.work()
    assert await desk.state(task) == "stopped"
    await _do(desk, tell, task, "Only tell me the price.")
    await desk.work()
    view = await desk.see(task)
    assert (view.run.state, view.run.answer) == ("completed", "Heard: Only tell me the price.")
    assert not desk.fake.calls
    assert view.calls[0].state == "refused"


async def test_calls_of_a_stopped_turn_are_closed_and_a_stopped_question_too(desk: Any) -> None:
    both = Turn(calls=(*ASK.calls, *SEND.calls, *call("fake_read", shelf="bids", note="price").calls))
    task = await desk.run(both, echo)
    assert await desk.state(task) == "waiting for you"
    await _do(desk, stop, task)
    assert await desk.outcomes(task) == ["The task was stopped before this was done: it was not done."] * 3
    await _do(desk, tell, task, "Start over.")
    await desk.work()
    view = await desk.see(task)
    assert (view.run.state, view.run.answer) == ("completed", "Heard: Start over.")
    assert not desk.fake.calls


async def test_a_stop_wins_over_a_question_about_to_be_asked(desk: Any) -> None:
    model = _slow(desk)
    task = await desk.start(SEND)
    working = asyncio.create_task(desk.work())
    await model.asked.wait()
    model.go.set()
    await _do(desk, stop, task)
    await working
    assert await desk.state(task) == "stopped"
    assert not desk.fake.calls


@pytest.mark.parametrize(("text", "refusal"), [("", EmptyGoal), (" \x00\n", EmptyGoal), ("a" * 8001, GoalTooLong)])
async def test_what_cannot_be_said(desk: Any, text: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await desk.start(Turn("x"), goal=text)
    task = await desk.run(Turn("x"))
    with pytest.raises(refusal):
        await _do(desk, tell, task, text)


async def test_odd_letters_are_kept_as_far_as_they_can_be(desk: Any) -> None:
    task = await desk.run(echo, goal="a\x00b \ud83d c 🦊 مرحبا")
    assert (await desk.see(task)).run.answer == "Heard: ab ? c 🦊 مرحبا"


async def test_only_what_failed_can_be_tried_again(desk: Any) -> None:
    task = await desk.run(Turn("x"))
    with pytest.raises(AlreadyEnded):
        await _do(desk, retry, task)
