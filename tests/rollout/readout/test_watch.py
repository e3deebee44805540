"""By the end of the expansion a fifth of the leaders use it, or the programme is warned; below five nothing is told."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from tests.rollout.phase import begun
from tests.rollout.readout.pilot import people_in

from colleague.adoption.facts.tables import ActionRow, SeatRow
from colleague.adoption.items import close_item, list_items
from colleague.adoption.tables import HolidayRow
from colleague.adoption.weeks import Calendar, Week
from colleague.policy.model import Phase
from colleague.rollout.readout.leaders import name_leader
from colleague.rollout.readout.model import Figure
from colleague.rollout.readout.tables import LeaderRow
from colleague.rollout.readout.watch import KEY, UNKNOWN, judged_week, leaders_alarm, watch_leaders
from colleague.rollout.view import posture
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

EXPANDED = datetime(2026, 3, 2, tzinfo=UTC)
FRIDAY = EXPANDED + timedelta(weeks=8, days=4, hours=6)


@pytest.mark.parametrize(
    ("phase", "week", "share", "key"),
    [
        (Phase.EXPANSION, 8, 0.1, KEY), (Phase.EXPANSION, 7, 0.1, ""), (Phase.EXPANSION, 8, 0.2, ""),
        (Phase.BROAD, 1, 0.0, KEY), (Phase.ENTERPRISE, 30, 0.19, KEY), (Phase.PILOT, 9, 0.0, ""),
        (Phase.BROAD, 3, None, UNKNOWN), (Phase.EXPANSION, 8, None, UNKNOWN), (Phase.EXPANSION, 7, None, ""),
        (Phase.PILOT, 9, None, ""),
    ],
)  # fmt: skip
def test_the_table(phase: Phase, week: int, share: float | None, key: str) -> None:
    figure = Figure("Leaders active", "share", share, n=10, absent="" if share is not None else "not told")
    found = leaders_alarm(phase, week, figure)
    assert (found.key, bool(found.why)) == (key, bool(key))


def test_the_week_that_is_judged_stands_and_counts() -> None:
    calendar = Calendar("America/Los_Angeles")
    assert str(judged_week(calendar, FRIDAY)) == "2026-W17"
    # On Monday, and on Thursday in the small hours over there, the week before it does not stand yet.
    assert str(judged_week(calendar, FRIDAY - timedelta(days=4))) == "2026-W16"
    assert str(judged_week(calendar, FRIDAY - timedelta(days=1))) == "2026-W16"
    easter = frozenset(date(2026, 4, day) for day in (20, 21, 22))
    assert str(judged_week(Calendar("UTC", easter), FRIDAY)) == "2026-W16"
    never = frozenset(Week(2026, 1).monday + timedelta(days=day) for day in range(200))
    assert judged_week(Calendar("UTC", never), FRIDAY) is None


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    made = await furnish(database_url, tmp_path, demo=True, clock=TestClock(FRIDAY))
    yield made
    await made.house.close()


async def leaders_in(home: TestHouse, count: int) -> list[str]:
    """Give twelve people seats and name so many of them leaders."""
    house, ids = home.house, await people_in(home, 12)
    async with house.database.transaction() as session:
        await session.execute(delete(SeatRow))
        for n, person in enumerate(ids):
            session.add(SeatRow(seq=90_000 + n, person_id=person, assigned_at=EXPANDED, accepted_at=EXPANDED))
        for person in ids[:count]:
            await name_leader(
                session, home.people["owner"], person, ledger=house.ledger, clock=house.clock, tell=house.parts.tell
            )  # fmt: skip
        await session.execute(update(LeaderRow).values(at=EXPANDED))
    return ids


async def acted(home: TestHouse, at: datetime, *people: str) -> None:
    async with home.house.database.transaction() as session:
        for n, person in enumerate(people):
            seq = int(at.timestamp()) + n
            session.add(ActionRow(seq=seq, person_id=person, at=at, kind="start", session=seq))


async def looked(home: TestHouse) -> tuple[bool, list[tuple[str, str]]]:
    house = home.house
    async with house.database.transaction() as session:
        new = await watch_leaders(session, house.groups, ledger=house.ledger, clock=house.clock)
        items = await list_items(session, home.people["owner"], state="open")
    return new, [(item.key, item.why) for item in items if item.key in (KEY, UNKNOWN)]


async def stands(home: TestHouse) -> tuple[str, bool]:
    """Return how the guard against postponing Dispatch stands on the programme's page."""
    house = home.house
    async with house.database.transaction() as session:
        found = await posture(
            session, home.people["owner"], groups=house.groups, reach=house.reach, registry=house.registry,
            clock=house.clock,
        )  # fmt: skip
    one = next(guard for guard in found.guards if guard.mistake == "Postponing Dispatch")
    return one.stands, one.holds


