"""Read what the split by a first-week saving rests on (AD-4)."""

from datetime import datetime, timedelta
from statistics import median
from typing import Final

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import active_by_week, runs, seats
from colleague.adoption.kpis.retention import Split, first_week_savings, retention
from colleague.adoption.validation import runs_by_case
from colleague.adoption.weeks import Calendar
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.usecases.measured import cases_by_run

LOOKED_BACK: Final = timedelta(weeks=34)


async def savings_of_first_weeks(
    session: Session, calendar: Calendar, since: datetime, until: datetime
) -> dict[str, float]:
    """Return the minutes each person saved in the first week of their own, for those who began in a period, by what
    they took in it (B-8).
    """
    there = [one for one in await seats(session) if one.accepted_at and since <= one.accepted_at < until]
    cases = await cases_by_run(session)
    skills = sorted({case.skill for case in cases.all if case.skill})
    ran = await runs(session, since, until, skills=skills, by=("taken_at",))
    usual = {case.id: median(case.minutes) for case in cases.all if case.n}
    mine = runs_by_case(cases, ran)
    timed = [(run, usual[case]) for case in usual for run in mine.get(case, [])]
    return first_week_savings(there, timed, calendar)


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
