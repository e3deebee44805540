"""Who began in which week, and which weeks are their first: one answer for curves, groups and stalls (AD-1, B-11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from colleague.adoption.facts.read import left_out, seats
from colleague.adoption.weeks import Calendar, Week, first_weeks
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Beginning:
    """Those who began in one ISO week, where the organisation is. `days`: the instant each of them began."""

    week: Week
    days: Mapping[str, datetime]

    @property
    def people(self) -> frozenset[str]:
        """Return who they are, by id."""
        return frozenset(self.days)

    def first_weeks(self, calendar: Calendar, most: int = 3) -> tuple[Week, ...]:
        """Return their first weeks, told from the day the first of them began."""
        return first_weeks(calendar.day(min(self.days.values())), calendar, most)


def beginnings(days: Mapping[str, datetime], calendar: Calendar) -> list[Beginning]:
    """Return onboarding cohorts of people by when they began, the oldest first. Pure."""
    found: dict[Week, dict[str, datetime]] = {}
    for person, at in days.items():
        found.setdefault(calendar.week(at), {})[person] = at
    return [Beginning(week, people) for week, people in sorted(found.items())]


async def onboarding_cohorts(
    session: Session, calendar: Calendar, first_days: Mapping[str, datetime]
) -> list[Beginning]:  # fmt: skip
    """Return the onboarding cohorts, the oldest first: by the first day of a programme cohort somebody is in
    (`first_days`), else by the first sign-in on the seat they have. Who has lost their seat, and who
    counts nowhere, is in none."""
    every = await seats(session)
    there = {seat.person for seat in every if seat.removed_at is None}
    gone = ({seat.person for seat in every} - there) | await left_out(session)
    days = {seat.person: seat.accepted_at for seat in every if seat.removed_at is None and seat.accepted_at is not None}
    days |= {person: at for person, at in first_days.items() if person not in gone}
    return beginnings(days, calendar)
