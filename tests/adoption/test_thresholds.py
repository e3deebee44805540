"""Thresholds look at their own week, skip holidays, and hold a phase with an item about the programme."""

from datetime import date, timedelta

import pytest
from tests.adoption.conftest import Programme
from tests.adoption.test_frozen import freeze

from colleague.adoption.calendar import read_calendar
from colleague.adoption.figures import Numbers
from colleague.adoption.items import close_item, list_items
from colleague.adoption.kpis.intervals import wilson
from colleague.adoption.thresholds import by_programme_week, held_back, kp1, kp2, recovered, watch_expansion, week_eight
from colleague.adoption.weeks import Calendar, Week

pytestmark = pytest.mark.anyio
STARTED = date(2026, 3, 2)


def weeks(*shares: int | None) -> dict[Week, Numbers]:
    """Frozen weeks from the start on, of a hundred seats; None for a week of holidays."""
    first = Week(2026, 10)
    return {
        first.next(n): Numbers(first.next(n), True, share is None, 100, share or 0, wau=wilson(share or 0, 100))
        for n, share in enumerate(shares)
    }  # fmt: skip


def phase(*shares: int | None) -> dict[int, Numbers]:
    return by_programme_week(weeks(*shares), STARTED, Calendar())


@pytest.mark.parametrize(
    ("shares", "closed", "holds"),
    [
        ((70,) * 7, None, None), ((10,) * 7 + (65,), None, True), ((70,) * 7 + (64,), None, False),
        ((70,) * 7 + (None,), None, None), ((10,) * 7 + (None, 65), None, True),
        # Closed in week 6 or 7, that week speaks (C-9); closed later, week 8 does.
        ((10,) * 5 + (65,), 6, True), ((10,) * 6 + (65,), 7, True), ((70,) * 7 + (64,), 9, False),
        # With holidays from week 8 to its end, the last that counts speaks, not a week of the phase after it.
        ((70,) * 7 + (None, None, 30), 9, True), ((60,) * 7 + (None, None, 90), 9, False),
        ((70,) * 7 + (None,), 9, None), ((10,) * 7 + (None, 65, 10), 9, True),
        # What came after it was left says nothing of it, nor does a week that is not there yet.
        ((70,) * 5 + (64, 90, 90), 6, False), ((10,) * 5 + (65, 10, 10), 6, True), ((70,) * 5, 6, None),
        ((10,) * 5 + (65, None, 10), 7, True), ((70,) * 5, 5, None), ((70,) * 9, 5, None),
    ],
)  # fmt: skip
def test_week_eight_of_the_expansion(shares: tuple[int | None, ...], closed: int | None, holds: bool | None) -> None:
    assert kp1(phase(*shares), closed_in=closed).holds is holds


@pytest.mark.parametrize(
    ("shares", "holds"),
    [((39,) * 5, None), ((90,) * 5 + (39,), False), ((10,) * 5 + (40,), True), ((10,) * 5 + (None, 40), True)],
)
def test_week_six_of_the_expansion(shares: tuple[int | None, ...], holds: bool | None) -> None:
    verdict = kp2(phase(*shares))
    assert verdict.holds is holds
    assert "n 100" in verdict.why or holds is None


def test_small_and_provisional_weeks_say_nothing() -> None:
    small = Numbers(Week(2026, 10), True, False, 4, 0, wau=wilson(0, 4))
    open_ = {Week(2026, 10): Numbers(Week(2026, 10), False, False, 100, 0, wau=wilson(0, 100))}
    assert kp1({8: small}).holds is None
    assert by_programme_week(open_, STARTED, Calendar()) == {}


@pytest.mark.parametrize(
    ("shares", "back"),
    [((39,), False), ((39, 40), True), ((39, 60, 30), False), ((39, None), False), ((None, 39), False),
     ((None, 39, 45), True), ((39, 45, None), True)],
)  # fmt: skip
def test_it_recovers_by_the_newest_week_after_the_sixth(shares: tuple[int | None, ...], back: bool) -> None:
    assert recovered(phase(*(70,) * 5, *shares)) is back


async def test_below_forty_percent_phase_three_is_held_until_somebody_says_what_was_changed(
    programme: Programme,
) -> None:
    started = programme.clock.now().date() + timedelta(days=7)
    for _ in range(9):
        programme.clock.advance(days=7)
        await programme.record("task.steered", "ana")
    await freeze(programme)
    # Whoever is quicker than the morning's watch gets no further.
    why, closed = await programme.do(held_back, started, clock=programme.clock)
    assert ("needed: 40 %" in why, closed) == (True, None)
    left = programme.clock.now().date() - timedelta(days=7)
    for closed, told in ((None, "not frozen yet"), (left, "65 % weekly active or more"),
                         (started + timedelta(days=20), "left after 3 weeks")):  # fmt: skip
        verdict = await programme.do(week_eight, started, closed, clock=programme.clock)
        assert told in verdict.why
        assert "breadth" in verdict.why or verdict.holds is None, "activity is never told alone (AD-5)"
    verdict = await programme.do(watch_expansion, started, **programme.told)
    calendar = await programme.do(read_calendar)
    week = calendar.week(programme.clock.now()).next(-3)
    assert (verdict.holds, calendar.programme_week(Week.read(verdict.week), started)) == (False, 6), week
    await programme.do(watch_expansion, started, **programme.told)
    (item,) = await programme.do(list_items, programme.lead, state="open")
    assert (item.kind, item.about) == ("onboarding", "programme")
    assert "Adjust onboarding" in (await programme.do(held_back, started, clock=programme.clock))[0]
    await programme.do(close_item, programme.lead, item.id, "Weekly sessions by team.", **programme.told)
    await programme.do(watch_expansion, started, **programme.told)
    why, closed = await programme.do(held_back, started, clock=programme.clock)
    assert ("Adjust onboarding" in why, closed.outcome) == (True, "Weekly sessions by team.")
