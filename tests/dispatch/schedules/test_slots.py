"""Each slot at most once: on time, late, looked at by two, with a clock that jumps; missed ones are shown."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.dispatch.schedules.conftest import DAILY, Timekeeper, in_days

from colleague.dispatch.deliver.tables import ResultRow
from colleague.dispatch.schedules.begin import begin
from colleague.dispatch.schedules.conclude import conclude
from colleague.dispatch.schedules.due import DOWN, tick
from colleague.dispatch.schedules.make import edit_schedule, end_schedule, pause, run_now
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.tables import ScheduleRow, SlotRow
from colleague.kit.db import Database
from colleague.tasks.tables import TaskRow
from colleague.testing.worker import jobs_waiting, work

pytestmark = pytest.mark.anyio
HOURLY = replace(DAILY, name="Hourly", cron="0 * * * *")


async def test_a_slot_becomes_one_task_with_the_owners_rights_and_the_mapped_tier(keeper: Timekeeper) -> None:
    schedule = await keeper.make()
    assert (await keeper.see(schedule)).next_at == datetime(2026, 3, 4, 7, 30, tzinfo=UTC)
    keeper.at("2026-03-04T07:29")
    await keeper.turn()
    assert await keeper.slots(schedule) == []
    keeper.at("2026-03-04T07:30")
    await keeper.turn()
    await keeper.turn()
    (slot,) = await keeper.slots(schedule)
    assert (slot.state, slot.at, slot.caught_up) == ("started", datetime(2026, 3, 4, 7, 30, tzinfo=UTC), False)
    async with keeper.parts.database.transaction() as session:
        (task,) = await session.scalars(select(TaskRow))
    ana = keeper.desk.home.people["ana"].id
    assert (task.id, task.person_id, task.channel, task.cap, task.goal) == (slot.task, ana, "schedule", 1, DAILY.words)
    assert (await keeper.see(schedule)).next_at == datetime(2026, 3, 5, 7, 30, tzinfo=UTC)
    await keeper.desk.work()
    await keeper.desk.house.queue.tasks["dispatch.schedules.tick"]()
    assert (await keeper.slots(schedule))[0].state == "completed"
    assert (await keeper.notices())[-1].startswith("A schedule is done | «Morning brief»")
    assert await keeper.verbs(schedule) == [
        "schedule.created", "schedule.activated", "schedule.due", "schedule.started"
    ]  # fmt: skip


async def test_a_year_of_days_in_zurich_has_each_morning_once(keeper: Timekeeper) -> None:
    schedule = await keeper.make(replace(DAILY, cron="30 2 * * *"))
    for moment in ("2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30", "2026-10-25T00:30", "2026-10-25T01:30",
                   "2026-10-26T01:30"):  # fmt: skip
        keeper.at(moment)
        await tick(parts=keeper.parts)
    slots = {s.at.isoformat()[5:16] for s in await keeper.slots(schedule)}
    # Neither lost in the gap of March nor doubled in the fold of October.
    assert {"03-28T01:30", "03-29T01:00", "03-30T00:30", "10-25T00:30", "10-26T01:30"} <= slots
    assert "10-25T01:30" not in slots
    days = Counter(s.at.date() for s in await keeper.slots(schedule))
    assert max(days.values()) == 1


@pytest.mark.parametrize(
    ("catch_up", "most", "started"),
    [("skip", 3, []), ("once", 3, [7]), ("all", 3, [5, 6, 7]), ("all", 50, [4, 5, 6, 7])],
)
async def test_three_days_of_outage(keeper: Timekeeper, catch_up: Any, most: int, started: list[int]) -> None:
    schedule = await keeper.make(replace(DAILY, catch_up=catch_up, most=most))
    keeper.at("2026-03-07T09:00")
    await keeper.turn()
    await keeper.turn()
    slots = await keeper.slots(schedule)
    assert [s.at.day for s in slots] == [4, 5, 6, 7]
    assert [s.at.day for s in slots if s.state == "started"] == started
    assert all(s.caught_up for s in slots if s.state == "started")
    missed = [s for s in slots if s.state == "missed"]
    assert [s.at.day for s in missed] == [d for d in (4, 5, 6, 7) if d not in started]
    assert {s.why for s in missed} <= {DOWN}
    assert await keeper.tasks() == len(started)
    told = [n for n in await keeper.notices() if "missed some" in n]
    assert len(told) == (1 if missed else 0)
    assert (await keeper.see(schedule)).next_at == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


async def test_what_is_due_on_time_after_an_outage_needs_no_catching_up(keeper: Timekeeper) -> None:
    schedule = await keeper.make(HOURLY)
    keeper.at("2026-03-04T07:02")
    await keeper.turn()
    slots = await keeper.slots(schedule)
    assert [(s.state.value, s.caught_up) for s in slots[-2:]] == [("missed", True), ("started", False)]
    assert await keeper.tasks() == 1


async def test_a_long_outage_is_counted_not_listed_without_end(keeper: Timekeeper) -> None:
    schedule = await keeper.make(replace(DAILY, cron="*/5 * * * *", catch_up="skip"))
    keeper.at("2026-03-10T12:02")
    await keeper.turn()
    slots = await keeper.slots(schedule)
    assert len(slots) == 1000
    assert slots[0].also == 7 * 288 - 1000
    assert f"{7 * 288 - 1} of its times passed" in (await keeper.notices())[-1]
    assert await keeper.tasks() == 1


async def test_two_schedulers_and_four_workers_start_each_slot_once(keeper: Timekeeper) -> None:
    schedules = [await keeper.make(replace(HOURLY, name=f"Number {n}")) for n in range(60)]
    keeper.at("2026-03-03T13:00")
    others = [Database(keeper.parts.database.url) for _ in range(3)]
    parts = [
        Scheduling(replace(keeper.parts.tasks, database=database), keeper.parts.settings)
        for database in (keeper.parts.database, *others)
    ]
    await asyncio.gather(*(tick(parts=p) for p in parts for _ in range(2)))
    async with keeper.parts.database.transaction() as session:
        slots = list(await session.scalars(select(SlotRow.id)))
        jobs = await jobs_waiting(session, "house")
    assert len(slots) == len(schedules) == len([j for j in jobs if "slot" in j])
    # The job of a slot comes twice, four workers do both at once.
    for start in range(0, 60, 6):
        await asyncio.gather(*(begin(slot, parts=p) for slot in slots[start : start + 6] for p in parts[:2]))
    for database in others:
        await database.close()
    assert await keeper.tasks() == 60
    assert {state for s in schedules for _, state in await keeper.states(s)} == {"started"}


async def test_a_clock_that_is_set_back_repeats_nothing(keeper: Timekeeper) -> None:
    schedule = await keeper.make(HOURLY)
    keeper.at("2026-03-03T15:00")
    await keeper.turn()
    before = await keeper.states(schedule)
    keeper.at("2026-03-03T12:30")
    await keeper.turn()
    await keeper.minutes(150)
    assert await keeper.states(schedule) == before
    await keeper.minutes(60)
    assert len(await keeper.states(schedule)) == len(before) + 1


async def test_a_clock_that_was_a_year_ahead_does_not_keep_a_schedule_from_running(keeper: Timekeeper) -> None:
    schedule = await keeper.make()
    keeper.at("2027-03-03T12:00")
    await keeper.turn()
    keeper.at("2026-03-03T12:00")
    await keeper.turn()
    found = await keeper.see(schedule)
    assert found.next_at == datetime(2026, 3, 4, 7, 30, tzinfo=UTC)
    assert "schedule.clock_set_back" in await keeper.verbs(schedule)
    # A day that was written down in the false year is not started once more; one that never was, is.
    keeper.at("2027-03-04T07:30")
    await keeper.turn()
    assert (await keeper.states(schedule))[-1] == ("03-04 07:30", "started")


async def test_one_time_runs_once_and_ends(keeper: Timekeeper) -> None:
    once = replace(DAILY, kind="once", cron="", at=in_days(keeper.clock, 1), zone="UTC")
    on_time, late, left_out = [await keeper.make(replace(once, catch_up=c)) for c in ("once", "once", "skip")]
    keeper.clock.advance(days=1)
    await keeper.turn()
    await keeper.turn()
    assert await keeper.states(on_time) == [("03-04 12:00", "started")]
    found = await keeper.see(on_time)
    assert (found.state, found.by, found.next_at) == ("ended", "system", None)
    assert await keeper.tasks() == 3
    missed = await keeper.make(replace(once, at=in_days(keeper.clock, 1), catch_up="skip"))
    keeper.clock.advance(days=2)
    await keeper.turn()
    assert await keeper.states(missed) == [("03-05 12:00", "missed")]
    assert (await keeper.see(missed)).why == "Its one time passed while Colleague was not running."
    assert await keeper.states(late) == await keeper.states(left_out)


async def test_a_slot_whose_job_was_lost_begins_all_the_same(keeper: Timekeeper) -> None:
    schedule = await keeper.make()
    keeper.at("2026-03-04T07:30")
    await tick(parts=keeper.parts)
    async with keeper.parts.database.transaction() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    await keeper.minutes(1)
    assert (await keeper.states(schedule))[0][1] == "claimed"
    await keeper.minutes(3)
    assert (await keeper.states(schedule))[0][1] == "started"
    assert await keeper.tasks() == 1


async def test_what_changes_between_claim_and_start_counts(keeper: Timekeeper) -> None:
    paused, ended, edited = [await keeper.make(replace(DAILY, name=n)) for n in ("a", "b", "c")]
    keeper.at("2026-03-04T07:30")
    await tick(parts=keeper.parts)
    await keeper.do(pause, paused, "Not today")
    await keeper.do(end_schedule, ended, "No longer needed")
    await keeper.do(edit_schedule, edited, replace(DAILY, name="c", words="Read something else."))
    await work(keeper.desk.house, queue="house")
    assert [s.why for s in await keeper.slots(paused)] == ["The schedule was paused before it began."]
    assert [s.why for s in await keeper.slots(ended)] == ["The schedule was ended before it began."]
    async with keeper.parts.database.transaction() as session:
        assert list(await session.scalars(select(TaskRow.goal))) == ["Read something else."]


async def test_a_task_that_cannot_begin_is_said_once_and_tried_at_the_next_slot(keeper: Timekeeper) -> None:
    schedule = await keeper.make(replace(HOURLY, words="/no-such-skill please"))
    for _ in range(3):
        await keeper.minutes(1, 60)
    assert [state for _, state in await keeper.states(schedule)] == ["refused"] * 3
    assert len([n for n in await keeper.notices() if "did not start" in n]) == 1
    assert (await keeper.see(schedule)).state == "active"


async def test_pressed_twice_it_runs_once(keeper: Timekeeper) -> None:
    schedule = await keeper.make(active=False)
    await asyncio.gather(*(keeper.do(run_now, schedule, "press-1") for _ in range(4)))
    await work(keeper.desk.house, queue="house")
    assert [s.by_hand for s in await keeper.slots(schedule)] == [True]
    assert await keeper.tasks() == 1


async def test_a_thousand_schedules_cost_a_look_at_what_is_due(keeper: Timekeeper) -> None:
    first = await keeper.make()
    later = timedelta(days=2)
    async with keeper.parts.database.transaction() as session:
        columns = [c.name for c in ScheduleRow.__table__.columns]
        changed = {"id": "id || n", "next_at": "next_at + :later"}
        values = ", ".join(changed.get(name, name) for name in columns)
        many = (
            f"INSERT INTO schedules ({', '.join(columns)}) SELECT {values} FROM schedules, generate_series(1, 5000) n"
        )
        await session.execute(text(many), {"later": later})
    async with keeper.parts.database.transaction() as session:
        await session.execute(text("ANALYZE schedules"))
        plan = "EXPLAIN SELECT * FROM schedules WHERE state = 'active' AND next_at <= '2026-03-04T07:30Z' "
        plan += "ORDER BY next_at LIMIT 50 FOR UPDATE SKIP LOCKED"
        assert "ix_schedules_due" in "".join(await session.scalars(text(plan)))
        back = "EXPLAIN SELECT * FROM schedules WHERE state = 'active' AND looked_at > '2026-03-04T07:31Z'"
        assert "ix_schedules_looked_at" in "".join(await session.scalars(text(back)))
    keeper.at("2026-03-04T07:30")
    assert await tick(parts=keeper.parts) == 1
    assert [state for _, state in await keeper.states(first)] == ["claimed"]


async def test_what_came_out_is_promised_by_mail_in_the_slots_own_transaction(keeper: Timekeeper) -> None:
    schedule = await keeper.make(replace(DAILY, delivery="email"))
    keeper.at("2026-03-04T07:30")
    await keeper.turn()
    await keeper.turn()
    (slot,) = await keeper.slots(schedule)
    async with keeper.parts.database.transaction() as session:
        (row,) = await session.scalars(select(ResultRow))
    assert (row.task_id, row.target, row.state) == (slot.task, "email", "promised")
    await keeper.desk.work()
    async with keeper.parts.database.transaction() as session:
        (row,) = await session.scalars(select(ResultRow))
    assert row.state == "waiting"


async def test_one_that_cannot_be_kept_is_paused_and_stops_no_other(keeper: Timekeeper) -> None:
    bad, good = await keeper.make(), await keeper.make()
    async with keeper.parts.database.transaction() as session:
        await session.execute(text("UPDATE schedules SET zone = 'Mars/Olympus' WHERE id = :id"), {"id": bad})
    keeper.at("2026-03-04T07:30")
    await keeper.turn()
    assert [state for _, state in await keeper.states(good)] == ["started"]
    found = await keeper.see(bad)
    assert (found.state, found.by, await keeper.slots(bad)) == ("paused", "system", [])
    assert "«Mars/Olympus» is no time zone" in found.why
    assert [n for n in await keeper.notices() if "is paused" in n]


async def test_a_deleted_task_leaves_its_slot(keeper: Timekeeper) -> None:
    schedule = await keeper.make()
    keeper.at("2026-03-04T07:30")
    await keeper.turn()
    async with keeper.parts.database.transaction() as session:
        await session.execute(text("UPDATE schedule_slots SET task_id = NULL"))
    assert await conclude(parts=keeper.parts) == 0
    (slot,) = await keeper.slots(schedule)
    assert (slot.state, slot.why) == ("stopped", "Its task was deleted.")
