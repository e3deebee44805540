"""A first month begins with the seat, and once: a second cohort, waiting and leaving change nothing of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from tests.rollout.onboarding.test_first_month import act, begun, parts
from tests.rollout.onboarding.test_third_week import seated, told

from colleague.adoption.items import list_items
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import actor_of
from colleague.identity.people import add_member, create_person, set_active, set_department
from colleague.identity.seats.exclude import set_excluded
from colleague.identity.tables import PersonRow
from colleague.rollout.begin import against_owners
from colleague.rollout.cohorts.join import fill_cohort
from colleague.rollout.cohorts.make import close_cohort, make_cohort
from colleague.rollout.cohorts.ready import ready
from colleague.rollout.cohorts.several import by_department
from colleague.rollout.cohorts.store import get_cohort, member
from colleague.rollout.cohorts.tables import MemberRow
from colleague.rollout.define import name_programme
from colleague.rollout.onboarding.path import my_path
from colleague.rollout.onboarding.savings import write_saving
from colleague.rollout.store import current_programme
from colleague.rollout.watch import watch
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.programme import approved_cases, crowd, past_gate_one
from colleague.usecases.tables import CardRow

pytestmark = pytest.mark.anyio
BEGAN = datetime(2027, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    clock.advance(seconds=(BEGAN - clock.now()).total_seconds())
    made = await furnish(database_url, tmp_path, clock=clock)
    yield made
    await made.house.close()


async def test_who_waits_begins_with_the_seat_and_who_goes_on_has_begun(home: TestHouse, clock: TestClock) -> None:
    await past_gate_one(home)
    people, house = await crowd(home, 12), home.house
    await approved_cases(home, 1)
    async with house.database.transaction() as session:
        ids = [
            await create_person(session, SYSTEM, f"w{n}@a.example", f"W {n}", without="no seat", **parts(home))
            for n in range(6)
        ]
        for one in ids:
            await add_member(session, SYSTEM, home.team, one, ledger=house.ledger)
        await session.execute(update(PersonRow).where(PersonRow.id.in_(ids)).values(waiting_since=clock.now()))
    await seated(home, people, clock.now())
    async with house.database.transaction() as session:
        owner = home.people["owner"]
        cohort = await begun(home, people, "First")
        await fill_cohort(session, owner, cohort, ids, **parts(home))
    for week in range(3):
        await act(home, people, clock.now() + timedelta(days=7 * week, hours=2))
    clock.advance(days=26)
    curves, _ = await told(home)
    assert [(one["onboarded"], one["people"]) for one in curves] == [("2027-W09", 12)], "who waits has not begun"
    async with house.database.transaction() as session:
        await session.execute(update(PersonRow).where(PersonRow.id.in_(ids)).values(waiting_since=None, active=True))
        waiting = [await actor_of(session, person_id=one, via="page") for one in ids]
    await seated(home, waiting, clock.now())
    async with house.database.transaction() as session:
        path = await my_path(session, waiting[0], clock=clock)
    assert (path.week, path.began_at) == (1, clock.now())
    # The cohort ends, its people go on in another: their month is over, and stays where it was.
    clock.advance(days=60)
    async with house.database.transaction() as session:
        await close_cohort(session, owner, cohort, "The pilot is over", **parts(home))
    await begun(home, people, "Department")
    async with house.database.transaction() as session:
        there = await member(session, people[0].id)
        assert there is not None
        assert there.began_at == BEGAN
        assert not (await write_saving(session, people[0], 20, 60, **parts(home))).first_week
        # Out and in again: the same month still.
        row = await session.scalar(
            select(MemberRow).where(MemberRow.person_id == people[1].id, MemberRow.left_at.is_(None))
        )
        assert row is not None
        first, row.left_at = row.began_at, clock.now()
    clock.advance(days=1)
    async with house.database.transaction() as session:
        await fill_cohort(session, owner, row.cohort_id, [people[1].id], **parts(home))
        again = await session.get_one(MemberRow, (row.cohort_id, people[1].id), populate_existing=True)
        assert (again.left_at, again.began_at) == (None, first)
    curves, _ = await told(home)
    assert ("2027-W09", 12) in [(one["onboarded"], one["people"]) for one in curves]


async def test_who_counts_nowhere_fills_no_pilot_and_a_large_directory_hides_nobody(
    home: TestHouse, clock: TestClock
) -> None:
    people, house, owner = await crowd(home, 15), home.house, home.people["owner"]
    await approved_cases(home, 3)
    async with house.database.transaction() as session:
        rows = [
            {"id": f"person_{n:026d}", "email": f"a{n}@a.example", "name": f"Aa {n:04}", "created_at": clock.now(),
             "active": False, "waiting_since": clock.now()}
            for n in range(1200)
        ]  # fmt: skip
        await session.execute(insert(PersonRow), rows)
        cohort = (await make_cohort(session, owner, "Pilot", **parts(home))).id
        found = await by_department(session, owner, cohort)
        assert {one.id for one in people} <= {one.id for listed in found.values() for one in listed}
        for one in people:
            session.add(MemberRow(cohort_id=cohort, person_id=one.id, by=owner.id, joined_at=clock.now(), left_why=""))
        await session.flush()
        assert (await ready(session, await get_cohort(session, cohort), reach=house.reach)).seats == 15
        for one in people[:6]:
            await set_excluded(session, owner, one.id, excluded=True, why="A test user", ledger=house.ledger)
        stands = await ready(session, await get_cohort(session, cohort), reach=house.reach)
    assert stands.seats == 9
    assert any("15 to 40 active seats, and there are 9" in why for why in stands.reasons)


async def test_who_joins_without_a_ritual_opens_an_item_for_the_department(home: TestHouse, clock: TestClock) -> None:
    await past_gate_one(home)
    people, house, owner = await crowd(home, 6), home.house, home.people["owner"]
    await approved_cases(home, 1)
    cohort = await begun(home, people)
    async with house.database.transaction() as session:
        row = (await session.scalars(select(CardRow))).first()
        assert row is not None
        await session.execute(update(CardRow).values(card={**row.card, "department": "Bids"}))
        for n in range(2):
            one = await create_person(
                session, SYSTEM, f"x{n}@a.example", f"X {n}", department="Finance", **parts(home)
            )  # fmt: skip
            await fill_cohort(session, owner, cohort, [one], **parts(home))
        [item] = [one for one in await list_items(session, owner, state="open") if one.key.startswith("ritual:")]
    assert (item.about, item.kind) == ("department:Finance", "onboarding")
    assert "no use case tied to a ritual" in item.why


async def test_a_programme_whose_owners_have_gone_says_so(home: TestHouse, clock: TestClock) -> None:
    house, owner = home.house, home.people["owner"]
    async with house.database.transaction() as session:
        await set_department(session, SYSTEM, home.people["rita"].id, "Bids", ledger=house.ledger)
        await name_programme(
            session, owner, sponsor="rita@aldermoor.example", lead=home.people["dana"].email,
            goal="Bids go out in half the time.", **parts(home),
        )  # fmt: skip
        assert await against_owners(session, await current_programme(session)) == ""
        await set_active(session, SYSTEM, home.people["dana"].id, active=False, **parts(home))
        assert "name another lead" in await against_owners(session, await current_programme(session))
    await past_gate_one(home)
    async with house.database.transaction() as session:
        await watch(session, **parts(home))
        keys = {one.key for one in await list_items(session, owner, state="open")}
    assert "alarm:owners" in keys
