"""Weeks of which somebody was away all of it: out of the adjusted figure, still in the headline (B-1). No reasons."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.calendar import read_calendar
from colleague.adoption.tables import AbsenceRow
from colleague.adoption.weeks import Week
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden, Invalid, NotFound

BACK, AHEAD = 13, 53
SHOWN: Final = 60


class BadWeek(Invalid):
    """Name a week such as 2026-W32, from thirteen weeks ago to a year from now."""


class NotYours(Forbidden):
    """People mark their own weeks; for others the programme lead does."""


class NotAway(NotFound):
    """This person is not marked as away in this week."""


def _may(actor: Actor, person: str) -> None:
    if actor.id == person:
        actor.require("own:tasks:use")
    elif not actor.may("org:programme:manage"):
        raise NotYours


async def mark_away(
    session: Session, actor: Actor, person: str, week: str, *, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Say that a person is away all of a week; said twice it is the same. Raises BadWeek, NotYours, PersonNotFound."""
    _may(actor, person)
    try:
        wanted = Week.read(week[:10])
    except ValueError:
        raise BadWeek from None
    now = (await read_calendar(session)).week(clock.now())
    if not now.next(-BACK) <= wanted <= now.next(AHEAD):
        raise BadWeek
    found = await get_person(session, person)
    values = {"person_id": found.id, "week": str(wanted), "by": actor.id, "at": clock.now()}
    row = insert(AbsenceRow).values(values).on_conflict_do_nothing().returning(AbsenceRow.week)
    if await session.scalar(row) is not None:
        await ledger.record(session, Event("away.marked", actor.id, subject=found.id, data={"week": str(wanted)}))


async def unmark_away(session: Session, actor: Actor, person: str, week: str, *, ledger: Ledger) -> None:
    """Take it back. Raises NotAway, NotYours."""
    _may(actor, person)
    row = await session.get(AbsenceRow, (person, week)) if (person + week).isprintable() else None
    if row is None:
        raise NotAway
    await session.delete(row)
    await ledger.record(session, Event("away.unmarked", actor.id, subject=person, data={"week": week}))


async def weeks_away(session: Session) -> dict[str, frozenset[str]]:
    """Return the weeks (as text) each person was away, for the metrics."""
    found: dict[str, set[str]] = {}
    for person, week in await session.execute(select(AbsenceRow.person_id, AbsenceRow.week)):
        found.setdefault(person, set()).add(week)
    return {person: frozenset(weeks) for person, weeks in found.items()}


async def own_weeks(session: Session, actor: Actor, person: str) -> list[str]:
    """Return a person's marked weeks, newest first: to themselves and the programme lead. Raises NotYours."""
    _may(actor, person)
    query = select(AbsenceRow.week).where(AbsenceRow.person_id == person).order_by(AbsenceRow.week.desc())
    return list(await session.scalars(query.limit(SHOWN)))
