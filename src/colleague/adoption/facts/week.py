"""The facts of weeks, read once for all of them."""

from collections.abc import Mapping, Sequence

from colleague.adoption.facts.looks import looks
from colleague.adoption.facts.read import actions, runs, seats, visits
from colleague.adoption.figures import TENURE, Facts
from colleague.adoption.weeks import Calendar, Week
from colleague.kit.db import Session
from colleague.support.read import tickets
from colleague.usecases.measured import cases_by_run


async def facts_of(
    session: Session,
    calendar: Calendar,
    weeks: Sequence[Week],
    by: Mapping[str, Mapping[str, frozenset[str]]] | None = None,
) -> dict[Week, Facts]:
    """Return what each of `weeks` (in their order) is told from; one after another they share the runs.

    `by`: the groups as they stood then, by which runs are given to the use case of a department or team (AD-2); as
    they are now where it is left out.
    """
    if not weeks:
        return {}
    there = await seats(session)
    # A week looks back eleven more: read once what each of them would read again.
    first, last = calendar.start(weeks[0].next(1 - TENURE)), calendar.end(weeks[-1])
    began = await runs(session, first, last, by=("asked_at", "started_at", "ended_at", "taken_at"))
    members = None if by is None else (by.get("department", {}), by.get("team", {}))
    cases = await cases_by_run(session, members)
    cases = cases.within({run.workflow for run in began})
    found = {}
    for week in weeks:
        start, end = calendar.start(week), calendar.end(week)
        did = [*await actions(session, start, end), *await looks(session, start, end)]
        came = await visits(session, start, end)
        found[week] = Facts(there, did, came, began, cases, await tickets(session, start, end))
    return found
