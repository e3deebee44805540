"""Approved from a phone: all of it is shown first, a number stands for exactly that, and nothing is decided twice."""

import asyncio

import pytest
from sqlalchemy import select
from tests.dispatch.conftest import BEN, Away, bind

from colleague.agent.messages import Turn
from colleague.approvals.tables import ApprovalRow
from colleague.dispatch.receive.receive import receive
from colleague.tasks.sight import view_task
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
SEND = call("fake_send", to="ben@aldermoor.example", text="The offer is out.")


async def waiting(away: Away, *script: Turn) -> str:
    """Let a command wait for Ana's approval; return its task."""
    await away.govern(dispatch_ceiling="communicate", phase="expansion")
    await away.switch_on("tell")
    away.llm.play(*(script or (SEND,)))
    reply = await away.say("tell ben that the offer is out")
    await away.work()
    return reply.task


async def shown(away: Away, **more: str) -> str:
    """Ask for what waits and return its number."""
    text = (await away.say("approvals", **more)).text
    assert "The offer is out." in text
    assert "ben@aldermoor.example" in text
    return text.split("«approve ")[1][:6]


async def state(away: Away, task: str) -> str:
    async with away.house.database.transaction() as session:
        return str((await view_task(session, away.home.people["ana"], task)).run.state)


async def test_trigger_approval_and_one_effect_all_from_the_phone(away: Away) -> None:
    task = await waiting(away)
    assert await state(away, task) == "needs approval"
    number = await shown(away)
    reply = await away.say(f"Approve {number}.")
    assert reply.text.startswith("Approved")
    await away.work()
    assert len(away.fake.effects) == 1
    assert (await away.say(f"approve {number}")).text.startswith("This number fits nothing")
    async with away.house.database.transaction() as session:
        row = await session.scalar(select(ApprovalRow))
        assert row is not None
        assert row.answered_by == away.home.people["ana"].id
    (entry,) = await away.entries("approval.approved")
    assert entry["data"]["via"] == "dispatch"


async def test_one_approval_raced_from_two_channels_and_five_webhooks_happens_once(away: Away) -> None:
    await waiting(away)
    await bind(away.home, "ana", "T1:U1", away.clock, kind="slack")
    number = await shown(away)
    texts = [away.message(f"approve {number}", id="SM1") for _ in range(5)]
    slack = away.message(f"approve {number}", channel="slack", sender="T1:U1", id="E1")
    replies = await asyncio.gather(*(receive(m, parts=away.house.dispatch) for m in (*texts, slack)))
    assert len({r.text for r in replies[:5]}) == 1
    assert sum(r.text.startswith("Approved") for r in (replies[0], replies[5])) == 1
    await away.work()
    assert len(away.fake.effects) == 1


async def test_a_number_is_its_persons_its_questions_and_ten_minutes_old_at_most(away: Away) -> None:
    task = await waiting(away)
    await bind(away.home, "ben", BEN, away.clock)
    number = await shown(away)
    assert (await away.say(f"approve {number}", sender=BEN)).text.startswith("This number fits nothing")
    away.clock.advance(minutes=21)
    assert (await away.say(f"approve {number}")).text.startswith("This number fits nothing")
    assert await state(away, task) == "needs approval"


async def test_wrong_numbers_close_the_door_for_an_hour(away: Away) -> None:
    await waiting(away)
    number = await shown(away)
    for wrong in range(5):
        await away.say(f"approve {wrong:06}")
    assert "Too many wrong numbers" in (await away.say(f"approve {number}")).text
    away.clock.advance(minutes=61)
    assert (await away.say(f"approve {await shown(away)}")).text.startswith("Approved")


async def test_denied_with_a_reason_and_asked_back_from_the_phone(away: Away) -> None:
    task = await waiting(away, SEND, call("fake_send", to="ben@aldermoor.example", text="The offer is out, 420."))
    number = (await away.say("approvals")).text.split("«approve ")[1][:6]
    assert (await away.say(f"ask {number} what is the price?")).text.startswith("Asked")
    await away.work()
    assert await state(away, task) == "needs approval"
    fresh = (await away.say("approvals")).text
    assert "420" in fresh
    number = fresh.split("«approve ")[1][:6]
    assert (await away.say(f"deny {number} not yet")).text.startswith("Denied")
    await away.work()
    assert not away.fake.effects
    assert await state(away, task) == "completed"
    assert (await away.say("approvals")).text == "Nothing waits for your approval."


async def test_what_must_be_looked_at_on_its_page_comes_as_a_link(away: Away) -> None:
    long = "The offer is out. " * 100
    task = await waiting(away, call("fake_send", to="ben@aldermoor.example", text=long))
    text = (await away.say("approvals")).text
    assert "cannot be shown here" in text
    assert "/approvals/ask_" in text
    assert "«approve" not in text
    assert await state(away, task) == "needs approval"


async def test_nobody_approves_their_own_call_above_a_threshold_from_a_phone(away: Away) -> None:
    await away.govern(second_person_above=["recipients=0"])
    await waiting(away)
    assert (await away.say("approvals")).text == "Nothing waits for your approval."
    await bind(away.home, "owner", BEN, away.clock)
    number = await shown(away, sender=BEN)
    assert (await away.say(f"approve {number}", sender=BEN)).text.startswith("Approved")
    await away.work()
    assert len(away.fake.effects) == 1
