"""Weeks as metrics count them: ISO weeks in the organisation's time zone, with its holidays (B-0). Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count, islice
from typing import Final
from zoneinfo import ZoneInfo

FREEZE: Final = timedelta(hours=72)
WORKING_DAYS: Final = 5


@dataclass(frozen=True, order=True, slots=True)
class Week:
    """An ISO week: Monday 00:00 to Sunday 24:00."""

    year: int
    number: int

    @property
    def monday(self) -> date:
        """Return its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    def next(self, count: int = 1) -> "Week":
        """Return the week `count` weeks later."""
        return week_of(self.monday + timedelta(weeks=count))

    def __str__(self) -> str:
        """Return «2026-W09»."""
        return f"{self.year}-W{self.number:02}"

    @staticmethod
    def read(text: str) -> "Week":
        """Return the week that «2026-W09» says; ValueError if it says none."""
        year, sep, number = text.partition("-W")
        if not sep or not (year.isdecimal() and number.isdecimal()):
            raise ValueError(text)
        week = Week(int(year), int(number))
        _ = week.monday
        return week


def week_of(day: date) -> Week:
    """Return the ISO week of a day."""
    year, number, _ = day.isocalendar()
    return Week(year, number)


def weeks_between(first: Week, last: Week) -> Iterator[Week]:
    """Return the weeks from `first` to `last`, both included."""
    week = first
    while week <= last:
        yield week
        week = week.next()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The organisation's calendar: its time zone (IANA), and the days nobody works besides weekends."""

    zone: str = "UTC"
    holidays: Collection[date] = field(default_factory=frozenset)

    def day(self, at: datetime) -> date:
        """Return the day an instant lies in, where the organisation is."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def week(self, at: datetime) -> Week:
        """Return the week an instant lies in, where the organisation is."""
        return week_of(self.day(at))

    def start(self, week: Week) -> datetime:
        """Return the instant the week begins."""
        return datetime.combine(week.monday, datetime.min.time(), tzinfo=ZoneInfo(self.zone))

    def end(self, week: Week) -> datetime:
        """Return the instant the week ends."""
        return self.start(week.next())

    def working_days(self, week: Week) -> int:
        """Return how many of its five days are worked."""
        days = (week.monday + timedelta(days=d) for d in range(WORKING_DAYS))
        return sum(day not in self.holidays for day in days)

    def counts(self, week: Week) -> bool:
        """Say whether gates and trends count the week: at least three days are worked."""
        return self.working_days(week) >= 3

    def scale(self, week: Week) -> float:
        """Return by what counts of the week are divided: worked days of five, 1 where gates skip the week."""
        return self.working_days(week) / WORKING_DAYS if self.counts(week) else 1.0

    def frozen(self, week: Week, now: datetime) -> bool:
        """Say whether the week's numbers stand: 72 hours after its end (late events from phones have come)."""
        return now >= self.end(week) + FREEZE

    def programme_week(self, week: Week, started: date) -> int:
        """Return k of a week: 1 is the first with at least three worked days after the start, 0 or less before it."""
        return (week.monday - self._first(started).monday).days // 7 + 1

    def holiday_weeks(self, week: Week, started: date) -> int:
        """Return how many of the programme weeks up to `week` do not count."""
        return sum(not self.counts(one) for one in weeks_between(self._first(started), week))

    def _first(self, started: date) -> Week:
        first = week_of(started)
        if not self._enough_after(first, started):
            first = first.next()
            while not self.counts(first):
                first = first.next()
        return first

    def _enough_after(self, week: Week, started: date) -> bool:
        days = [week.monday + timedelta(days=d) for d in range(WORKING_DAYS)]
        return sum(day >= started and day not in self.holidays for day in days) >= 3


def first_weeks(began: date, calendar: Calendar, most: int = 3) -> tuple[Week, ...]:
    """Return weeks 1, 2, 3, … of who began on this day: the first with three worked days from then on, and the next
    that count; weeks with holidays that gates skip are skipped here too (B-0)."""
    start = week_of(began)
    weeks = (start.next(n) for n in count())
    own = (w for w in weeks if calendar.programme_week(w, began) >= 1 and calendar.counts(w))
    return tuple(islice(own, most))
