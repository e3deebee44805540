"""Find champions, nominations, and what is on somebody's list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from colleague.identity.directory import departments_of, people_of
from colleague.kit.db import Session
from colleague.rollout.champions.tables import ChampionRow, ContactRow, HandedOutRow, NominationRow

ROLE = "role:champion"
KEPT = timedelta(days=91)


@dataclass(frozen=True, slots=True)
class Champion:
    """A champion as the programme sees them."""

    person: str
    name: str
    department: str
    why: str
    since: datetime


async def champions_now(session: Session) -> list[Champion]:
    """Return who is a champion: appointed, active and still holding the role; by name."""
    names = dict(await people_of(session, ROLE))
    departments = await departments_of(session)
    rows = await session.scalars(select(ChampionRow).where(ChampionRow.retired_at.is_(None)))
    found = [
        Champion(r.person_id, names[r.person_id], departments.get(r.person_id, ""), r.why, r.appointed_at)
        for r in rows if r.person_id in names
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.name, one.person))


async def is_champion(session: Session, person: str) -> bool:
    """Say whether somebody is a champion now."""
    return any(one.person == person for one in await champions_now(session))


async def nominations(session: Session) -> dict[str, tuple[str, ...]]:
    """Return why colleagues named somebody, by person, oldest first."""
    found: dict[str, tuple[str, ...]] = {}
    for row in await session.scalars(select(NominationRow).order_by(NominationRow.at, NominationRow.by)):
        found[row.person_id] = (*found.get(row.person_id, ()), row.why)
    return found


async def waiting_for(session: Session, champion: str) -> list[ContactRow]:
    """Return what is on a champion's list, oldest first."""
    query = select(ContactRow).where(ContactRow.champion_id == champion, ContactRow.state == "waiting")
    return list(await session.scalars(query.order_by(ContactRow.routed_at, ContactRow.id)))


async def done_by(session: Session, champion: str, since: datetime) -> list[ContactRow]:
    """Return whom a champion has contacted since, newest first."""
    query = select(ContactRow).where(
        ContactRow.champion_id == champion, ContactRow.state == "done", ContactRow.contacted_at >= since
    )
    return list(await session.scalars(query.order_by(ContactRow.contacted_at.desc(), ContactRow.id)))


async def about(session: Session, person: str) -> list[ContactRow]:
    """Return every time a champion was asked to help a person, newest first: for that person themselves."""
    query = select(ContactRow).where(ContactRow.person_id == person).order_by(ContactRow.routed_at.desc())
    return list(await session.scalars(query.limit(20)))


async def touched_since(session: Session, since: datetime) -> frozenset[str]:
    """Return the people who are on a list, were put on one or were contacted since: they are left in peace (CH-4).

    Somebody for whom it is nothing is, for as long as that is known.
    """
    lately = (ContactRow.routed_at > since) | (ContactRow.contacted_at > since) | (ContactRow.state == "waiting")
    lately |= ContactRow.outcome == "not for them"
    return frozenset(await session.scalars(select(ContactRow.person_id).where(lately)))


async def load_of(session: Session) -> dict[str, int]:
    """Return how many people are on each champion's list."""
    query = select(ContactRow.champion_id, func.count()).where(ContactRow.state == "waiting")
    return dict((await session.execute(query.group_by(ContactRow.champion_id))).all())


async def outcomes(session: Session, since: datetime) -> dict[str, int]:
    """Return what came of contacts since, over everybody."""
    query = select(ContactRow.outcome, func.count()).where(ContactRow.state == "done", ContactRow.contacted_at >= since)
    return dict((await session.execute(query.group_by(ContactRow.outcome))).all())


async def handed_out(session: Session, *, limit: int = 12) -> list[HandedOutRow]:
    """Return when the lists of the last weeks were handed out, newest first."""
    return list(await session.scalars(select(HandedOutRow).order_by(HandedOutRow.week.desc()).limit(limit)))


async def forget_contacts(session: Session, before: datetime) -> None:
    """Forget who was asked about whom after three months; how many it were stays with the week."""
    await session.execute(delete(ContactRow).where(ContactRow.routed_at < before, ContactRow.state != "waiting"))


async def waiting_all(session: Session) -> Iterable[ContactRow]:
    """Return every list, locked: for handing on what somebody who has gone cannot do."""
    query = select(ContactRow).where(ContactRow.state == "waiting").order_by(ContactRow.routed_at, ContactRow.id)
    return await session.scalars(query.with_for_update())
