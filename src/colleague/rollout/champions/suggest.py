"""Who could be a champion: usage, breadth, completion and nominations together, for a person to decide (CH-2)."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import runs, visits
from colleague.adoption.kpis.work import completion_of, kinds_of
from colleague.adoption.model import RunFact
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
    ran = await runs(session, start, end, by=("started_at", "asked_at", "ended_at"))
    came = await _sessions(session, calendar, first, last)
    people = frozenset(run.person for run in ran)
    kinds = kinds_of(ran, people, last, calendar)
    begun: defaultdict[str, list[RunFact]] = defaultdict(list)
    for run in ran:
        if start <= run.started_at < end:
            begun[run.person].append(run)
    found = {}
    for person in people | came.keys():
        done = completion_of(begun[person], calendar, now=now)
        completed, started = (round(done.rate.value * done.rate.n), done.rate.n) if done else (0, 0)
        found[person] = (came.get(person, 0.0), len(kinds.get(person, ())), completed, started)
    return found


async def _sessions(session: Session, calendar: Calendar, first: Week, last: Week) -> dict[str, float]:
    weeks = [week for back in range(QUARTER) if calendar.counts(week := last.next(-back))][:WEEKS]
    came: Counter[tuple[str, Week]] = Counter(
        (visit.person, calendar.week(visit.start))
        for visit in await visits(session, calendar.start(first), calendar.end(last))
    )
    found: defaultdict[str, float] = defaultdict(float)
    for (person, week), count in came.items():
        if week in weeks:
            found[person] += count / calendar.scale(week) / WEEKS
    return dict(found)
