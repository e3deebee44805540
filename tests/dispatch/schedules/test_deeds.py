"""Who may do what with a schedule; what the organisation allows; who and why; events; what a dry run says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.dispatch.schedules.conftest import DAILY, Timekeeper, in_days

from colleague.agent.messages import Turn
from colleague.connectors.folder.connector import FolderConnector
from colleague.dispatch.schedules.begin import LEFT
from colleague.dispatch.schedules.dry_run import dry_run
from colleague.dispatch.schedules.hand_over import NoSuchHeir, NotOffered, accept, decline, offer
from colleague.dispatch.schedules.make import (
    NotInThisState,
    NotYourSchedule,
    SayWhy,
    activate,
    create_schedule,
    edit_schedule,
    end_schedule,
    pause,
    run_now,
)
from colleague.dispatch.schedules.model import Order
from colleague.dispatch.schedules.order import BadOrder, TimePassed
from colleague.dispatch.schedules.permitted import AboveTheCeiling
from colleague.dispatch.schedules.store import ScheduleNotFound
from colleague.governance.posture.look import posture_of
from colleague.identity.actor import PermissionMissing, SignInYourself
from colleague.identity.people import set_active
from colleague.kit.errors import Failure
from colleague.policy.model import Effect, Tier
from colleague.policy.standards.surface import BeyondThePilot
from colleague.testing.house import furnish, open_connector, past_the_pilot
from colleague.testing.llm import ScriptedLlm
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
SENDS = replace(DAILY, tier=Tier.COMMUNICATE)


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"name": " "}, BadOrder), ({"name": "a" * 121}, BadOrder), ({"name": "a\u202eb"}, BadOrder),
        ({"words": " "}, BadOrder), ({"most": 51}, BadOrder),
        ({"words": "x" * 8001}, BadOrder), ({"kind": "never"}, BadOrder), ({"catch_up": "maybe"}, BadOrder),
        ({"delivery": "pigeon"}, BadOrder), ({"most": 0}, BadOrder), ({"micros": 1}, BadOrder),
        ({"kind": "skill"}, BadOrder), ({"kind": "file", "place": "Bids"}, BadOrder), ({"kind": "once"}, BadOrder),
        ({"cron": "nonsense"}, Failure), ({"zone": "Nowhere"}, Failure), ({"cron": "* * * * *"}, Failure),
    ],
)  # fmt: skip
async def test_what_is_no_order_is_refused(keeper: Timekeeper, more: Any, refused: Any) -> None:
    with pytest.raises(refused):
        await keeper.do(create_schedule, replace(DAILY, **more))


async def test_a_time_that_has_passed_or_is_far_away_is_no_time(keeper: Timekeeper) -> None:
    for days in (-1, 0, 6 * 366):
        schedule = await keeper.make(replace(DAILY, kind="once", at=in_days(keeper.clock, days)), active=False)
        with pytest.raises(TimePassed):
            await keeper.do(activate, schedule)


async def test_a_pilot_has_no_automation_and_an_expansion_has_them_supervised(keeper: Timekeeper) -> None:
    sends, running = await keeper.make(SENDS, active=False), await keeper.make()
    for deed in (activate, run_now):
        with pytest.raises(AboveTheCeiling):
            await keeper.do(deed, sends, *(("x",) if deed is run_now else ()))
    await keeper.allow(phase="pilot")
    orders = [DAILY, replace(DAILY, kind="skill", skill="meeting-prep")]
    drafts = [await keeper.make(order, active=False) for order in orders]
    once = await keeper.make(replace(DAILY, kind="once", at=in_days(keeper.clock, 1)))
    for draft in drafts:
        with pytest.raises(BeyondThePilot, match="sponsor"):
            await keeper.do(activate, draft)
        assert "A pilot has no automations" in (await keeper.do(dry_run, draft)).hindrance
    # One time, chosen by a person, is a task that waits: not so once it is to recur.
    with pytest.raises(BeyondThePilot):
        await keeper.do(edit_schedule, once, DAILY)
    await keeper.do(run_now, drafts[0], "x")
    # What ran before goes on, may be changed, and is found; switched on again it would be a new one.
    await keeper.do(edit_schedule, running, replace(DAILY, name="Evening brief"))
    async with keeper.parts.database.transaction() as session:
        owner = keeper.desk.home.people["owner"]
        found = {r.check.id: r for r in (await posture_of(session, owner, keeper.desk.house.looking)).results}
    assert [f.words[:15] for f in found["automations-phase"].findings] == ["«Evening brief»"]
    await keeper.do(pause, running, "For now.")
    with pytest.raises(BeyondThePilot):
        await keeper.do(activate, running)
    await keeper.allow(pilot_surface=["automations=1"])
    await keeper.do(activate, running)
    with pytest.raises(BeyondThePilot, match="there is «Evening brief»"):
        await keeper.do(activate, drafts[0])
    await keeper.allow(phase="expansion", dispatch_ceiling="communicate")
    await keeper.do(activate, sends)
    with pytest.raises(AboveTheCeiling):
        await keeper.do(edit_schedule, sends, replace(SENDS, tier=Tier.MODIFY))


async def test_a_phase_that_is_taken_back_pauses_with_that_reason(keeper: Timekeeper) -> None:
    await keeper.allow(phase="broad", dispatch_ceiling="communicate")
    schedule = await keeper.make(SENDS)
    await keeper.allow(phase="pilot")
    async with keeper.parts.database.transaction() as session:
        owner = keeper.desk.home.people["owner"]
        found = {r.check.id: r for r in (await posture_of(session, owner, keeper.desk.house.looking)).results}
    assert found["automations-phase"].state == "deviation"
    assert "Morning brief" in found["automations-phase"].findings[0].words
    keeper.at("2026-03-04T07:30")
    await keeper.turn()
    (slot,) = await keeper.slots(schedule)
    now = await keeper.see(schedule)
    assert (slot.state, now.state, now.by, now.why) == ("refused", "paused", "system", slot.why)
    assert "allows «read» at most" in slot.why
    assert (await keeper.notices())[-1] == f"A schedule is paused | «Morning brief»: {slot.why}"
    assert await keeper.tasks() == 0


async def test_a_token_lets_nothing_above_reading_run(keeper: Timekeeper) -> None:
    await keeper.allow(phase="broad", dispatch_ceiling="communicate")
    schedule = await keeper.make(SENDS, active=False)
    async with keeper.parts.database.transaction() as session:
        with pytest.raises(SignInYourself):
            await activate(session, replace(keeper.desk.home.people["ana"], via="api"), schedule, parts=keeper.parts)
    # Nor does it raise one that runs already, nor let one run without what it takes to start a task.
    reads = await keeper.make()
    ana = replace(keeper.desk.home.people["ana"], via="api")
    async with keeper.parts.database.transaction() as session:
        with pytest.raises(SignInYourself):
            await edit_schedule(session, ana, reads, SENDS, parts=keeper.parts)
    narrow = replace(ana, permissions=frozenset({"own:dispatch:use"}))
    for deed, more in ((edit_schedule, (DAILY,)), (run_now, ("p",))):
        async with keeper.parts.database.transaction() as session:
            with pytest.raises(PermissionMissing):
                await deed(session, narrow, reads, *more, parts=keeper.parts)
    assert (await keeper.see(reads)).order.tier == 1


async def test_each_state_has_who_and_why(keeper: Timekeeper) -> None:
    schedule = await keeper.make()
    for why in ("", " ", "x" * 301, "a\0b", "\u3164"):
        with pytest.raises(SayWhy):
            await keeper.do(pause, schedule, why)
    await keeper.do(pause, schedule, "Too  noisy", who="owner")
    found = await keeper.see(schedule)
    assert (found.state, found.why, found.by) == ("paused", "Too noisy", keeper.desk.home.people["owner"].id)
    assert (await keeper.notices())[-1] == "A schedule is paused | «Morning brief»: Too noisy"
    keeper.at("2026-03-05T07:30")
    await keeper.turn()
    assert await keeper.slots(schedule) == []
    # Only its owner lets it go on; what passed in the pause is not caught up.
    with pytest.raises(NotYourSchedule):
        await keeper.do(activate, schedule, who="owner")
    await keeper.do(activate, schedule)
    await keeper.turn()
    assert await keeper.slots(schedule) == []
    await keeper.do(end_schedule, schedule, "Done with it")
    for deed, more in (
        (activate, ()),
        (pause, ("x",)),
        (end_schedule, ("x",)),
        (run_now, ("x",)),
        (edit_schedule, (DAILY,)),
    ):
        with pytest.raises(NotInThisState):
            await keeper.do(deed, schedule, *more)
    assert (await keeper.verbs(schedule))[1:] == [
        "schedule.activated", "schedule.paused", "schedule.activated", "schedule.ended"
    ]  # fmt: skip


async def test_for_others_it_is_not_there(keeper: Timekeeper) -> None:
    schedule = await keeper.make()
    for deed, more in ((activate, ()), (pause, ("x",)), (end_schedule, ("x",)), (run_now, ("x",)), (offer, ("a@b.c",)),
                       (accept, ()), (decline, ()), (dry_run, ()), (edit_schedule, (DAILY,))):  # fmt: skip
        for name in (schedule, "sched_nothing", "x" * 500, "a\0b"):
            with pytest.raises(ScheduleNotFound):
                await keeper.do(deed, name, *more, who="ben")
    # Who may see all of them changes none.
    for deed, more in ((pause, ("x",)), (end_schedule, ("x",)), (run_now, ("x",)), (edit_schedule, (DAILY,))):
        with pytest.raises(Failure):
            await keeper.do(deed, schedule, *more, who="tom")


async def test_somebody_who_leaves_leaves_nothing_running(keeper: Timekeeper) -> None:
    house, people = keeper.desk.house, keeper.desk.home.people
    ahead, due = await keeper.make(), await keeper.make(replace(DAILY, cron="0 * * * *"))
    keeper.at("2026-03-03T13:00")
    from colleague.dispatch.schedules.due import tick

    await tick(parts=keeper.parts)
    async with house.database.transaction() as session:
        await set_active(
            session, people["owner"], people["ana"].id, active=False, ledger=house.ledger, clock=house.clock
        )
    await work(house, queue="house")
    for schedule in (ahead, due):
        found = await keeper.see(schedule)
        assert (found.state, found.why, found.by) == ("paused", LEFT, "system")
    assert [s.state for s in await keeper.slots(due)] == ["refused"]
    assert await keeper.tasks() == 0
    assert len([n for n in await keeper.notices("owner") if LEFT in n]) == 2
    # Who manages Dispatch hands it to somebody, who accepts and starts it; it runs with their rights.
    await keeper.do(offer, ahead, "ben@aldermoor.example", who="owner")
    for who in ("rita", "owner"):
        with pytest.raises(Failure):
            await keeper.do(accept, ahead, who=who)
    await keeper.do(accept, ahead, who="ben")
    with pytest.raises(NotOffered):
        await keeper.do(accept, ahead, who="ben")
    assert (await keeper.see(ahead)).state == "paused"
    await keeper.do(activate, ahead, who="ben")
    keeper.at("2026-03-04T07:30")
    await keeper.turn()
    async with house.database.transaction() as session:
        assert list(await session.scalars(text("SELECT person_id FROM tasks"))) == [people["ben"].id]


async def test_an_offer_names_somebody_who_is_here_and_can_be_declined(keeper: Timekeeper) -> None:
    schedule = await keeper.make()
    for email in ("nobody@aldermoor.example", "ana@aldermoor.example", "", "x" * 900):
        with pytest.raises(NoSuchHeir):
            await keeper.do(offer, schedule, email)
    with pytest.raises(NotYourSchedule):
        await keeper.do(offer, schedule, "ben@aldermoor.example", who="owner")
    await keeper.do(offer, schedule, "ben@aldermoor.example")
    assert (await keeper.notices("ben"))[-1].startswith(
        "A schedule is offered to you | Ana Ruiz offers you «Morning brief»."
    )
    await keeper.do(decline, schedule, who="ben")
    with pytest.raises(ScheduleNotFound):
        await keeper.do(accept, schedule, who="ben")


async def test_after_a_task_of_mine_with_a_skill(keeper: Timekeeper) -> None:
    after = Order("Then", "File what was found.", kind="skill", skill="/Meeting-Prep")
    desk = keeper.desk
    await desk.run(goal="/meeting-prep please")
    schedule = await keeper.make(after)
    assert (await keeper.see(schedule)).order.skill == "meeting-prep"
    keeper.clock.advance(minutes=1)
    skills = "/meeting-prep"
    mine = await desk.run(goal=f"{skills} the plan")
    await desk.run(goal="Something else.")
    await desk.run(goal=f"{skills} the plan", who="ben")
    await keeper.minutes(3)
    slots = await keeper.slots(schedule)
    assert [(s.state.value, s.cause) for s in slots] == [("started", mine)]
    # What a schedule began sets nothing off, and looking again finds nothing new.
    loop = await keeper.make(replace(after, name="Loop", words=f"{skills} again"))
    keeper.clock.advance(minutes=1)
    await desk.run(goal=f"{skills} the price")
    await keeper.minutes(1)
    await desk.work()
    await keeper.minutes(5)
    await desk.work()
    assert len(await keeper.slots(loop)) == 1
    assert len(await keeper.slots(schedule)) == 2


async def test_when_a_file_appears(database_url: str, tmp_path: Path, clock: Any) -> None:
    root = tmp_path / "share"
    (root / "Bids" / "In").mkdir(parents=True)
    (root / "Bids" / "In" / "old.txt").write_text("Old.")
    (root / "Secret").mkdir()
    llm = ScriptedLlm(Turn("Read."), name="play")
    home = await furnish(
        database_url,
        tmp_path,
        connectors=[FolderConnector(clock=clock)],
        models={"play": llm},
        model="play",
        clock=clock,
    )
    await past_the_pilot(home)
    await open_connector(home, "folder", ["Bids"], config={"root": str(root)})
    from tests.tasks.conftest import Desk

    keeper = Timekeeper(Desk(home, None, llm, clock, ""))  # type: ignore[arg-type]
    watch = Order("In", "Say what it is.", kind="file", place="folder:Bids/In")
    schedule = await keeper.make(watch)
    closed = await keeper.make(replace(watch, place="folder:Secret"))
    for _ in range(2):
        await keeper.minutes(1, 5)
    assert await keeper.slots(schedule) == []
    assert (await keeper.see(closed)).state == "paused"
    assert "not open to you" in (await keeper.see(closed)).why
    (root / "Bids" / "In" / "eve@evil.example.txt").write_text("New.")
    (root / "Bids" / "outside.txt").write_text("New.")
    for _ in range(3):
        await keeper.minutes(1, 5)
    slots = await keeper.slots(schedule)
    assert [(s.state.value, s.cause) for s in slots] == [("started", "folder:Bids/In/eve@evil.example.txt")]
    async with home.house.database.transaction() as session:
        ((goal, places),) = (await session.execute(text("SELECT goal, places FROM tasks"))).all()
    # Its name is no word of the owner's: the task is limited to the file and told so.
    assert (goal, places) == ("Say what it is.", [["folder", "Bids/In/eve@evil.example.txt", False]])
    await home.house.close()


async def test_a_dry_run_says_what_would_happen_and_does_nothing(keeper: Timekeeper) -> None:
    await keeper.allow(phase="broad", dispatch_ceiling="communicate")
    schedule = await keeper.make(SENDS)
    found = await keeper.do(dry_run, schedule)
    effects = {(line.tool, line.when): line.effect for line in found.lines}
    assert effects == {
        ("fake_read", ""): Effect.ALLOW, ("fake_send", "to a colleague"): Effect.ASK,
        ("fake_send", "outside"): Effect.ASK, ("fake_write", ""): Effect.DENY,
    }  # fmt: skip
    assert (found.hindrance, found.usual, found.at) == ("", None, (await keeper.see(schedule)).next_at)
    assert await keeper.slots(schedule) == []
    assert await keeper.tasks() == 0
    assert (await keeper.verbs(schedule))[-1] == "schedule.rehearsed"
    await keeper.do(edit_schedule, schedule, replace(DAILY, words="/nothing-of-this-name"))
    assert "There is no skill" in (await keeper.do(dry_run, schedule)).hindrance
    # What is meant for a later phase would not start, whoever let it in before.
    await keeper.do(edit_schedule, schedule, replace(DAILY, words="/meeting-prep tomorrow"))
    assert (await keeper.do(dry_run, schedule)).hindrance == ""
    await keeper.allow(entry_phases=["skill:meeting-prep=enterprise"])
    assert "is meant for phase 4 (enterprise)" in (await keeper.do(dry_run, schedule)).hindrance
    # Mapped to reading it sends nothing, whatever is allowed.
    assert {line.effect for line in (await keeper.do(dry_run, schedule)).lines if line.tier > 1} == {Effect.DENY}
    # Others may see it, and rehearse nothing with the owner's rights.
    with pytest.raises(Failure):
        await keeper.do(dry_run, schedule, who="owner")
