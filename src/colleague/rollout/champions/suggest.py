"""Who could be a champion: usage, breadth, completion and nominations together, for a person to decide (CH-2)."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.by_person import completions, kinds_completed, sessions_by_week
from colleague.adoption.weeks import Calendar, Week
from colleague.identity.actor import Actor
from colleague.identity.directory import departments_of, list_active
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.champions.appoint import MANAGE
from colleague.rollout.champions.model import Candidate, Signals, weigh
from colleague.rollout.champions.store import champions_now, nominations

WEEKS, QUARTER = 4, 12


async def suggest(session: Session, actor: Actor, *, clock: Clock) -> list[Candidate]:
    """Return who could be a champion, with reasons in words and without counts, by department; suggested ones first.

    Only who runs the programme sees it (B-12).
    """
    actor.require(MANAGE)
    told = await signals(session, await read_calendar(session), clock.now())
    named, departments = await nominations(session), await departments_of(session)
    already = {one.person for one in await champions_now(session)}
    found = []
    for person in await list_active(session):
        if person.id in already:
            continue
        sessions, kinds, completed, started = told.get(person.id, (0.0, 0, 0, 0))
        speaks = Signals(sessions, kinds, completed, started, named.get(person.id, ()))
        if (candidate := weigh(person.id, departments.get(person.id, ""), speaks)) is not None:
            found.append(candidate)
    return sorted(found, key=lambda c: (c.department, not c.suggested, -len(c.reasons), c.person))


async def signals(session: Session, calendar: Calendar, now: datetime) -> Mapping[str, tuple[float, int, int, int]]:
    """Return what each person's twelve complete weeks say, by the dictionary as everywhere: sessions a week over the
    last four that count (B-4), kinds of work completed in them (B-7), and of the runs started in them that are mature
    how many were completed, and how many there are (B-6).
    """
    last = calendar.week(now).next(-1)
    first = last.next(1 - QUARTER)
    start, end = calendar.start(first), calendar.end(last)
    came = await _sessions(session, calendar, last)
    kinds = await kinds_completed(session, start, end)
    done = await completions(session, start, end, calendar.zone, now)
    return {
        person: (came.get(person, 0.0), kinds.get(person, 0), *done.get(person, (0, 0)))
        for person in came.keys() | kinds.keys() | done.keys()
    }


async def _sessions(session: Session, calendar: Calendar, last: Week) -> dict[str, float]:
    weeks = [week for back in range(QUARTER) if calendar.counts(week := last.next(-back))][:WEEKS]
    found: defaultdict[str, float] = defaultdict(float)
    if weeks:
        scale = {week.monday: calendar.scale(week) for week in weeks}
        told = await sessions_by_week(session, calendar.start(weeks[-1]), calendar.end(weeks[0]), calendar.zone)
        for (person, monday), count in told.items():
            if monday in scale:
                found[person] += count / scale[monday] / WEEKS
    return dict(found)
