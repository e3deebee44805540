"""The facts of weeks, read once for all of them."""

from collections.abc import Mapping, Sequence

from colleague.adoption.facts.looks import looks
from colleague.adoption.facts.read import actions, runs, seats, visits
from colleague.adoption.figures import TENURE, Facts, Timed
from colleague.adoption.model import RunFact
from colleague.adoption.weeks import Calendar, Week
from colleague.kit.db import Session
from colleague.usecases.measured import measured_cases


async def facts_of(session: Session, calendar: Calendar, weeks: Sequence[Week]) -> dict[Week, Facts]:
    """Return what each of `weeks` (in their order) is told from; one after another they share the runs."""
    if not weeks:
        return {}
    there = await seats(session)
    # A week looks back eleven more: read once what each of them would read again.
    first, last = calendar.start(weeks[0].next(1 - TENURE)), calendar.end(weeks[-1])
    began = await runs(session, first, last, by=("asked_at", "ended_at"))
    cases = await timed_cases(session, began)
    found = {}
    for week in weeks:
        start, end = calendar.start(week), calendar.end(week)
        did = [*await actions(session, start, end), *await looks(session, start, end)]
        came = await visits(session, start, end)
        found[week] = Facts(there, did, came, began, cases)
    return found


async def timed_cases(session: Session, found: Sequence[RunFact]) -> Mapping[str, Timed]:
    """Return the use case of each workflow in `found` that has one."""
    cases = await measured_cases(session)
    timed = {
        one.id: Timed(one.id, tuple(v for values in one.before.values() for v in values), one.live_at) for one in cases
    }
    return {
        workflow: timed[case.id]
        for workflow in sorted({run.workflow for run in found})
        for case in cases if case.counts(workflow)
    }  # fmt: skip
