"""What the morning's watch looks at: seats on record, and weeks that count."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.rollout.conftest import NAMED, Office

from colleague.adoption.calendar import Holiday, add_holidays
from colleague.adoption.facts.tables import SeatRow
from colleague.adoption.items import list_items
from colleague.identity.actor import SYSTEM
from colleague.plugins.hold import CatalogueHeld, check_hold
from colleague.policy.model import Phase
from colleague.rollout.attest import attest, withdraw_attestation
from colleague.rollout.define import name_programme
from colleague.rollout.model import Evidence
from colleague.rollout.onboarding.shipped import shipped_modules
from colleague.rollout.onboarding.tables import PassRow
from colleague.rollout.watch import look, watch
from colleague.testing.clock import TestClock
from colleague.testing.programme import crowd

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> TestClock:
    """Monday, 7 December 2026: three weeks before a week of holidays."""
    return TestClock(datetime(2026, 12, 7, 9, tzinfo=UTC))


async def keys(office: Office) -> set[str]:
    """Return the keys of the alarms of this morning."""
    house = office.home.house
    async with house.database.transaction() as session:
        await watch(session, ledger=house.ledger, clock=office.clock)
        return {item.key for item in await list_items(session, SYSTEM, state="open")}


async def test_weeks_of_holidays_make_no_phase_too_long(office: Office) -> None:
    """PH-1: the planned six weeks are weeks that count, Christmas is not one of them."""
    await office.begun()
    days = [date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 28), date(2026, 12, 29), date(2026, 12, 30)]
    async with office.home.house.database.transaction() as session:
        await add_holidays(
            session, office.home.people["owner"], [Holiday(on, "Christmas") for on in days],
            ledger=office.home.house.ledger, clock=office.clock,
        )  # fmt: skip
    office.clock.advance(days=6 * 7)  # The seventh week since, of which one does not count.
    async with office.home.house.database.transaction() as session:
        seen = await look(session, clock=office.clock)
    assert seen is not None
    assert seen.week == 6
    assert "alarm:overdue-1" not in await keys(office)
    office.clock.advance(days=7)
    assert "alarm:overdue-1" in await keys(office)


async def test_seats_are_counted_as_they_stand_and_as_they_stood(office: Office) -> None:
    await office.begun()
    house, now = office.home.house, office.clock.now()
    people = [one.id for one in await crowd(office.home, 8)]
    months = [  # Assigned and removed, in days before now.
        (60, None), (60, 40), (60, 10), (31, -5), (30, None), (29, None), (3, None), (3, 1),
    ]  # fmt: skip
    async with house.database.transaction() as session:
        for seq, (person, (since, until)) in enumerate(zip(people, months, strict=True), 1):
            gone = None if until is None else now - until * DAY
            session.add(SeatRow(seq=seq, person_id=person, assigned_at=now - since * DAY, removed_at=gone))
        for person in (people[0], people[5], people[7]):
            for module in shipped_modules():
                session.add(PassRow(person_id=person, module=module, tries=1, passed_at=now, version=1))
        await session.flush()
        seen = await look(session, clock=office.clock)
    assert seen is not None
    # Held now: 60, 31 (until later), 30, 29, 3. Held thirty days ago: 60, the one of 60 until 10, 31, 30.
    assert (seen.seats, seen.seats_before) == (5, 4)
    # New within thirty days and still there: 29 and 3; of these one has finished.
    assert (seen.new, seen.onboarded) == (2, 1)


async def test_everybody_switched_on_at_once_is_warned_of(office: Office) -> None:
    """PH-10 from zero: no seat before is no reason to stay silent."""
    await office.begun()
    house, now = office.home.house, office.clock.now()
    (person,) = await crowd(office.home, 1)
    async with house.database.transaction() as session:
        session.add_all(SeatRow(seq=n, person_id=person.id, assigned_at=now - DAY) for n in range(1, 121))
    assert "alarm:too-fast" not in await keys(office)
    async with house.database.transaction() as session:
        session.add(SeatRow(seq=121, person_id=person.id, assigned_at=now - DAY))
    assert "alarm:too-fast" in await keys(office)


async def held(office: Office) -> bool:
    """Say whether the catalogue takes nothing new at this moment."""
    async with office.home.house.database.transaction() as session:
        try:
            await check_hold(session, clock=office.clock)
        except CatalogueHeld:
            return True
    return False


async def test_the_catalogue_is_held_at_once_and_to_the_day(office: Office) -> None:
    """PH-8: no morning's watch lies between what holds it and the hold."""
    await office.begun()
    office.evidence = Evidence(today=office.clock.now().date())
    for phase in (Phase.EXPANSION, Phase.BROAD):
        await office.skipped()
        assert ((await office.phase())[0], await held(office)) == (phase, False)
    await office.skipped()
    assert await held(office), "it is entered without a review"
    today = office.clock.now().date()
    review = {"words": "Held, with three actions.", "on": today}
    await office.do(attest, "rita", "quarterly-review", **{**review, "on": today - 50 * DAY})
    assert not await held(office)
    newer = await office.do(attest, "rita", "quarterly-review", **review)
    await office.do(withdraw_attestation, "rita", newer)
    office.clock.advance(days=42)
    assert not await held(office), "92 days after the older one"
    office.clock.advance(days=1)
    assert await held(office), "on day 93, whoever is quicker than the morning"
    review["on"] = office.clock.now().date()
    made = await office.do(attest, "rita", "quarterly-review", **review)
    assert not await held(office)
    await office.do(withdraw_attestation, "rita", made)
    assert await held(office), "taken back: the older one is overdue"


async def test_a_review_of_who_leads_now_holds_nothing_open(office: Office) -> None:
    await office.begun()
    office.evidence = Evidence(today=office.clock.now().date())
    for _ in range(3):
        await office.skipped()
    await office.do(attest, "ana", "quarterly-review", words="Held.", on=office.clock.now().date())
    assert not await held(office)
    await office.do(name_programme, "dana", **NAMED | {"lead": "ana@aldermoor.example"})
    assert await held(office)
