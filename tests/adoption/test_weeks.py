"""Weeks are the organisation's: ISO, in one zone, with its holidays (B-0)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colleague.adoption.weeks import Calendar, Week, week_of, weeks_between

ZURICH = Calendar("Europe/Zurich")


def test_the_week_is_the_one_of_the_organisation() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # Sunday in London, Monday in Zurich
    assert (str(Calendar("UTC").week(late)), str(ZURICH.week(late))) == ("2026-W09", "2026-W10")
    assert str(week_of(date(2027, 1, 3))) == "2026-W53"
    assert [str(w) for w in weeks_between(Week(2026, 52), Week(2027, 1))] == ["2026-W52", "2026-W53", "2027-W01"]


def test_a_week_with_a_clock_change_is_an_hour_shorter_or_longer() -> None:
    lengths = [
        ZURICH.end(w).astimezone(UTC) - ZURICH.start(w).astimezone(UTC) for w in (Week(2026, 13), Week(2026, 43))
    ]
    assert lengths == [timedelta(days=7, hours=-1), timedelta(days=7, hours=1)]


@pytest.mark.parametrize(
    ("holidays", "days", "counts", "scale"),
    [(0, 5, True, 1.0), (1, 4, True, 0.8), (2, 3, True, 0.6), (3, 2, False, 1.0), (5, 0, False, 1.0)],
)
def test_holidays_scale_a_week_or_take_it_out(holidays: int, days: int, counts: bool, scale: float) -> None:
    week = Week(2026, 20)
    calendar = Calendar("UTC", {week.monday + timedelta(days=d) for d in range(holidays)})
    assert (calendar.working_days(week), calendar.counts(week), calendar.scale(week)) == (days, counts, scale)


def test_numbers_stand_seventy_two_hours_after_the_week() -> None:
    end = ZURICH.end(Week(2026, 10))
    assert not ZURICH.frozen(Week(2026, 10), end + timedelta(hours=71, minutes=59))
    assert ZURICH.frozen(Week(2026, 10), end + timedelta(hours=72))


@pytest.mark.parametrize(
    ("started", "week", "k"),
    [
        (date(2026, 3, 2), Week(2026, 10), 1), (date(2026, 3, 4), Week(2026, 10), 1),
        (date(2026, 3, 5), Week(2026, 10), 0), (date(2026, 3, 5), Week(2026, 11), 1),
        (date(2026, 3, 2), Week(2026, 17), 8), (date(2026, 3, 7), Week(2026, 11), 1),
    ],
)  # fmt: skip
def test_week_one_is_the_first_with_three_worked_days(started: date, week: Week, k: int) -> None:
    assert Calendar("UTC").programme_week(week, started) == k


def test_a_start_before_holidays_begins_after_them() -> None:
    calendar = Calendar("UTC", {date(2026, 12, d) for d in (22, 23, 24, 25)})
    assert calendar.programme_week(Week(2026, 52), date(2026, 12, 21)) == 0
    assert calendar.programme_week(Week(2026, 53), date(2026, 12, 21)) == 1


@given(st.dates(date(2000, 1, 3), date(2090, 12, 20)), st.integers(-60, 60))
def test_weeks_are_read_as_they_are_written_and_counted_like_days(day: date, count: int) -> None:
    week = week_of(day)
    assert Week.read(str(week)) == week
    assert week.monday <= day < week.next().monday
    assert week.next(count).next(-count) == week


@pytest.mark.parametrize("text", ["", "2026", "2026-W", "2026-W54", "2026-W00", "x-W01", "2026-w01"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Week.read(text)
