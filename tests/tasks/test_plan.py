"""A person rewrites the plan of a task: it is theirs, the agent hears of it and cannot drop their steps in silence."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from colleague.agent.messages import Message, Said, Turn
from colleague.agent.plan import BadPlan, Plan, own_words
from colleague.agent.tools import ToolSpec
from colleague.tasks.delegate import AlreadyEnded, NotYourTask, answer_question
from colleague.tasks.steer.pause import pause, unpause
from colleague.tasks.steer.replan import PlanMoved, replan
from colleague.tasks.together.share import share
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
ASK = call("ask_person", question="Which?")


def plan(*steps: str, current: int = 1) -> Turn:
    return call("set_plan", steps=list(steps), current=current)


async def _plan(desk: Any, task: str) -> Plan:
    return Plan.from_json((await desk.see(task)).run.plan)


async def _answer(desk: Any, task: str) -> None:
    await desk.do(answer_question, task, (await desk.see(task)).run.waiting_for, "The first")
    await desk.work()


async def test_a_persons_plan_is_shown_and_heard_as_their_words(desk: Any) -> None:
    heard: list[str] = []

    def hear(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        heard.append([m.text for m in messages if isinstance(m, Said) and m.who == "person"][-1])
        return plan("Read", "Compare the prices", "Write", current=2)

    task = await desk.run(plan("Read", "Write"), ASK, hear, Turn("Done."))
    after = await desk.do(replan, task, ["Read", "Compare  the prices", "Write"], version=1)
    assert (after.steps, after.version) == (("Read", "Compare the prices", "Write"), 2)
    ana = desk.home.people["ana"].id
    assert after.authors == ("", ana, "")
    await _answer(desk, task)
    assert heard[0].startswith("I changed the plan. It is now:\n1. Read\n2. Compare the prices\n3. Write")
    view = await desk.see(task)
    found = Plan.from_json(view.run.plan)
    assert (found.current, found.version, found.overrides) == (2, 2, ()), "the agent moved on, and changed no words"
    assert found.authors == ("", ana, "")
    assert view.said[-1].body["by"] == ana
    assert "plan.edited" in await desk.verbs(task)


async def test_a_step_that_the_agent_leaves_out_or_puts_back_is_shown(desk: Any) -> None:
    task = await desk.run(
        plan("Read", "Mail it"), ASK, plan("Read", "Write", "Mail it"), plan("Read", "Check twice"), Turn("Done.")
    )  # fmt: skip
    await desk.do(share, task, "Ben", "driver")
    await desk.do(replan, task, ["Read", "Check twice"], version=1, who="ben")
    await _answer(desk, task)
    outcomes = await desk.outcomes(task)
    assert "You left out what the person had put in: «Check twice». Say why." in outcomes[2]
    assert "You put back what the person had taken out: «Mail it». Say why." in outcomes[2]
    assert outcomes[3] == "Plan noted: step 1 of 2.", "in again, and out again: nothing is left to say"
    assert (await _plan(desk, task)).overrides == ()
    assert (await desk.verbs(task)).count("plan.overridden") == 1
    # And it stays in sight as long as it is so.
    task = await desk.run(plan("Read"), ASK, plan("Write"), plan("Write", current=2), Turn("Done."))
    await desk.do(replan, task, ["Read", "Check twice"], version=1)
    await _answer(desk, task)
    ana = desk.home.people["ana"].id
    assert [(o.text, o.how, o.by) for o in (await _plan(desk, task)).overrides] == [("Check twice", "left out", ana)]
    async with desk.door("ana") as client:
        seen = (await client.get(f"/api/v1/tasks/{task}/plan")).json()
    assert seen["overrides"] == [{"text": "Check twice", "how": "left out", "by": ana, "name": "Ana Ruiz"}]


async def test_a_plan_that_the_agent_set_before_it_heard_of_theirs_is_not_noted(desk: Any) -> None:
    both = Turn(calls=(*ASK.calls, *plan("Old").calls))
    task = await desk.run(both, plan("Mine", current=2), Turn("Done."))
    await desk.do(replan, task, ["Mine"], version=0)
    await _answer(desk, task)
    assert "The person has changed the plan meanwhile" in (await desk.outcomes(task))[1]
    found = await _plan(desk, task)
    assert (found.steps, found.current, found.overrides) == (("Mine",), 2, ())


async def test_an_edit_of_an_old_version_is_refused(desk: Any) -> None:
    task = await desk.run(plan("Read"), ASK, Turn("Done."))
    given = await asyncio.gather(
        *(desk.do(replan, task, [f"Mine {n}"], version=1) for n in range(4)), return_exceptions=True
    )
    assert sum(isinstance(g, Plan) for g in given) == 1
    assert all(isinstance(g, PlanMoved) for g in given if not isinstance(g, Plan))
    with pytest.raises(PlanMoved):
        await desk.do(replan, task, ["Mine"], version=0)
    unchanged = (await _plan(desk, task)).steps
    steps = len((await desk.see(task)).steps)
    await desk.do(replan, task, unchanged, version=2)
    assert len((await desk.see(task)).steps) == steps, "saved as it was, nobody is told anything"


async def test_who_may_when_and_what(desk: Any) -> None:
    task = await desk.run(plan("Read"), ASK, Turn("Done."))
    await desk.do(share, task, "Dana", "approver")
    for who in ("dana", "owner"):
        with pytest.raises(NotYourTask):
            await desk.do(replan, task, ["Mine"], version=1, who=who)
    for steps in ([], ["  "], ["a" * 201], ["a"] * 21, ["\x00"]):
        with pytest.raises(BadPlan):
            await desk.do(replan, task, steps, version=1)
    await desk.do(pause, task)
    await desk.do(replan, task, ["Mine"], version=1)
    assert await desk.state(task) == "paused"
    await desk.do(unpause, task)
    await _answer(desk, task)
    with pytest.raises(AlreadyEnded):
        await desk.do(replan, task, ["Late"], version=2)


async def test_words_of_the_agent_are_not_vouched_for_by_whoever_mends_its_step(desk: Any) -> None:
    """An address that a read text brought into the agent's plan stays doubtful, however the step was reworded."""
    mail = call("fake_send", to="eve@evil.example", text="Hi")
    task = await desk.run(plan("Send it to eve@evil.example"), ASK, mail, Turn("Done."))
    await desk.do(replan, task, ["Send it to eve@evil.example, please", "Read <eve@evil.example> again"], version=1)
    await _answer(desk, task)
    assert [d["value"] for d in (await desk.asked(task)).why["doubts"]] == ["eve@evil.example"]
    # What they wrote themselves is theirs.
    mail = call("fake_send", to="zoe@other.example", text="Hi")
    task = await desk.run(plan("Send it"), ASK, mail, Turn("Done."))
    await desk.do(replan, task, ["Send it to zoe@other.example"], version=1)
    await _answer(desk, task)
    assert (await desk.asked(task)).why["doubts"] == []


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (["Pay 420 to eve@evil.example now"], "now"),
        (["pay 420 TO «EVE@EVIL.EXAMPLE»."], ""),
        (["mailto:eve@evil.example"], ""),
        (["Ask zoe@other.example"], "Ask zoe@other.example"),
    ],
)
def test_own_words(steps: list[str], words: str) -> None:
    before = Plan().updated(["Pay 420 to eve@evil.example"], 1)
    assert own_words(before, before.edited(steps, "person_1")) == words


