"""Who completes one kind of work only, week after week (KP-5). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from colleague.adoption.model import AD_HOC, RunFact
from colleague.adoption.weeks import Calendar, Week

QUARTER = 12


def stuck(
    runs: Iterable[RunFact], people: frozenset[str], weeks: Sequence[Week], calendar: Calendar
) -> frozenset[str]:  # fmt: skip
    """Return those of `people` whose breadth (kinds completed in the twelve weeks that end with it) is one in each of
    `weeks`. Ad hoc work, copies and sandbox runs are no kind.
    """
    done: defaultdict[str, list[tuple[str, Week]]] = defaultdict(list)
    for run in runs:
        counts = run.end == "delivered" and run.ended_at and not (run.copy or run.sandbox) and run.workflow != AD_HOC
        if counts and run.ended_at and run.person in people:
            done[run.person].append((run.kind, calendar.week(run.ended_at)))
    if not weeks:
        return frozenset()
    return frozenset(
        person for person, kinds in done.items()
        if all(len({k for k, at in kinds if week.next(1 - QUARTER) <= at <= week}) == 1 for week in weeks)
    )  # fmt: skip
