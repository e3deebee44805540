"""Who could be a champion: usage, breadth, completion and nominations together, for a person to decide (CH-2)."""

from colleague.adoption.calendar import read_calendar
from colleague.adoption.facts.read import runs, visits
from colleague.adoption.model import AD_HOC
from colleague.adoption.weeks import Week
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
    calendar = await read_calendar(session)
    week = calendar.week(clock.now()).next(-1)
    recent = list[Week]()
    while len(recent) < WEEKS and calendar.week(clock.now()).next(-QUARTER) <= week:
        if calendar.counts(week):
            recent.append(week)
        week = week.next(-1)
    visited: dict[str, float] = {}
    since, until = calendar.start(calendar.week(clock.now()).next(-QUARTER)), clock.now()
    for visit in await visits(session, since, until):
        if (began := calendar.week(visit.start)) in recent:
            visited[visit.person] = visited.get(visit.person, 0) + 1 / calendar.scale(began) / WEEKS
    kinds: dict[str, set[str]] = {}
    ended: dict[str, list[bool]] = {}
    for run in await runs(session, since, until):
        if run.end in ("open", "untold") or run.copy or run.sandbox:
            continue
        ended.setdefault(run.person, []).append(run.end == "delivered")
        if run.end == "delivered" and run.workflow != AD_HOC:
            kinds.setdefault(run.person, set()).add(run.kind)
    named, departments = await nominations(session), await departments_of(session)
    already = {one.person for one in await champions_now(session)}
    found = []
    for person in await list_active(session):
        if person.id in already:
            continue
        done = ended.get(person.id, [])
        signals = Signals(
            visited.get(person.id, 0), len(kinds.get(person.id, ())), sum(done), len(done), named.get(person.id, ())
        )  # fmt: skip
        if (candidate := weigh(person.id, departments.get(person.id, ""), signals)) is not None:
            found.append(candidate)
    return sorted(found, key=lambda c: (c.department, not c.suggested, -len(c.reasons), c.person))
