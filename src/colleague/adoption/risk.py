"""Who does not come back, and who knows one use case only: told to the programme, to no line manager (B-5)."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from colleague.adoption.calendar import Calendars, read_calendars
from colleague.adoption.facts.read import ever_active, runs, seats, visits
from colleague.adoption.few.apart import FEWEST
from colleague.adoption.kpis.activity import INVITED, Risk, risk_of, seats_in
from colleague.adoption.kpis.breadth import stuck
from colleague.adoption.model import Seat
from colleague.adoption.weeks import Calendar, Week
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import departments_of, reports_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session

LOOKED_BACK, QUARTER, STUCK = 9, 12, 6
# Of everybody who does not come back, where they cannot be told apart.
TOGETHER = "not coming back"


def last_frozen(calendar: Calendar, now: datetime) -> Week:
    """Return the last frozen week that counts: weeks of holidays are skipped."""
    week = calendar.week(now).next(-1)
    while not calendar.frozen(week, now) or not calendar.counts(week):
        week = week.next(-1)
    return week


async def at_risk(session: Session, week: Week | None = None, *, clock: Clock) -> list[tuple[str, Risk]]:
    """Return everybody who is at risk after a frozen week (default: the last that counts), by id, with how they stand.

    Nobody in a week that is not frozen, in their first fourteen days, away that week, or without three days of it.
    For champions (the flag alone) and the programme lead: the caller asks who reads it.
    """
    calendars, now = await read_calendars(session), clock.now()
    shared = calendars.organisation
    week = week or last_frozen(shared, now)
    if not shared.frozen(week, now):
        return []
    there = {seat.person: seat for seat in seats_in(await seats(session), week, shared)}
    of, counts = await departments_of(session), await _counts(session, week, calendars)
    found: list[tuple[str, Risk]] = []
    for person, seat in sorted(there.items()):
        mine = calendars.of(of.get(person, ""))
        scaled = {w: count / mine.scale(w) for w, count in counts.get(person, {}).items()}
        risk = risk_of(seat, onboarded_at(seat), scaled, week, mine)
        if risk != "none":
            found.append((person, risk))
    return found


def onboarded_at(seat: Seat) -> datetime:
    """Return since when somebody is on board: their first sign-in, or a week after the invitation (B-1)."""
    return seat.accepted_at or seat.assigned_at + INVITED


async def _counts(session: Session, week: Week, calendars: Calendars) -> dict[str, dict[Week, float]]:
    """Return sessions by person and week, of the weeks that are looked back to; what was before stands in one week."""
    calendar = calendars.organisation
    first = week.next(1 - LOOKED_BACK)
    counts: defaultdict[str, defaultdict[Week, float]] = defaultdict(lambda: defaultdict(float))
    for visit in await visits(session, calendar.start(first), calendar.end(week)):
        counts[visit.person][calendar.week(visit.start)] += 1
    for person in await ever_active(session):
        if person not in counts:
            counts[person][first.next(-1)] = 1
    return {person: dict(weeks) for person, weeks in counts.items()}


async def stuck_on_one(session: Session, week: Week | None = None, *, clock: Clock) -> list[str]:
    """Return who completed one kind of work only, in each of the last six weeks that count (KP-5), by id.

    People whose seat is younger than those weeks, or who completed nothing in their twelve weeks, are not among them.
    """
    calendar, now = await read_calendar_of(session), clock.now()
    week = week or last_frozen(calendar, now)
    weeks = counted_back(week, STUCK, calendar)
    ran = await runs(session, calendar.start(weeks[-1].next(1 - QUARTER)), calendar.end(week), by=("ended_at",))
    people, held = None, await seats(session)
    for one in weeks:
        there = {seat.person for seat in seats_in(held, one, calendar)}
        people = there if people is None else people & there
    return sorted(stuck(ran, frozenset(people or ()), weeks, calendar))


async def read_calendar_of(session: Session) -> Calendar:
    """Return the organisation's calendar."""
    return (await read_calendars(session)).organisation


def counted_back(week: Week, count: int, calendar: Calendar) -> list[Week]:
    """Return the last `count` weeks up to `week` that count, newest first; holidays are skipped for a year at most."""
    found: list[Week] = []
    for back in range(53):
        if len(found) == count:
            break
        if calendar.counts(one := week.next(-back)):
            found.append(one)
    return found


def summed(found: list[tuple[str, Risk]], people: int) -> Mapping[str, int] | None:
    """Return how many stand how, without naming anybody (B-12).

    Where fewer than five stand in one way they are told of together; None of fewer than five in all, and nobody is {}.
    """
    if people < FEWEST or 0 < len(found) < FEWEST:
        return None
    counts: dict[str, int] = dict(Counter(risk for _, risk in found))
    return counts if all(n >= FEWEST for n in counts.values()) else {TOGETHER: len(found)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader is told. `people` and `stuck`: to the programme lead alone, by id, without those who report to
    them; `counts`: to others. `seats`: of how many people with a seat that week.
    """

    week: str
    people: list[tuple[str, Risk]] | None
    counts: Mapping[str, int] | None
    stuck: list[str]
    seats: int


@dataclass(frozen=True, slots=True)
class Lead:
    """Who leads the programme, by id, "" where nobody is named: the composition root says who knows."""

    of: Callable[[Session], Awaitable[str]]


async def seen_risk(
    session: Session, actor: Actor, *, lead: Lead | None = None, ledger: Ledger, clock: Clock
) -> Seen:  # fmt: skip
    """Return who does not come back: by id to the person who is named to lead the programme, and that they looked is
    on record; in numbers to whoever else reads adoption, owners and administrators too (B-12). `lead` None: in numbers.

    A line manager sees nobody who reports to them, also where they lead the programme. Raises PermissionMissing.
    """
    actor.require("org:adoption:read")
    calendar = await read_calendar_of(session)
    week = last_frozen(calendar, clock.now())
    found = await at_risk(session, week, clock=clock)
    there = len(seats_in(await seats(session), week, calendar))
    if lead is None or actor.id != await lead.of(session):
        return Seen(str(week), None, summed(found, there), [], there)
    theirs = await reports_of(session, actor.id)
    found = [(person, risk) for person, risk in found if person not in theirs]
    stuck_ones = [one for one in await stuck_on_one(session, week, clock=clock) if one not in theirs]
    facts = {"week": str(week), "people": len(found), "one_kind": len(stuck_ones)}
    await ledger.record(session, Event("risk.read", actor.id, data=facts))
    return Seen(str(week), found, None, stuck_ones, there)
