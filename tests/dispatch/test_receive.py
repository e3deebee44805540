"""From a verified message to one task and one record, whoever sends it, however often, whatever fails meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from tests.dispatch.conftest import ANA, BEN, Away, bind

from colleague.audit.event import Event
from colleague.channels.addresses.tables import AddressRow
from colleague.dispatch.model import Incoming
from colleague.dispatch.receive.begin import begin
from colleague.dispatch.receive.confirm import drop_late
from colleague.dispatch.receive.receive import receive
from colleague.dispatch.receive.tables import SentFileRow
from colleague.dispatch.triggers.define import (
    AboveCap,
    SecondPersonForTrigger,
    TooManyTriggers,
    TooMuchAlike,
    activate_trigger,
    change_trigger,
    define_trigger,
    switch_off_trigger,
)
from colleague.dispatch.triggers.model import Wording
from colleague.dispatch.triggers.store import list_triggers
from colleague.dispatch.triggers.tables import DrillRow
from colleague.identity.actor import PermissionMissing
from colleague.identity.people import remove_role, set_active
from colleague.kit.errors import Unavailable
from colleague.policy.model import Phase, Tier
from colleague.tasks.sight import view_task
from colleague.tasks.tables import TaskRow
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
SIX = ("trigger_timestamp", "user", "content_hash", "action", "output", "review")


async def tasks(away: Away) -> int:
    async with away.house.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(TaskRow)) or 0


async def test_a_text_message_becomes_one_task_with_its_senders_rights(away: Away) -> None:
    reply = await away.say("Brief Harbour City")
    assert reply.state == "started"
    assert reply.task in reply.text
    await away.work()
    async with away.house.database.transaction() as session:
        view = await view_task(session, away.home.people["ana"], reply.task)
        row = await session.get_one(TaskRow, reply.task)
    assert str(view.run.state) == "completed"
    assert (row.channel, row.cap, row.person_id) == ("dispatch", Tier.READ, away.home.people["ana"].id)
    assert row.goal.startswith("/meeting-prep Harbour City")
    began, started = await away.entries("dispatch.begun"), await away.entries("dispatch.started")
    assert len(began) == len(started) == 1
    for entry in (*began, *started):
        assert all(entry["data"][name] for name in SIX)
    assert started[0]["data"]["task"] == reply.task
    assert "Harbour" not in str(began[0])  # what was said is kept under its person's key


async def test_five_deliveries_of_one_message_at_once_are_one_task_and_one_answer(away: Away) -> None:
    message = away.message("policy how many nights", id="SM1")
    replies = await asyncio.gather(*(receive(message, parts=away.house.dispatch) for _ in range(5)))
    assert len({r.message for r in replies}) == 1
    assert {r.text for r in replies} == {replies[0].text}
    assert await tasks(away) == 1
    again = await receive(replace(message, text="policy something else"), parts=away.house.dispatch)
    assert again.task == replies[0].task


async def test_two_equal_commands_are_two_tasks_with_one_hash(away: Away) -> None:
    first, second = await away.say("brief Harbour City"), await away.say("BRIEF  harbour city")
    assert first.task != second.task
    one, two = await away.rows()
    assert one.content_hash == two.content_hash
    assert one.sender == two.sender
    assert ANA not in one.sender


async def test_an_unknown_sender_gets_nothing_and_is_on_record_without_number_or_words(away: Away) -> None:
    for _ in range(3):
        assert (await away.say("brief Harbour City", sender=BEN)) == (await away.say("help", sender=BEN))
    (row,) = await away.rows()
    assert (row.state, row.person_id, row.times) == ("unknown", None, 6)
    (entry,) = await away.entries("dispatch.unknown")
    assert all(entry["data"][name] for name in SIX)
    assert BEN not in str(entry)
    assert "Harbour" not in str(entry)
    assert await tasks(away) == 0


async def test_a_flood_of_strangers_does_not_flood_the_ledger(away: Away) -> None:
    for number in range(130):
        await away.say("help", sender=f"+4477009{number:05}")
    assert len(await away.entries("dispatch.unknown")) == 101
    assert sum(row.times for row in await away.rows()) == 130


async def test_nobody_speaks_for_somebody_who_left_or_whose_number_is_broken(away: Away) -> None:
    async with away.house.database.transaction() as session:
        await session.execute(update(AddressRow).values(state="broken"))
    assert (await away.say("brief x")).state == "silent"
    async with away.house.database.transaction() as session:
        await session.execute(update(AddressRow).values(state="verified"))
        ana = away.home.people["ana"].id
        await set_active(
            session, away.home.people["owner"], ana, active=False, ledger=away.house.ledger, clock=away.house.clock
        )
    assert (await away.say("brief x")).state == "silent"
    assert await tasks(away) == 0


async def test_the_channel_opens_with_the_drill_and_a_role_that_may(away: Away) -> None:
    async with away.house.database.transaction() as session:
        await session.execute(update(DrillRow).values(passed_at=None))
    reply = await away.say("brief x")
    assert (reply.state, "/dispatch/drill" in reply.text) == ("refused", True)
    assert (await away.say("brief x", channel="api", sender="", person=away.home.people["ana"].id)).state == "started"
    await bind(away.home, "tom", BEN, away.clock)
    async with away.house.database.transaction() as session:
        tom = away.home.people["tom"]
        await remove_role(session, away.home.people["owner"], tom.id, "member", ledger=away.house.ledger)
    reply = await away.say("brief x", sender=BEN)
    assert (reply.state, "role" in reply.text) == ("refused", True)
    assert [e["data"]["action"] for e in await away.entries("dispatch.refused")] == ["refused", "refused"]


async def test_too_many_messages_wait(away: Away) -> None:
    states = [(await away.say("status")).state for _ in range(12)]
    assert states == ["answered"] * 10 + ["refused"] * 2
    # Told once: a phone that answers by itself gets no answer to answer, and every message is on record.
    assert [bool((await away.content(row.id)).reply) for row in await away.rows()][9:] == [True, True, False]
    away.clock.advance(minutes=2)
    assert (await away.say("status")).state == "answered"


async def test_what_fits_no_trigger_is_refused_with_help_and_help_helps(away: Away) -> None:
    reply = await away.say("breif Harbour City")
    assert (reply.state, "brief Harbour City" in reply.text) == ("refused", True)
    assert "brief {about:text}" in (await away.say("help")).text
    assert "For example: brief Harbour City" in (await away.say("HELP brief")).text
    assert (await away.say("x" * 2000)).state == "refused"
    assert (await away.say("\u200b \x00")).state == "refused"
    assert await tasks(away) == 0


async def test_above_the_phase_or_the_trigger_nothing_happens_whatever_the_agent_wants(away: Away) -> None:
    reply = await away.say("tell Ben Carter that the offer is out")
    assert reply.state == "refused"
    away.llm.play(call("fake_send", to="ben@aldermoor.example", text="hi"))
    reply = await away.say("brief Harbour City")
    await away.work()
    async with away.house.database.transaction() as session:
        view = await view_task(session, away.home.people["ana"], reply.task)
    outcome = next(s.body["text"] for s in view.steps if s.kind == "outcome")
    assert "allows less than this" in outcome
    assert not away.fake.effects


async def test_a_run_never_goes_above_the_tier_its_trigger_is_mapped_to(away: Away) -> None:
    await away.govern(dispatch_ceiling="modify", phase="broad")
    away.llm.play(call("fake_send", to="ben@aldermoor.example", text="hi"))
    reply = await away.say("brief Harbour City")
    await away.work()
    async with away.house.database.transaction() as session:
        view = await view_task(session, away.home.people["ana"], reply.task)
    outcome = next(s.body["text"] for s in view.steps if s.kind == "outcome")
    assert "mapped to a lower tier" in outcome
    assert not away.fake.effects


async def test_a_colleague_is_one_person_or_a_question(away: Away) -> None:
    await away.govern(dispatch_ceiling="communicate", phase="expansion")
    await away.switch_on("tell")
    assert "no colleague called «Zoe»" in (await away.say("tell Zoe that x")).text
    reply = await away.say("tell ben that the offer is out")
    assert "Ben Carter <ben@aldermoor.example>" in reply.text
    assert reply.state == "started"


async def test_words_read_into_a_trigger_wait_for_a_yes_with_the_number(away: Away) -> None:
    await away.govern(dispatch_free_text=True)
    asked = await away.say("could you brief me on Harbour City")
    assert (asked.state, await tasks(away)) == ("confirm", 0)
    number = asked.text.split("«yes ")[1][:4]
    assert (await away.say("yes 0000")).text.startswith("Nothing of yours waits")
    assert (await away.say(f"yes {number}", channel="slack", sender="T:U")).state == "silent"
    assert (await away.say(f"yes {number}")).state == "started"
    assert await tasks(away) == 1
    assert (await away.say(f"yes {number}")).text.startswith("Nothing of yours waits")
    assert await tasks(away) == 1


async def test_a_no_or_ten_minutes_drop_it(away: Away) -> None:
    await away.govern(dispatch_free_text=True)
    await away.say("could you brief me on Harbour City")
    assert (await away.say("No.")).text.startswith("Dropped")
    asked = await away.say("please brief me on Harbour City")
    away.clock.advance(minutes=11)
    assert (await away.say("yes")).text.startswith("Nothing of yours waits")
    assert await drop_late(parts=away.house.dispatch) == 1
    assert (await away.content(asked.message)).plan is None
    assert await tasks(away) == 0


async def test_a_voice_note_always_waits_for_a_yes(away: Away) -> None:
    assert (await away.say("brief Harbour City", channel="voice")).state == "confirm"


async def test_a_worker_takes_up_what_a_killed_process_had_begun_with_its_files(away: Away) -> None:
    """Killed between the record and the task: what came in is there, the worker begins it, once."""
    message = away.message("summarise this", files=(("note.txt", b"A note."),))
    from colleague.dispatch.receive import receive as module

    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    kept, module.begin = module.begin, killed  # type: ignore[assignment]
    try:
        with pytest.raises(asyncio.CancelledError):
            await receive(message, parts=away.house.dispatch)
    finally:
        module.begin = kept
    (row,) = await away.rows()
    assert row.state == "begun"
    await asyncio.gather(begin(row.id, parts=away.house.dispatch), begin(row.id, parts=away.house.dispatch))
    away.clock.advance(seconds=40)
    await away.work()
    reply = await receive(message, parts=away.house.dispatch)
    assert (reply.state, await tasks(away)) == ("started", 1)
    async with away.house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(SentFileRow)) == 0
        view = await view_task(session, away.home.people["ana"], reply.task)
        assert [f.name for f in view.files] == ["note.txt"]


async def test_without_a_ledger_nothing_is_taken(away: Away) -> None:
    class Broken:
        async def record(self, session: object, event: Event) -> None:
            raise Unavailable("The ledger cannot be written.")

    parts = replace(away.house.dispatch, tasks=replace(away.house.parts, ledger=Broken()))
    for text in ("brief Harbour City", "help", "nonsense"):
        with pytest.raises(Unavailable):
            await receive(away.message(text), parts=parts)
    with pytest.raises(Unavailable):
        await receive(away.message("help", sender=BEN), parts=parts)
    assert (await away.rows(), await tasks(away)) == ([], 0)


async def test_what_the_start_refuses_is_told_and_its_words_are_not_kept(away: Away) -> None:
    await away.govern(highest_input="internal")
    reply = await away.say("find DE89 3704 0044 0532 0130 00")
    assert reply.state == "refused"
    content = await away.content(reply.message)
    assert (content.plan, content.content) == (None, "find [6 words left out: bank account]")
    (row,) = await away.rows()
    assert (row.state, row.task_id) == ("refused", "")


async def test_deleting_the_task_deletes_the_words_and_keeps_the_record(away: Away) -> None:
    from colleague.tasks.keeping.delete import delete_task

    reply = await away.say("brief Harbour City")
    await away.work()
    async with away.house.database.transaction() as session:
        await delete_task(
            session, away.home.people["ana"], reply.task, sure=True, ledger=away.house.ledger, clock=away.clock
        )
    (row,) = await away.rows()
    assert row.task_id == reply.task
    async with away.house.database.transaction() as session:
        from colleague.dispatch.receive.tables import ContentRow

        assert await session.get(ContentRow, row.id) is None
    again = await receive(Incoming("sms", ANA, row.external_id, "brief Harbour City", away.clock.now()),
                          parts=away.house.dispatch)  # fmt: skip
    assert again.task == reply.task


async def test_stop_and_answer_act_on_ones_own_tasks_alone(away: Away) -> None:
    reply = await away.say("brief Harbour City")
    await bind(away.home, "ben", BEN, away.clock)
    assert (await away.say("stop task", sender=BEN)).text == "Nothing of yours is at work."
    assert (await away.say("answer x", sender=BEN)).text == "No task of yours waits for an answer."
    stopped = await away.say("stop task")
    assert stopped.task == reply.task
    await away.work()
    async with away.house.database.transaction() as session:
        assert str((await view_task(session, away.home.people["ana"], reply.task)).run.state) == "stopped"


async def test_a_question_of_a_task_is_answered_from_the_phone(away: Away) -> None:
    away.llm.play(call("ask_person", question="Which year?"))
    reply = await away.say("brief Harbour City")
    await away.work()
    assert (await away.say("answer the year 2026")).text.startswith("Answered")
    await away.work()
    async with away.house.database.transaction() as session:
        view = await view_task(session, away.home.people["ana"], reply.task)
    assert any("the year 2026" in s.body.get("text", "") for s in view.steps if s.kind == "outcome")
    assert str(view.run.state) == "completed"


GOOD = Wording("note", "note {x:text}", "Keeps a note.", "note milk", "Keep this note: {x}", "Notes", Tier.READ)


async def test_triggers_are_the_organisations_and_change_by_version(away: Away) -> None:
    ledger, clock, people = away.house.ledger, away.clock, away.home.people
    async with away.house.database.transaction() as session:
        with pytest.raises(PermissionMissing):
            await define_trigger(session, people["ana"], GOOD, ledger=ledger, clock=clock)
        made = await define_trigger(session, people["owner"], GOOD, ledger=ledger, clock=clock)
    assert (await away.say("note milk")).state == "refused"
    async with away.house.database.transaction() as session:
        await activate_trigger(session, people["owner"], made.id, ledger=ledger, clock=clock)
    assert (await away.say("note milk")).state == "started"
    async with away.house.database.transaction() as session:
        changed = await change_trigger(
            session, people["owner"], made.id, replace(GOOD, about="Notes."), ledger=ledger, clock=clock
        )  # fmt: skip
        assert (changed.version, changed.state) == (2, "draft")
    assert (await away.say("note milk")).state == "refused"


async def test_a_trigger_goes_on_only_where_it_is_clear_allowed_and_not_one_too_many(away: Away) -> None:
    ledger, clock, people = away.house.ledger, away.clock, away.home.people
    async with away.house.database.transaction() as session:
        standard = {t.wording.name: t for t in await list_triggers(session)}
        twin = replace(GOOD, name="second brief", pattern="brief {x:text}", example="brief milk")
        alike = await define_trigger(session, people["owner"], twin, ledger=ledger, clock=clock)
        with pytest.raises(TooMuchAlike):
            await activate_trigger(session, people["owner"], alike.id, ledger=ledger, clock=clock)
        with pytest.raises(SecondPersonForTrigger):
            await activate_trigger(session, people["owner"], standard["tell"].id, ledger=ledger, clock=clock)
        with pytest.raises(AboveCap):
            await activate_trigger(session, people["rita"], standard["tell"].id, version=1, ledger=ledger, clock=clock)
        for number in range(2):
            more = replace(GOOD, name=f"n{number}", pattern=f"n{number} {{x:text}}", example=f"n{number} milk")
            made = await define_trigger(session, people["owner"], more, ledger=ledger, clock=clock)
            await activate_trigger(session, people["owner"], made.id, ledger=ledger, clock=clock)
        last = await define_trigger(session, people["owner"], GOOD, ledger=ledger, clock=clock)
        with pytest.raises(TooManyTriggers):
            await activate_trigger(session, people["owner"], last.id, ledger=ledger, clock=clock)
    await away.govern(phase=Phase.EXPANSION.name.lower())
    async with away.house.database.transaction() as session:
        await activate_trigger(session, people["owner"], last.id, ledger=ledger, clock=clock)
        off = await switch_off_trigger(session, people["owner"], standard["brief"].id, ledger=ledger)
        assert off.state == "off"
    assert (await away.say("brief Harbour City")).state == "refused"


async def test_what_was_switched_off_meanwhile_does_not_begin(away: Away) -> None:
    asked = await away.say("brief Harbour City", channel="voice")
    async with away.house.database.transaction() as session:
        brief = next(t for t in await list_triggers(session) if t.wording.name == "brief")
        await switch_off_trigger(session, away.home.people["owner"], brief.id, ledger=away.house.ledger)
    number = asked.text.split("«yes ")[1][:4]
    reply = await away.say(f"yes {number}", channel="voice", at=away.clock.now() + timedelta(seconds=1))
    assert (reply.state, "switched off" in reply.text) == ("refused", True)
    assert await tasks(away) == 0