@pytest.mark.anyio
async def test_leaders_who_do_not_use_it_open_one_item(home: TestHouse) -> None:
    ids = await leaders_in(home, 6)
    assert await looked(home) == (False, []), "no programme yet"
    await begun(home, EXPANDED - timedelta(weeks=6), later=(Phase.EXPANSION, EXPANDED))
    # The running week and the one before last are not asked.
    await acted(home, FRIDAY - timedelta(hours=1), *ids[:6])
    await acted(home, EXPANDED + timedelta(weeks=6, days=2), *ids[:6])
    await acted(home, EXPANDED + timedelta(weeks=7, days=2), ids[0], *ids[6:])
    new, items = await looked(home)
    assert new
    assert [key for key, _ in items] == [KEY]
    assert items[0][1].startswith("17 % of 6 named leaders were active in the last week that counts")
    assert (await looked(home))[0] is False, "one item of a kind"
    words, holds = await stands(home)
    assert "leaders: 1 of 6 active; below 20 %" in words
    assert not holds


@pytest.mark.anyio
async def test_a_week_of_holidays_warns_of_nobody(home: TestHouse) -> None:
    ids = await leaders_in(home, 6)
    await begun(home, EXPANDED - timedelta(weeks=6), later=(Phase.EXPANSION, EXPANDED))
    await acted(home, EXPANDED + timedelta(weeks=6, days=2), *ids[:6])
    async with home.house.database.transaction() as session:
        for n in range(3):
            day = (EXPANDED + timedelta(weeks=7, days=n)).date()
            session.add(HolidayRow(on=day, department="", name="Easter", by=ids[0], at=FRIDAY))
    assert await looked(home) == (False, [])
    assert "leaders: 6 of 6 active" in (await stands(home))[0]


@pytest.mark.anyio
@pytest.mark.parametrize("count", [0, 4])
async def test_fewer_than_five_leaders_are_an_alarm_of_their_own(home: TestHouse, count: int) -> None:
    await leaders_in(home, count)
    await begun(home, EXPANDED - timedelta(weeks=6), later=(Phase.EXPANSION, EXPANDED))
    home.house.clock.advance(days=-7)  # type: ignore[attr-defined]
    assert await looked(home) == (False, []), "week 7 of the expansion"
    home.house.clock.advance(days=7)  # type: ignore[attr-defined]
    new, items = await looked(home)
    assert new
    assert [key for key, _ in items] == [UNKNOWN]
    assert "Name five leaders or more who have a seat" in items[0][1]
    assert ("no leaders are named" if not count else "fewer than 5 named leaders") in items[0][1]
    words, holds = await stands(home)
    assert "leaders: not" in words
    assert not holds
    house = home.house
    async with house.database.transaction() as session:
        found = await list_items(session, home.people["owner"], state="open")
        await close_item(
            session, home.people["owner"], next(one.id for one in found if one.key == UNKNOWN), "Six were named.",
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
    assert (await looked(home))[0], "and again while it cannot be said"
