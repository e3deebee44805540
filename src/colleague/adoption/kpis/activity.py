"""Who had a seat, who used it, in how many sessions, and who does not come back (B-1 to B-5). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean, median
from typing import Final, Literal

from colleague.adoption.kpis.intervals import Estimate, wilson
from colleague.adoption.model import INTENTIONAL, Action, Seat
from colleague.adoption.weeks import Calendar, Week

GAP: Final = timedelta(minutes=30)
INVITED: Final = timedelta(days=7)
NEW: Final = timedelta(days=14)
Risk = Literal["never activated", "dormant", "confirmed", "at risk", "none"]


def seats_in(seats: Iterable[Seat], week: Week, calendar: Calendar) -> list[Seat]:
    """Return S_w: seats that were there on at least three of the week's five days (B-1).

    Assigned by Wednesday 24:00, not removed before Thursday 00:00, and the invitation accepted or a week old.
    """
    wednesday = calendar.start(week) + timedelta(days=3)
    end = calendar.end(week)
    return [
        seat for seat in seats
        if seat.assigned_at <= wednesday
        and (seat.removed_at is None or seat.removed_at >= wednesday)
        and ((seat.accepted_at is not None and seat.accepted_at < end) or seat.assigned_at + INVITED < end)
    ]  # fmt: skip


def person_days(seats: Iterable[Seat], week: Week, calendar: Calendar) -> float:
    """Return provisioned person-days of the week divided by five: the second figure beside the seats."""
    days = 0
    for seat in seats:
        for day in range(5):
            begins = calendar.start(week) + timedelta(days=day)
            if seat.assigned_at < begins + timedelta(days=1) and (seat.removed_at is None or seat.removed_at > begins):
                days += 1
    return days / 5


@dataclass(frozen=True, slots=True)
class Wau:
    """Weekly active users of provisioned seats. `adjusted` leaves out who was away all week; both are shown.

    `passive`: who was seen and did nothing; who did both is active (B-3). `present`: who was not away all week.
    """

    share: Estimate | None
    adjusted: Estimate | None
    active: frozenset[str]
    seats: frozenset[str]
    passive: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()


def wau(seats: Iterable[Seat], actions: Iterable[Action], week: Week, calendar: Calendar) -> Wau:
    """Return WAU % (B-2): people of S_w with an intentional action in the week. None without seats."""
    there = seats_in(seats, week, calendar)
    people = frozenset(seat.person for seat in there)
    start, end = calendar.start(week), calendar.end(week)
    mine = [a for a in actions if start <= a.at < end and a.person in people]
    active = frozenset(a.person for a in mine if a.kind in INTENTIONAL)
    present = frozenset(seat.person for seat in there if str(week) not in seat.away)
    return Wau(
        wilson(len(active), len(people)) if people else None,
        wilson(len(active & present), len(present)) if present else None,
        active, people, frozenset(a.person for a in mine) - active, present,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Session:
    """A maximal run of a person's intentional actions with gaps of at most thirty minutes (B-4)."""

    person: str
    start: datetime
    end: datetime
    actions: int


def same_session(last: datetime | None, at: datetime) -> bool:
    """Say whether an action at `at` belongs to the session whose last action was at `last`: how ids are given as events
    are written (B-4).
    """
    return last is not None and at - last <= GAP


@dataclass(frozen=True, slots=True)
class Frequency:
    """Sessions per active person in a week, divided by worked days of five. `below`: the share with fewer than two."""

    mean: float
    median: float
    below: float
    n: int


def frequency(
    found: Iterable[Session], active: frozenset[str], week: Week, calendar: Calendar
) -> Frequency | None:  # fmt: skip
    """Return how often active people came (KP-3, target 4), None if nobody did. A session is of its start's week."""
    counts = dict.fromkeys(active, 0)
    start, end = calendar.start(week), calendar.end(week)
    for session in found:
        if start <= session.start < end and session.person in counts:
            counts[session.person] += 1
    if not counts:
        return None
    scaled = [count / calendar.scale(week) for count in counts.values()]
    return Frequency(mean(scaled), median(scaled), sum(s < 2 for s in scaled) / len(scaled), len(scaled))


def risk_of(
    seat: Seat, onboarded_at: datetime | None, counts: Mapping[Week, float], week: Week, calendar: Calendar
) -> Risk:  # fmt: skip
    """Return how a person stands after the frozen week `week` (B-5). `counts`: their scaled sessions by week.

    Nobody is at risk in the first fourteen days, nor in a week with fewer than three days of exposure; so neither of
    the two weeks of *confirmed* may be such a one.
    """
    exposed = bool(seats_in([seat], week, calendar)) and calendar.counts(week) and str(week) not in seat.away
    if onboarded_at is None or _is_new(onboarded_at, week, calendar) or not exposed or counts.get(week, 0) >= 2:
        return "none"
    if not any(number > 0 for number in counts.values()):
        return "never activated"
    if not any(counts.get(week.next(-back), 0) > 0 for back in range(4)):
        return "dormant"
    before = _counted_before(seat, onboarded_at, week, calendar)
    return "confirmed" if before is not None and counts.get(before, 0) < 2 else "at risk"


def _is_new(onboarded_at: datetime, week: Week, calendar: Calendar) -> bool:
    return onboarded_at + NEW > calendar.end(week)


def _counted_before(seat: Seat, onboarded_at: datetime, week: Week, calendar: Calendar) -> Week | None:
    """Return the week before that counts for this person, if they were not new in it: no holidays, not away."""
    for back in range(1, 9):
        earlier = week.next(-back)
        if not seats_in([seat], earlier, calendar) or _is_new(onboarded_at, earlier, calendar):
            return None
        if calendar.counts(earlier) and str(earlier) not in seat.away:
            return earlier
    return None


def stalled(active_by_week: Sequence[frozenset[str]], cohort: frozenset[str]) -> float | None:
    """Return WAU(week 3) over WAU(week 1) of an onboarding cohort (B-11), None below ten people or an empty week 1.

    `active_by_week`: who was active in weeks 1, 2, 3 of the cohort. A stall is below 0.8.
    """
    if len(cohort) < 10 or len(active_by_week) < 3 or not active_by_week[0] & cohort:
        return None
    return len(active_by_week[2] & cohort) / len(active_by_week[0] & cohort)
