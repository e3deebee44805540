"""Read what the split by a first-week saving rests on (AD-4)."""

from datetime import UTC, datetime
from statistics import median

from colleague.adoption.facts.read import came_back, runs, seats
from colleague.adoption.kpis.retention import FROM, UNTIL, Split, first_week_savings, retention
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.usecases.measured import measured_cases

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def savings_of_first_weeks(session: Session, since: datetime, until: datetime) -> dict[str, float]:
    """Return the minutes each person saved in the week after their first sign-in, for those who began in a period."""
    there = [one for one in await seats(session) if one.accepted_at and since <= one.accepted_at < until]
    cases = [case for case in await measured_cases(session) if case.n and case.skill]
    ran = await runs(session, since, until, skills=sorted({case.skill for case in cases}))
    before = {
        workflow: median([m for values in case.before.values() for m in values])
        for workflow in {run.workflow for run in ran} for case in cases if case.counts(workflow)
    }  # fmt: skip
    return first_week_savings(there, ran, before)


async def first_week(session: Session, actor: Actor, *, clock: Clock) -> Split:
    """Return who came back, split by whether they saved time in their first week: people of the last half year whose
    eighth week is over. Raises PermissionMissing.
    """
    actor.require("org:adoption:read")
    now = clock.now()
    since = max(LONG_AGO, now - UNTIL * 4.25)
    there = [one for one in await seats(session) if one.accepted_at and one.accepted_at >= since]
    back = await came_back(session, since, FROM, UNTIL)
    return retention(there, await savings_of_first_weeks(session, since, now), back, now)
