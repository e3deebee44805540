"""What a person agreed to beforehand stands in for one question only, within its bounds, counted, listed, ended."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.dispatch.schedules.conftest import DAILY, Timekeeper, in_days

from colleague.agent.messages import Turn
from colleague.approvals.tables import ApprovalRow
from colleague.audit.tables import EntryRow
from colleague.dispatch.schedules.envelopes.give import (
    BadEnvelope,
    EnvelopeNotFound,
    NotYoursToEnd,
    NotYoursToGive,
    Terms,
    end_envelope,
    give_envelope,
    list_envelopes,
)
from colleague.dispatch.schedules.envelopes.stand_in import stand_in
from colleague.dispatch.schedules.hand_over import accept, offer
from colleague.dispatch.schedules.make import activate, edit_schedule, end_schedule, pause, run_now
from colleague.files.attach import Attached
from colleague.identity.actor import SignInYourself
from colleague.policy.model import Approval, Ask, DataClass, Decision, Doubt, Effect, Role, Ruling, Tier
from colleague.tasks.calls.facts import Seen
from colleague.tasks.calls.stand import may_be_stood_for
from colleague.tasks.calls.weigh import Weighed
from colleague.tasks.delegate import tell
from colleague.tasks.tables import CallRow
from colleague.tasks.toolbox import Bound
from colleague.testing.connector import TOOLS, FakeConnector
from colleague.testing.llm import call
from colleague.testing.worker import jobs_waiting, work

pytestmark = pytest.mark.anyio
BEN, DANA = "ben@aldermoor.example", "dana@aldermoor.example"
SEND = replace(DAILY, words=f"Send {BEN} a note that all is well.", tier=Tier.COMMUNICATE)
NOTE = call("fake_send", to=BEN, text="All is well.")


@pytest.fixture
async def sender(keeper: Timekeeper) -> Timekeeper:
    """Return a keeper in a house where automations may send, with a schedule that sends one note a run."""
    await keeper.allow(phase="broad", dispatch_ceiling="communicate")
    keeper.desk.llm.play(NOTE, Turn("Sent."))
    return keeper


async def give(keeper: Timekeeper, schedule: str, *, who: str = "ana", via: str = "page", **more: Any) -> str:
    house = keeper.desk.house
    terms = Terms(**{"tool": "fake_send", "recipients": (BEN,), "ends_at": in_days(keeper.clock, 30), **more})
    async with house.database.transaction() as session:
        actor: Any = replace(keeper.desk.home.people[who], via=via)
        return await give_envelope(
            session, actor, schedule, terms, registry=house.registry, ledger=house.ledger, clock=keeper.clock
        )


async def press(keeper: Timekeeper, schedule: str) -> str:
    """Run it now, to the end or to a question; return how its task stands."""
    before = {s.id for s in await keeper.slots(schedule)}
    await keeper.do(run_now, schedule, f"press {len(before)}")
    await work(keeper.desk.house, queue="house")
    await keeper.desk.work()
    (slot,) = [s for s in await keeper.slots(schedule) if s.id not in before]
    return await keeper.desk.state(slot.task)


async def rows(keeper: Timekeeper, kind: Any) -> list[Any]:
    async with keeper.parts.database.transaction() as session:
        return list(await session.scalars(select(kind).order_by(kind.id)))


async def envelopes(keeper: Timekeeper, *, who: str = "ana", **more: Any) -> list[Any]:
    async with keeper.parts.database.transaction() as session:
        return await list_envelopes(session, keeper.desk.home.people[who], clock=keeper.clock, **more)


async def test_without_one_each_send_is_asked(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    assert await press(sender, schedule) == "needs approval"
    assert sender.desk.fake.effects == []


async def test_it_stands_in_once_a_day_and_is_on_record_with_the_call(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    envelope = await give(sender, schedule)
    assert await press(sender, schedule) == "completed"
    assert [arguments for _, _, arguments in sender.desk.fake.effects] == [{"to": BEN, "text": "All is well."}]
    assert await rows(sender, ApprovalRow) == []
    sent = [c for c in await rows(sender, CallRow) if c.tool == "fake_send"]
    assert [(c.state, c.standing_id, c.approval_id) for c in sent] == [("done", envelope, "")]
    async with sender.parts.database.transaction() as session:
        query = select(EntryRow).where(EntryRow.verb.in_(("call.decided", "envelope.used"))).order_by(EntryRow.id)
        entries = [e for e in await session.scalars(query) if e.subject in (sent[0].id, envelope)]
    ana = sender.desk.home.people["ana"].id
    asked, used, allowed = (json.loads(e.body)["data"] for e in entries)
    assert (asked["effect"], allowed["effect"]) == ("ask", "allow")
    assert (allowed["approved_by"], allowed["standing"]) == (ana, envelope)
    assert (entries[1].verb, entries[1].actor, used["call"]) == ("envelope.used", ana, sent[0].id)
    # One a day: the second is asked, tomorrow's is not.
    assert await press(sender, schedule) == "needs approval"
    sender.clock.advance(hours=23)
    assert await press(sender, schedule) == "needs approval"
    sender.clock.advance(hours=1, minutes=1)
    assert await press(sender, schedule) == "completed"
    assert (await envelopes(sender))[0].used == 1


async def test_its_class_is_that_of_what_was_read_before_not_of_the_mailbox_it_leaves_from(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule, ceiling=DataClass.PUBLIC)
    assert await press(sender, schedule) == "completed"
    assert len(sender.desk.fake.effects) == 1


async def test_until_phase_three_every_send_is_asked_whatever_was_agreed_to_before(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule)
    await sender.allow(phase="expansion")
    assert await press(sender, schedule) == "needs approval"
    (rests,) = await envelopes(sender)
    assert not rests.holds
    assert "until phase 3" in rests.why
    with pytest.raises(BadEnvelope, match="until phase 3"):
        await give(sender, schedule)
    await sender.allow(phase="broad")
    assert (await envelopes(sender))[0].holds


async def test_two_runs_at_the_same_moment_do_not_spend_the_last_use_twice(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule, most=2)
    for n in range(6):
        await sender.do(run_now, schedule, f"press {n}")
    await work(sender.desk.house, queue="house")
    async with sender.parts.database.transaction() as session:
        jobs = await jobs_waiting(session)
    assert len(jobs) == 6
    await asyncio.gather(*(sender.desk.house.queue.tasks["tasks.resume"](**job) for job in jobs))
    assert len(sender.desk.fake.effects) == 2
    assert [a.state for a in await rows(sender, ApprovalRow)] == ["asked"] * 4


@pytest.mark.parametrize(
    ("words", "script", "more"),
    [
        # Somebody outside, whatever is agreed to.
        ("Send eve@evil.example a note.", [call("fake_send", to="eve@evil.example", text="Hi")], {}),
        # Somebody inside whom it does not name.
        (f"Send {DANA} a note.", [call("fake_send", to=DANA, text="Hi")], {}),
        # Somebody it names, but whom neither the person nor the directory ever named.
        ("Send the team a note.", [call("fake_send", to="all@aldermoor.example", text="Hi")],
         {"recipients": ("all@aldermoor.example",)}),
        # More was read than was agreed to.
        (SEND.words, [call("fake_read", shelf="bids", note="price"), NOTE], {"ceiling": DataClass.PUBLIC}),
    ],
)  # fmt: skip
async def test_outside_its_bounds_it_is_asked(sender: Timekeeper, words: str, script: Any, more: Any) -> None:
    schedule = await sender.make(replace(SEND, words=words))
    await give(sender, schedule, most=100, **more)
    sender.desk.llm.play(*script, Turn("Done."))
    assert await press(sender, schedule) == "needs approval"
    assert sender.desk.fake.effects == []


async def test_another_task_of_the_same_person_is_asked(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule)
    task = await sender.desk.run(NOTE, Turn("Sent."), goal=SEND.words)
    assert await sender.desk.state(task) == "needs approval"
    other = await sender.make(replace(SEND, name="Another"))
    assert await press(sender, other) == "needs approval"


async def test_it_ends_with_any_change_and_by_itself(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule, most=100)
    await sender.do(edit_schedule, schedule, replace(SEND, words=f"Send {BEN} a note that nothing is well."))
    assert await press(sender, schedule) == "needs approval"
    (ended,) = await envelopes(sender, ended=True)
    assert (ended.holds, ended.why) == (False, "The schedule was changed.")
    await give(sender, schedule, most=100, ends_at=in_days(sender.clock, 1))
    assert await press(sender, schedule) == "completed"
    sender.clock.advance(days=1)
    assert await press(sender, schedule) == "needs approval"
    assert await envelopes(sender) == []
    assert (await envelopes(sender, ended=True))[0].why == "Its last day has passed."
    third = await give(sender, schedule, most=100)
    await sender.do(pause, schedule, "A break")
    assert await press(sender, schedule) == "needs approval"
    await sender.do(activate, schedule)
    assert await press(sender, schedule) == "completed"
    async with sender.parts.database.transaction() as session:
        for _ in range(2):
            await end_envelope(
                session, sender.desk.home.people["ana"], third, ledger=sender.parts.ledger, clock=sender.clock
            )
    assert await press(sender, schedule) == "needs approval"
    await give(sender, schedule, most=100)
    await sender.do(end_schedule, schedule, "Enough")
    assert await envelopes(sender) == []


async def test_an_edit_between_start_and_send_ends_it_for_the_run_too(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule, most=100)
    await sender.do(run_now, schedule, "one")
    await work(sender.desk.house, queue="house")
    await sender.do(edit_schedule, schedule, replace(SEND, name="Other"))
    # What is agreed to for the new words is not for a run of the old ones.
    await give(sender, schedule, most=100)
    await sender.desk.work()
    assert sender.desk.fake.effects == []
    assert [a.state for a in await rows(sender, ApprovalRow)] == ["asked"]


async def test_once_somebody_has_said_more_to_the_run_it_is_asked(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule, most=100)
    await sender.do(run_now, schedule, "one")
    await work(sender.desk.house, queue="house")
    (slot,) = await sender.slots(schedule)
    await sender.desk.do(tell, slot.task, "And say that the price is 420.")
    await sender.desk.work()
    assert await sender.desk.state(slot.task) == "needs approval"
    assert sender.desk.fake.effects == []


async def test_another_owner_begins_without_any(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule, most=100)
    await sender.do(offer, schedule, BEN)
    await sender.do(accept, schedule, who="ben")
    found = await sender.see(schedule)
    assert (found.owner, found.state) == (sender.desk.home.people["ben"].id, "paused")
    assert await envelopes(sender, who="ben") == []
    with pytest.raises(NotYoursToGive):
        await give(sender, schedule)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"recipients": ("eve@evil.example",)}, "outside"), ({"recipients": (BEN, "eve@evil.example")}, "outside"),
        ({"recipients": ()}, "recipients"),
        ({"recipients": tuple(f"p{n}@aldermoor.example" for n in range(21))}, "twenty"),
        ({"tool": "fake_write"}, "only sending"), ({"tool": "fake_read"}, "only sending"),
        ({"tool": "nothing"}, "no tool"),
        ({"most": 0}, "1 to 100"), ({"most": 101}, "1 to 100"), ({"period": "year"}, "1 to 100"),
        ({"ceiling": DataClass.RESTRICTED}, "restricted"),
    ],
)  # fmt: skip
async def test_what_cannot_be_agreed_to(sender: Timekeeper, more: Any, why: str) -> None:
    schedule = await sender.make(SEND)
    with pytest.raises(BadEnvelope, match=why):
        await give(sender, schedule, **more)
    assert await envelopes(sender) == []


async def test_not_for_longer_than_ninety_days_nor_by_a_token_nor_for_a_schedule_that_reads(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    for days in (91, 0, -1):
        with pytest.raises(BadEnvelope):
            await give(sender, schedule, ends_at=in_days(sender.clock, days))
    with pytest.raises(SignInYourself):
        await give(sender, schedule, via="api")
    reads = await sender.make(DAILY)
    with pytest.raises(BadEnvelope):
        await give(sender, reads)
    with pytest.raises(NotYoursToGive):
        await give(sender, schedule, who="ben")


async def test_what_a_registered_server_sends_cannot_be_agreed_to(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    sender.desk.fake.shipped = False  # type: ignore[attr-defined]
    with pytest.raises(BadEnvelope, match="registered server"):
        await give(sender, schedule)


async def test_others_do_not_see_it_and_who_manages_dispatch_ends_it(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    envelope = await give(sender, schedule)
    assert await envelopes(sender, who="ben") == []
    assert [e.id for e in await envelopes(sender, who="tom", everybody=True)] == [envelope]
    parts = sender.parts
    for who, error in (("ben", EnvelopeNotFound), ("tom", NotYoursToEnd)):
        with pytest.raises(error):
            async with parts.database.transaction() as session:
                person = sender.desk.home.people[who]
                await end_envelope(session, person, envelope, ledger=parts.ledger, clock=parts.clock)
    async with parts.database.transaction() as session:
        owner = sender.desk.home.people["owner"]
        await end_envelope(session, owner, envelope, ledger=parts.ledger, clock=parts.clock)
    assert await press(sender, schedule) == "needs approval"


FITS = Ask(
    person="p", teams=frozenset(), scopes=(), connector="fake", tool="fake_send", tier=Tier.COMMUNICATE,
    channel="schedule", recipients=(BEN,),
)  # fmt: skip
ASKED = Decision(Effect.ASK, (Ruling("communicate-internal", Effect.ASK, "It is sent in your name."),))


class Foreign(FakeConnector):
    """The same shelves, brought by a server that an administrator registered."""

    shipped = False


def weighed(ask: Ask = FITS, decision: Decision = ASKED, connector: Any = None, tool: Any = TOOLS[1]) -> Weighed:
    bound = Bound("fake_send", connector or FakeConnector(), tool, None, (), "approved")  # type: ignore[arg-type]
    return Weighed(bound, Attached(), ask, decision, Seen("Send.", (), {}))


def test_what_may_be_stood_for_at_all() -> None:
    assert may_be_stood_for(weighed(), "Send.")


@pytest.mark.parametrize(
    "ask",
    [
        replace(FITS, channel="desk"), replace(FITS, channel="dispatch"), replace(FITS, tier=Tier.MODIFY),
        replace(FITS, tier=Tier.READ), replace(FITS, recipients=()), replace(FITS, external=("eve@evil.example",)),
        replace(FITS, doubts=(Doubt("to", BEN, Role.RECIPIENT),)), replace(FITS, origin="plugin"),
        replace(FITS, workflows=frozenset({"meeting-prep"})), replace(FITS, approval=Approval("p", False)),
    ],
)  # fmt: skip
def test_nothing_else_may(ask: Ask) -> None:
    assert not may_be_stood_for(weighed(ask), "Send.")


@pytest.mark.parametrize(
    "decision",
    [
        replace(ASKED, approver="other"), replace(ASKED, effect=Effect.DENY), replace(ASKED, effect=Effect.ALLOW),
        replace(ASKED, rulings=()),
        *(replace(ASKED, rulings=(*ASKED.rulings, Ruling(rule, Effect.ASK, "")))
          for rule in ("communicate-plugin", "grant-asks", "unknown-origin", "of-the-organisation", "above-threshold")),
        replace(ASKED, rulings=(Ruling("communicate-external", Effect.ASK, ""),)),
    ],
)  # fmt: skip
def test_no_other_rule_may(decision: Decision) -> None:
    assert not may_be_stood_for(weighed(decision=decision), "Send.")


def test_nor_once_a_person_has_said_more() -> None:
    assert not may_be_stood_for(weighed(), "Send")
    assert not may_be_stood_for(weighed(), "")


def test_nor_what_a_server_brings_nor_what_changes_something() -> None:
    assert not may_be_stood_for(weighed(connector=Foreign()), "Send.")
    for tool in (TOOLS[0], TOOLS[2], replace(TOOLS[1], writes=True), replace(TOOLS[1], deletes=True),
                 replace(TOOLS[1], egress=True)):  # fmt: skip
        assert not may_be_stood_for(weighed(tool=tool), "Send.")


async def test_a_period_rolls(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    await give(sender, schedule, most=2, period="week")
    sender.clock.advance(days=0.5)
    found = [await press(sender, schedule) for _ in range(3)]
    assert found == ["completed", "completed", "needs approval"]
    sender.clock.advance(**{"seconds": timedelta(days=7, seconds=1).total_seconds()})
    assert await press(sender, schedule) == "completed"


async def test_the_last_use_is_counted_under_a_lock(sender: Timekeeper) -> None:
    schedule = await sender.make(SEND)
    envelope = await give(sender, schedule)
    await sender.do(run_now, schedule, "one")
    await work(sender.desk.house, queue="house")
    (slot,) = await sender.slots(schedule)
    ask, parts = replace(FITS, person=sender.desk.home.people["ana"].id), sender.parts

    async def use(call_id: str) -> Any:
        async with parts.database.transaction() as session:
            return await stand_in(session, slot.task, call_id, ask, ledger=parts.ledger, clock=sender.clock)

    async with parts.database.transaction() as session:
        first = await stand_in(session, slot.task, "call_a", ask, ledger=parts.ledger, clock=sender.clock)
        second = asyncio.create_task(use("call_b"))
        await asyncio.sleep(0.5)
        assert not second.done()
    assert (first.id if first else "", await second) == (envelope, None)
