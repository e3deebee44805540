"""Retention after a measured saving: whether those who saved time in their first week came back (AD-4). Pure. An
association, no proof. What people wrote down themselves is another number (`rollout.onboarding.savings`).

Weeks are those of a person's own tenure that count, as in the curves of who began together: the first is the first with
three worked days after the first sign-in, and weeks of holidays are skipped (B-0).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from colleague.adoption.kpis.intervals import Estimate, wilson
from colleague.adoption.model import RunFact, Seat
from colleague.adoption.weeks import Calendar, first_weeks

FIRST, FROM, UNTIL = 1, 5, 8
MEASURED: Final = "Retention after a measured saving"
WRITTEN_AT: Final = "/api/v1/programme/first-month"
FEWEST: Final = 5


@dataclass(frozen=True, slots=True)
class Split:
    """The share of people who acted in weeks five to eight after their first sign-in: of those who saved time in their
    first week, and of the others; None where one arm has one to four people.
    """

    saved: Estimate | None
    others: Estimate | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, with which of the two retention numbers it is."""
        weeks = list(range(FROM, UNTIL + 1))
        named = {"name": MEASURED, "savings": "measured", "active_in_week": weeks, "other": WRITTEN_AT}
        return named | asdict(self)


def first_week_savings(
    seats: Iterable[Seat], runs: Iterable[tuple[RunFact, float]], calendar: Calendar
) -> dict[str, float]:  # fmt: skip
    """Return the minutes each person saved from their first sign-in to the end of their first week, 0 for none.

    `runs`: each with the median baseline of its use case in minutes. One counts that was delivered, taken in that time,
    and took less.
    People who never signed in, or whose week is not over where `runs` end, are the caller's to leave out.
    """
    began = {seat.person: seat.accepted_at for seat in seats if seat.accepted_at is not None}
    ends = {who: calendar.end(first_weeks(calendar.day(at), calendar, FIRST)[-1]) for who, at in began.items()}
    saved = dict.fromkeys(began, 0.0)
    for run, before in runs:
        start = began.get(run.person)
        if start is None or run.accepted_at is None or run.input_at is None or run.end != "delivered":
            continue
        took = (run.accepted_at - run.input_at).total_seconds() / 60
        if start <= run.accepted_at < ends[run.person] and took < before:
            saved[run.person] += before - took
    return saved


def retention(
    seats: Iterable[Seat], saved: Mapping[str, float], active: Mapping[date, Collection[str]], calendar: Calendar,
    now: datetime,
) -> Split:  # fmt: skip
    """Return who came back in weeks FROM to UNTIL, split by a saving in the first week: of people whose eighth week is
    over and whose seat lasted as long. `active`: who acted in a week, by its Monday.
    """
    stayed, back = set(), set()
    newest = {seat.person: (seat, seat.accepted_at) for seat in seats if seat.accepted_at is not None}
    for seat, began in newest.values():
        weeks = first_weeks(calendar.day(began), calendar, UNTIL)
        over = calendar.end(weeks[-1])
        if over > now or (seat.removed_at is not None and seat.removed_at < over):
            continue
        stayed.add(seat.person)
        if any(seat.person in active.get(week.monday, ()) for week in weeks[FROM - 1 :]):
            back.add(seat.person)
    arms = [{p for p in stayed if (saved.get(p, 0) > 0) is wanted} for wanted in (True, False)]
    # Neither arm is told where one has one to four people: the other would follow from all of them.
    if any(0 < len(arm) < FEWEST for arm in arms):
        return Split(None, None)
    both = [wilson(len(arm & back), len(arm)) if arm else None for arm in arms]
    return Split(both[0], both[1])
