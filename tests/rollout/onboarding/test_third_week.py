"""The page of who does not come back and the item of a stall tell of the same people in the same weeks (B-11)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from tests.rollout.onboarding.test_first_month import act, begun, parts

from colleague.adoption.facts.tables import PlaceRow, SeatRow
from colleague.adoption.items import list_items
from colleague.rollout.onboarding.nudge import nudge
from colleague.rollout.onboarding.watch import stalled_weeks, watch
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, agreed, furnish
from colleague.testing.programme import approved_cases, crowd, past_gate_one, program_of

pytestmark = pytest.mark.anyio
ZONE = "America/Los_Angeles"
# Thursday in UTC, Wednesday afternoon in Los Angeles: with three worked days left, that week is the first.
BEGAN = datetime(2027, 3, 4, 1, tzinfo=UTC)


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    clock.advance(seconds=(BEGAN - clock.now()).total_seconds())
    found = await furnish(database_url, tmp_path, clock=clock)
    await past_gate_one(found)
    house = found.house
    async with house.database.transaction() as session:
        await agreed(session, found.people["owner"], {"time_zone": ZONE}, ledger=house.ledger, clock=clock)
    yield found
    await house.close()


async def seated(home: TestHouse, people: list[Any], at: datetime) -> None:
    """Give people a seat on which they sign in for the first time, as the roll-up would write it."""
    async with home.house.database.transaction() as session:
        rows = [
            {"seq": 10_000 + n + int(at.timestamp()) % 1000 * 100, "person_id": one.id, "assigned_at": at,
             "accepted_at": at}
            for n, one in enumerate(people)
        ]  # fmt: skip
        await session.execute(insert(SeatRow), rows)


async def looked(home: TestHouse) -> list[str]:
    async with home.house.database.transaction() as session:
        return [str(week) for week in await watch(session, **parts(home))]


async def told(home: TestHouse) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return the curves of the page and the ratios of the items."""
    async with program_of(home, home.people["owner"], "org:adoption:read") as client:
        curves = (await client.get("/api/v1/adoption/curves")).json()["curves"]
    async with home.house.database.transaction() as session:
        return curves, await stalled_weeks(session)


@pytest.mark.parametrize("in_a_cohort", [12, 6, 0])
async def test_page_and_item_agree_whether_people_have_a_cohort_or_only_a_seat(
    home: TestHouse, clock: TestClock, in_a_cohort: int
) -> None:
    people = await crowd(home, 12)
    await approved_cases(home, 1)
    # The seats of a cohort's people are older, by weeks: they began with the cohort.
    await seated(home, people[:in_a_cohort], clock.now() - timedelta(days=30)) if in_a_cohort else None
    await seated(home, people[in_a_cohort:], clock.now() + timedelta(minutes=5)) if in_a_cohort < 12 else None
    if in_a_cohort:
        await begun(home, people[:in_a_cohort])
    await act(home, people[:10], clock.now() + timedelta(hours=2))
    await act(home, people[:9], clock.now() + timedelta(days=7))
    await act(home, people[2:6], clock.now() + timedelta(days=14))
    # In the week after their third everybody is back: who counts a week too late sees no stall.
    await act(home, people, clock.now() + timedelta(days=21))
    clock.advance(days=19)
    assert await looked(home) == [], "week three is not frozen yet"
    clock.advance(days=9)
    assert await looked(home) == ["2027-W09"]
    curves, stalls = await told(home)
    [mine] = [one for one in curves if one["onboarded"] == "2027-W09"]
    assert stalls == {"2027-W09": pytest.approx(0.4)}
    assert mine["third"] == pytest.approx(0.4)
    assert mine["stalls"]
    assert (mine["people"], [round(12 * share["value"]) for share in mine["shares"][:3]]) == (12, [10, 9, 4])
    async with home.house.database.transaction() as session:
        [item] = [one for one in await list_items(session, home.people["owner"]) if one.kind == "stall"]
    assert "In week three 4 of 12 were active, in week one 10" in item.why


async def test_who_only_has_a_seat_is_nudged_on_a_monday(home: TestHouse, clock: TestClock) -> None:
    people, house = await crowd(home, 10), home.house
    await seated(home, people, clock.now())
    await act(home, people, clock.now() + timedelta(hours=2))
    clock.advance(days=26)
    assert await looked(home) == ["2027-W09"]
    nudged: list[str] = []

    async def tell(session: Any, person: str, title: str, text: str, link: str) -> None:
        nudged.append(person)

    for _ in range(7):
        async with house.database.transaction() as session:
            await nudge(session, tell=tell, ledger=house.ledger, clock=clock)
        clock.advance(days=1)
    assert sorted(nudged) == sorted(one.id for one in people)


async def test_who_lost_the_seat_or_is_left_out_of_the_numbers_is_in_no_cohort(
    home: TestHouse, clock: TestClock
) -> None:
    people = await crowd(home, 15)
    await approved_cases(home, 1)
    await seated(home, people[:14], clock.now() - timedelta(days=30))
    await begun(home, people)
    await act(home, people, clock.now() + timedelta(hours=2))
    await act(home, people[:10], clock.now() + timedelta(days=14))
    async with home.house.database.transaction() as session:
        gone = [one.id for one in people[10:14]]
        out = {"seq": 1, "excluded": [people[14].id]}
        row = insert_or_update(PlaceRow).values(name="ledger", **out)
        await session.execute(row.on_conflict_do_update(index_elements=["name"], set_=out))
        await session.execute(update(SeatRow).where(SeatRow.person_id.in_(gone)).values(removed_at=clock.now()))
    clock.advance(days=28)
    assert await looked(home) == [], "all who are still here came back"
    curves, stalls = await told(home)
    assert stalls == {}
    assert [(one["people"], one["third"]) for one in curves if one["onboarded"] == "2027-W09"] == [(10, 1.0)]
