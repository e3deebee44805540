"""Whom a champion is asked about: people who do not come back, told from the facts of closed weeks (B-5)."""

from typing import Final

from colleague.adoption.calendar import Calendars
from colleague.adoption.facts.read import last_active, seats, visits
from colleague.adoption.kpis.activity import INVITED, Risk, risk_of
from colleague.adoption.weeks import Week
from colleague.identity.directory import departments_of
from colleague.kit.db import Session

# One quiet week alone is luck for one in eleven: a champion is asked after two, or a month, or where it never began.
ASKED: Final[frozenset[Risk]] = frozenset({"confirmed", "dormant", "never activated"})
BACK: Final = 12


async def flagged(session: Session, week: Week, calendars: Calendars) -> list[tuple[str, str]]:
    """Return (person, department) of everybody a champion is asked about after `week`, by person."""
    calendar = calendars.organisation
    counts: dict[str, dict[Week, float]] = {}
    for visit in await visits(session, calendar.start(week.next(1 - BACK)), calendar.end(week)):
        began = calendar.week(visit.start)
        mine = counts.setdefault(visit.person, {})
        mine[began] = mine.get(began, 0) + 1 / calendar.scale(began)
    held = [seat for seat in await seats(session) if seat.removed_at is None]
    departments, ever = await departments_of(session), await last_active(session, [seat.person for seat in held])
    found = []
    for seat in held:
        own = calendars.of(departments.get(seat.person, ""))
        done = counts.get(seat.person, {})
        if not done and seat.person in ever and ever[seat.person] < calendar.end(week):
            done = {week.next(-BACK): 1.0}  # Somewhen before: they did begin.
        begun = seat.accepted_at or seat.assigned_at + INVITED
        if risk_of(seat, begun, done, week, own) in ASKED:
            found.append((seat.person, departments.get(seat.person, "")))
    return sorted(found)
