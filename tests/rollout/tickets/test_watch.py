"""Tickets that stay high open one item about what they are about; closing it and looking again opens none twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.rollout.phase import begun, desk

from colleague.adoption.facts.tables import ActionRow, SeatRow
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.frozen.tickets import LATER
from colleague.adoption.items import list_items
from colleague.adoption.tables import FrozenRow
from colleague.kit.db import Session
from colleague.rollout.tickets.watch import watch_tickets
from colleague.rollout.tickets.weekly import read_weeks
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, clock=clock)
    async with home.house.database.transaction() as session:
        for n, actor in enumerate(home.people.values(), 1):
            session.add(SeatRow(seq=n, person_id=actor.id, assigned_at=BEGAN, accepted_at=BEGAN))
            for week in range(12):
                seq = 100 * n + week
                at = BEGAN + timedelta(weeks=week, hours=10)
                session.add(ActionRow(seq=seq, person_id=actor.id, at=at, kind="start", session=seq))
    yield home
    await home.house.close()


async def test_one_item_for_what_stays_high(home: TestHouse, clock: TestClock) -> None:
    house = home.house
    clock.advance(days=14)  # Week 11 of the phase, of which week 10 does not stand yet.
    await desk(home, BEGAN, 4, 4, 2, 2, 1, 1, 4, 4, 4)
    async with house.database.transaction() as session:
        assert await watch_tickets(session, ledger=house.ledger, clock=clock) == 0, "no programme yet"
    await begun(home, BEGAN)
    async with house.database.transaction() as session:
        found = await read_weeks(session, clock=clock)
        assert [w.tickets for w in found.weeks if w.number in range(1, 10)] == [4, 4, 4, 1, 1, 2, 2, 4, 4]
        assert found.trend.decline is not None
        assert (found.trend.decline.ratio, found.trend.decline.declines) == (0.25, True)
        assert await watch_tickets(session, ledger=house.ledger, clock=clock) == 2
        assert await watch_tickets(session, ledger=house.ledger, clock=clock) == 0
        items = await list_items(session, home.people["owner"], state="open")
    assert sorted((i.kind, i.about) for i in items) == [("ticket", "connector:web"), ("ticket", "programme")]
    clock.advance(days=7)
    async with house.database.transaction() as session:
        later = await read_weeks(session, clock=clock)
    assert not later.trend.high, "what was high once opens nothing again"
    # Frozen they stand: what is imported later is another version, and both trends are told.
    while await freeze_next(house.database, house.groups, ledger=house.ledger, clock=clock):
        pass
    await desk(home, BEGAN, 9, 9, 9)
    async with house.database.transaction() as session:
        assert (await read_weeks(session, clock=clock)).trend == later.trend
        first, second = await rows_of_tickets(session)
        assert (first.figures["tickets"], first.version, second.figures["tickets"]) == (4, 1, 4)
        for row in (first, second):
            session.add(FrozenRow(
                kind=row.kind, name=row.name, week=row.week, part=row.part, figures={**row.figures, "tickets": 1},
                version=2, members=[], hidden=False, basis=row.basis, sha256="", reason=LATER, at=clock.now(),
            ))  # fmt: skip
        await session.flush()
        told = await read_weeks(session, clock=clock)
    assert told.trend.decline is not None
    assert told.at_first is not None
    assert (told.trend.decline.ratio, told.at_first.decline) == (1.0, later.trend.decline)
    assert told.to_json()["trend_as_first_kept"]["decline"]["ratio"] == 0.25


async def rows_of_tickets(session: Session) -> list[FrozenRow]:
    query = select(FrozenRow).where(FrozenRow.part == "tickets", FrozenRow.figures["tickets"].as_integer() > 0)
    return list(await session.scalars(query.order_by(FrozenRow.week).limit(2)))


async def test_what_stays_high_is_seen_however_long_the_phase_lasts(home: TestHouse, clock: TestClock) -> None:
    """Weeks 1 and 2 are what it is held against: after a year they are read as they were frozen."""
    house = home.house
    clock.advance(days=26)
    await begun(home, BEGAN)
    await desk(home, BEGAN, 4, 4, 2, 2, 1, 1)
    while await freeze_next(house.database, house.groups, ledger=house.ledger, clock=clock):
        pass
    clock.advance(weeks=60)  # Week 72 of the phase: the last 53 weeks begin with its week 20.
    await desk(home, BEGAN, 4, 4, 2, 2, 1, 1, *[0] * 62, 4, 4, 4)
    async with house.database.transaction() as session:
        for n, actor in enumerate(home.people.values(), 1):
            for week in (68, 69, 70):
                seq = 10_000 + 100 * n + week
                at = BEGAN + timedelta(weeks=week, hours=10)
                session.add(ActionRow(seq=seq, person_id=actor.id, at=at, kind="start", session=seq))
    async with house.database.transaction() as session:
        found = await read_weeks(session, clock=clock)
        assert min(week.number for week in found.weeks) == 20
        assert found.trend.decline is not None
        assert found.trend.decline.ratio == 0.25
        assert await watch_tickets(session, ledger=house.ledger, clock=clock) == 2


async def test_few_tickets_open_nothing(home: TestHouse, clock: TestClock) -> None:
    house = home.house
    clock.advance(days=26)
    await begun(home, BEGAN)
    await desk(home, BEGAN, 4, 4, 2, 2, 1, 1, 1, 1, 1)
    async with house.database.transaction() as session:
        assert await watch_tickets(session, ledger=house.ledger, clock=clock) == 0