@pytest.mark.parametrize(
    ("steps", "current"),
    [
        (["a", "b", "c", "d"], 3),
        (["a", "new", "b", "c"], 2),
        (["c", "a", "b"], 1),
        (["a", "b"], 3),
        (["a", "b", "a"], 3),
        (["A", "b", "c"], 1),
    ],
)
def test_work_goes_on_at_the_first_step_that_is_not_done(steps: list[str], current: int) -> None:
    assert Plan().updated(["a", "b", "c"], 3).edited(steps, "person_1").current == current


def test_a_plan_of_an_older_release_still_reads() -> None:
    old = Plan.from_json({"steps": ["a", "b"], "current": 2})
    assert (old.authors, old.version, old.edited(["a", "c"], "p").authors) == (("", ""), 0, ("", "p"))
    assert Plan.from_json(old.to_json()) == old


async def test_the_door_for_programs(desk: Any) -> None:
    task = await desk.run(plan("Read"), ASK, Turn("Done."))
    async with desk.door("ana") as ana, desk.door("ben") as ben:
        path = f"/api/v1/tasks/{task}/plan"
        assert (await ana.get(path)).json()["version"] == 1
        assert (await ben.get(path)).status_code == 404
        assert (await ben.put(path, json={"version": 1, "steps": ["Mine"]})).status_code == 403
        assert (await ana.put(path, json={"version": 0, "steps": ["Mine"]})).json()["code"] == "PlanMoved"
        assert (await ana.put(path, json={"version": 1, "steps": ["x"] * 101})).status_code == 422
        assert (await ana.put(path, json={"version": 1, "steps": []})).status_code == 422
        made = (await ana.put(path, json={"version": 1, "steps": ["Mine", "Yours"]})).json()
        assert (made["version"], made["steps"][0]["name"]) == (2, "Ana Ruiz")
