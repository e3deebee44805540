"""Read what the split by a first-week saving rests on (AD-4)."""

from datetime import datetime, timedelta
from statistics import median
from typing import Final

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import active_by_week, runs, seats
from colleague.adoption.kpis.retention import Split, first_week_savings, retention
from colleague.adoption.weeks import Calendar
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.usecases.measured import measured_cases

LOOKED_BACK: Final = timedelta(weeks=34)


async def savings_of_first_weeks(
    session: Session, calendar: Calendar, since: datetime, until: datetime
) -> dict[str, float]:
    """Return the minutes each person saved in the first week of their own, for those who began in a period."""
    there = [one for one in await seats(session) if one.accepted_at and since <= one.accepted_at < until]
    cases = [case for case in await measured_cases(session) if case.n and case.skill]
    ran = await runs(session, since, until, skills=sorted({case.skill for case in cases}))
    before = {
        workflow: median([m for values in case.before.values() for m in values])
        for workflow in {run.workflow for run in ran} for case in cases if case.counts(workflow)
    }  # fmt: skip
    return first_week_savings(there, ran, before, calendar)


async def first_week(session: Session, actor: Actor, *, clock: Clock) -> Split:
    """Return who came back, split by whether they saved time in their first week: people of the last half year whose
    eighth week is over. Raises PermissionMissing.
    """
    actor.require("org:adoption:read")
    now, calendar = clock.now(), await read_calendar(session)
    since = now - LOOKED_BACK
    there = [one for one in await seats(session) if one.accepted_at and one.accepted_at >= since]
    active = await active_by_week(session, since, now, calendar.zone)
    return retention(there, await savings_of_first_weeks(session, calendar, since, now), active, calendar, now)
