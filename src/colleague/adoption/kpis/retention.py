"""Whether those who saved time in their first week came back (AD-4). Pure. An association, no proof."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from colleague.adoption.kpis.intervals import Estimate, wilson
from colleague.adoption.model import RunFact, Seat

FIRST: Final = timedelta(days=7)
FROM, UNTIL = timedelta(days=28), timedelta(days=56)
FEWEST: Final = 5


@dataclass(frozen=True, slots=True)
class Split:
    """The share of people who acted in weeks five to eight after their first sign-in: of those who saved time in their
    first week, and of the others; None where one arm has one to four people.
    """

    saved: Estimate | None
    others: Estimate | None


def first_week_savings(
    seats: Iterable[Seat], runs: Iterable[RunFact], before: Mapping[str, float]
) -> dict[str, float]:  # fmt: skip
    """Return the minutes each person saved in the seven days after their first sign-in, 0 for none.

    `before`: the median baseline in minutes, by workflow. A run counts that was taken in that week and took less.
    People who never signed in, or whose week is not over where `runs` end, are the caller's to leave out.
    """
    began = {seat.person: seat.accepted_at for seat in seats if seat.accepted_at is not None}
    saved = dict.fromkeys(began, 0.0)
    for run in runs:
        start = began.get(run.person)
        if start is None or run.accepted_at is None or run.input_at is None or run.workflow not in before:
            continue
        took = (run.accepted_at - run.input_at).total_seconds() / 60
        if start <= run.accepted_at < start + FIRST and took < before[run.workflow]:
            saved[run.person] += before[run.workflow] - took
    return saved


def retention(
    seats: Iterable[Seat], saved: Mapping[str, float], back: frozenset[str], now: datetime
) -> Split:  # fmt: skip
    """Return who came back, split by a saving in the first week: of people whose eighth week is over and whose seat
    lasted as long. `back`: who acted from FROM to UNTIL after their first sign-in.
    """
    began = {
        seat.person: seat.accepted_at for seat in seats
        if seat.accepted_at is not None and seat.accepted_at + UNTIL <= now
        and (seat.removed_at is None or seat.removed_at >= seat.accepted_at + UNTIL)
    }  # fmt: skip
    arms = [{p for p in began if (saved.get(p, 0) > 0) is wanted} for wanted in (True, False)]
    # Neither arm is told where one has one to four people: the other would follow from all of them.
    if any(0 < len(arm) < FEWEST for arm in arms):
        return Split(None, None)
    both = [wilson(len(arm & back), len(arm)) if arm else None for arm in arms]
    return Split(both[0], both[1])
