"""Seats, activity, sessions, risk and stalls, each against its cases (B-1 to B-5, B-11)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adoption.by_scan import sessions

from colleague.adoption.kpis.activity import (
    frequency,
    person_days,
    risk_of,
    same_session,
    seats_in,
    stalled,
    wau,
)
from colleague.adoption.model import Action, Seat
from colleague.adoption.weeks import Calendar, Week

WEEK, CALENDAR = Week(2026, 10), Calendar("UTC")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LONG_AGO = MONDAY - timedelta(days=60)


def at(day: float, hour: float = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour)


def act(person: str, day: float, hour: float = 9, kind: str = "start") -> Action:
    return Action(person, at(day, hour), kind)


@pytest.mark.parametrize(
    ("seat", "there"),
    [
        (Seat("a", LONG_AGO, LONG_AGO), True),
        (Seat("a", at(2, 23.99), at(2, 23.99)), True),
        (Seat("a", at(3, 0.01), at(3, 0.01)), False),
        (Seat("a", LONG_AGO, LONG_AGO, removed_at=at(2, 23.9)), False),
        (Seat("a", LONG_AGO, LONG_AGO, removed_at=at(3)), True),
        (Seat("a", at(1), None), False),
        (Seat("a", at(-1), at(6)), True),
        (Seat("a", at(-3), None), True),
        (Seat("a", at(0), None), False),
    ],
)
def test_a_seat_counts_with_three_days_of_exposure_and_an_accepted_or_old_invitation(seat: Seat, there: bool) -> None:
    assert (seats_in([seat], WEEK, CALENDAR) == [seat]) is there


def test_person_days_are_counted_by_the_day() -> None:
    seats = [Seat("a", LONG_AGO), Seat("b", at(2, 5)), Seat("c", LONG_AGO, removed_at=at(1, 5))]
    assert person_days(seats, WEEK, CALENDAR) == (5 + 3 + 2) / 5


def test_active_is_who_did_something_and_not_who_looked() -> None:
    seats = [Seat(p, LONG_AGO, LONG_AGO) for p in "abcde"]
    seats.append(Seat("f", LONG_AGO, LONG_AGO, away=frozenset({"2026-W10"})))
    actions = [
        act("a", 0), act("a", 1, kind="sign in"), act("b", 6, 23.9, "decide"), act("c", 2, kind="sign in"),
        act("d", 7), act("e", -1, 23.9), act("stranger", 1),
    ]  # fmt: skip
    found = wau(seats, actions, WEEK, CALENDAR)
    assert found.active == {"a", "b"}
    # Who signed in and did something too is active, and nothing else.
    assert found.passive == {"c"}
    assert found.share is not None
    assert found.adjusted is not None
    assert (found.share.n, found.adjusted.n) == (6, 5)
    assert wau([], actions, WEEK, CALENDAR).share is None


def test_a_session_ends_after_thirty_minutes_over_all_channels_and_not_at_midnight() -> None:
    actions = [
        act("a", 0, 9), act("a", 0, 9.5, "say"), act("a", 0, 10.001), act("b", 0, 9.1), act("a", 6, 23.9),
        act("a", 7, 0.2), act("a", 1, 9, "sign in"),
    ]  # fmt: skip
    found = sessions(actions)
    assert [(s.person, s.actions) for s in found] == [("a", 2), ("b", 1), ("a", 1), ("a", 2)]
    assert found[-1].start == at(6, 23.9)
    assert sessions([]) == []


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5000)), max_size=60))
def test_sessions_are_the_same_however_they_come_and_as_counted_when_written(points: list[tuple[str, int]]) -> None:
    actions = [Action(p, MONDAY + timedelta(minutes=m), "start") for p, m in points]
    found = sessions(actions)
    assert found == sessions(reversed(actions))
    last: dict[str, datetime] = {}
    begun = 0
    for action in sorted(actions, key=lambda a: a.at):
        begun += not same_session(last.get(action.person), action.at)
        last[action.person] = action.at
    assert begun == len(found)
    assert sum(s.actions for s in found) == len(actions)


def test_frequency_counts_known_sessions_exactly() -> None:
    actions = [act("a", d) for d in range(5)] + [act("a", 0, 15)] + [act("b", 1)]
    found = frequency(sessions(actions), frozenset("ab"), WEEK, CALENDAR)
    assert found is not None
    assert (found.mean, found.median, found.below, found.n) == (3.5, 3.5, 0.5, 2)
    scaled = frequency(sessions(actions), frozenset("ab"), WEEK, Calendar("UTC", {MONDAY.date()}))
    assert scaled is not None
    assert scaled.mean == pytest.approx(3.5 / 0.8)
    assert frequency([], frozenset(), WEEK, CALENDAR) is None


@pytest.mark.parametrize(
    ("counts", "onboarded", "risk"),
    [
        ({0: 4}, -30, "none"), ({0: 2}, -30, "none"), ({0: 1, 1: 4}, -30, "at risk"), ({0: 0, 1: 2}, -30, "at risk"),
        ({0: 1, 1: 1}, -30, "confirmed"), ({0: 0, 1: 0, 2: 3}, -30, "confirmed"), ({0: 0, 5: 3}, -30, "dormant"),
        ({}, -30, "never activated"), ({0: 0}, 0, "none"), ({0: 1}, -6, "none"), ({0: 1, 1: 5}, -8, "at risk"),
        # Two weeks in a row at risk take twenty-one days: in the first of them one was new.
        ({0: 1, 1: 1}, -7, "at risk"), ({0: 1, 1: 1}, -13.9, "at risk"), ({0: 1, 1: 1}, -14, "confirmed"),
        ({0: 0, 1: 0}, -8, "never activated"),
    ],
)  # fmt: skip
def test_risk_follows_two_weeks_and_spares_newcomers(counts: dict[int, int], onboarded: int, risk: str) -> None:
    by_week = {WEEK.next(-back): number for back, number in counts.items()}
    seat = Seat("a", LONG_AGO, LONG_AGO)
    assert risk_of(seat, at(onboarded), by_week, WEEK, CALENDAR) == risk


def test_nobody_is_at_risk_on_leave_in_holidays_or_without_a_seat() -> None:
    away = Seat("a", LONG_AGO, LONG_AGO, away=frozenset({"2026-W10"}))
    holidays = Calendar("UTC", {(MONDAY + timedelta(days=d)).date() for d in range(3)})
    gone, seat = Seat("a", LONG_AGO, LONG_AGO, removed_at=at(1)), Seat("a", LONG_AGO, LONG_AGO)
    assert risk_of(away, at(-30), {}, WEEK, CALENDAR) == "none"
    assert risk_of(seat, at(-30), {}, WEEK, holidays) == "none"
    assert risk_of(gone, at(-30), {}, WEEK, CALENDAR) == "none"
    assert risk_of(seat, None, {}, WEEK, CALENDAR) == "none"


def test_a_week_on_leave_is_not_one_of_two_in_a_row() -> None:
    seat = Seat("a", LONG_AGO, LONG_AGO, away=frozenset({"2026-W09"}))
    assert risk_of(seat, at(-30), {WEEK: 1, WEEK.next(-2): 4}, WEEK, CALENDAR) == "at risk"


@pytest.mark.parametrize(
    ("first", "third", "size", "ratio"), [(10, 7, 12, 0.7), (10, 8, 12, 0.8), (0, 5, 12, None), (5, 5, 9, None)]
)
def test_a_stall_is_week_three_against_week_one(first: int, third: int, size: int, ratio: float | None) -> None:
    people = [f"p{i}" for i in range(size)]
    weeks = [frozenset(people[:first]), frozenset(), frozenset(people[:third])]
    assert stalled(weeks, frozenset(people)) == ratio
