"""Whatever a clock does (stands, runs, jumps, is set back), no slot is done twice and none is hidden."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.dispatch.schedules.conftest import DAILY
from tests.dispatch.schedules.test_when import ZONES, hours, minutes

from colleague.dispatch.schedules.due import LATE, tick
from colleague.dispatch.schedules.make import activate, create_schedule
from colleague.dispatch.schedules.when import read_cron
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, furnish, past_the_pilot
from colleague.testing.worker import work

STARTS = ["2026-03-07T20:00", "2026-03-28T22:00", "2026-10-24T21:00", "2026-11-01T03:00", "2026-04-04T12:00"]
steps = st.one_of(
    st.integers(1, 90), st.sampled_from([1, 5, 60, 24 * 60, 3 * 24 * 60]), st.integers(-400, -1), st.just(0)
)
lines = st.tuples(minutes, hours).map(lambda two: f"{two[0]} {two[1]} * * *")


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> TestHouse:
    async def build() -> TestHouse:
        clock = TestClock(datetime(2026, 1, 1, tzinfo=UTC))
        made = await furnish(database_url, tmp_path, connectors=[FakeConnector()], clock=clock)
        await past_the_pilot(made)
        await made.house.database.close()
        return made

    return asyncio.run(build())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lines, st.sampled_from(ZONES), st.sampled_from(STARTS), st.lists(steps, min_size=3, max_size=15),
    st.sampled_from(["skip", "once", "all"]),
)  # fmt: skip
def test_no_slot_twice_none_hidden(
    home: TestHouse, line: str, zone: str, start: str, walk: list[int], catch_up: Any
) -> None:
    asyncio.run(_walk(home, line, zone, datetime.fromisoformat(start).replace(tzinfo=UTC), walk, catch_up))


async def _walk(home: TestHouse, line: str, zone: str, start: datetime, walk: list[int], catch_up: Any) -> None:
    house, clock, ana = home.house, home.house.clock, home.people["ana"]
    assert isinstance(clock, TestClock)
    clock.advance(seconds=(start - clock.now()).total_seconds())
    parts = house.scheduling
    try:
        async with house.database.transaction() as session:
            await session.execute(text("DELETE FROM schedules"))
            order = replace(DAILY, cron=line, zone=zone, catch_up=catch_up, most=2)
            schedule = await create_schedule(session, ana, order, parts=parts)
            await activate(session, ana, schedule, parts=parts)
        reached, seen, turns = start, set[datetime](), []
        for step in walk:
            clock.advance(minutes=step)
            turns.append(clock.now())
            await asyncio.gather(tick(parts=parts), tick(parts=parts))
            await work(house, queue="house")
            reached = max(reached, clock.now())
        async with house.database.transaction() as session:
            query = text("SELECT at, state, task_id FROM schedule_slots WHERE schedule_id = :id")
            found = (await session.execute(query, {"id": schedule})).all()
    finally:
        await house.database.close()
    cron = read_cron(line, zone)
    at = min([start, *turns]) - timedelta(microseconds=1)
    while (slot := cron.after(at)) is not None and slot <= reached:
        seen.add(slot)
        at = slot
    times = Counter(row.at for row in found)
    assert max(times.values(), default=0) <= 1
    # Each row is a slot of the line, and each slot that the clock came to after the beginning is a row.
    assert set(times) <= seen
    if all(step >= 0 for step in walk):
        assert set(times) == {s for s in seen if s > start}
    tasks = [row.task_id for row in found if row.task_id]
    assert len(tasks) == len(set(tasks)) == sum(row.state == "started" for row in found)
    if catch_up == "skip":
        on_time = {s for s in times if any(timedelta(0) <= turn - s <= LATE for turn in turns)}
        assert {row.at for row in found if row.state == "started"} <= on_time
