"""Make somebody a champion, and end it: a person decides, with reasons; the role goes with it (CH-2, CH-3)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.identity.people import assign_role, remove_role
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.rollout.champions.tables import ChampionRow
from colleague.usecases.around import one_line

MANAGE, ROLE, LOCK = "org:programme:manage", "champion", 727_094
Tell = Callable[[Session, str, str, str, str], Awaitable[Any]]


class CannotBeChampion(Invalid):
    """{name} cannot be a champion now: {why}."""


class AlreadyChampion(Conflict):
    """This person is a champion already."""


class NoChampion(NotFound):
    """This person is no champion."""


async def appoint(
    session: Session, actor: Actor, person: str, why: str, *, tell: Tell, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Make a person the champion of their department, give them the role and tell them. Nobody appoints themselves.

    Raises AlreadyChampion, BadText, CannotBeChampion, NotOneself, PersonNotFound, PermissionMissing.
    """
    actor.require(MANAGE)
    why = one_line(why, "why", 500, needed=True)
    found = await get_person(session, person)
    if not found.active:
        raise CannotBeChampion(name=found.name, why="they have no seat")
    if not found.department:
        raise CannotBeChampion(name=found.name, why="say first in which department they work (People)")
    await advisory_lock(session, LOCK)
    if await _current(session, found.id) is not None:
        raise AlreadyChampion
    await assign_role(session, _giving(actor), found.id, ROLE, ledger=ledger, decided=True)
    row = ChampionRow(
        id=new_id("champ"), person_id=found.id, why=why, appointed_by=actor.id, appointed_at=clock.now(), retired_why=""
    )
    session.add(row)
    await session.flush()
    facts = {"department": found.department}
    await ledger.record(
        session, Event("champion.appointed", actor.id, subject=found.id, person=found.id, data=facts)
    )  # fmt: skip
    words = "New skills come to you first, your tickets go before others, and colleagues may need a hand."
    await tell(session, found.id, "You are a champion now", words, "/champion")


async def retire(session: Session, actor: Actor, person: str, why: str, *, ledger: Ledger, clock: Clock) -> None:
    """End somebody's time as a champion and take the role back; their list goes to others with the next look.

    Raises BadText, NoChampion, NotOneself, PermissionMissing.
    """
    actor.require(MANAGE)
    why = one_line(why, "why", 500, needed=True)
    await advisory_lock(session, LOCK)
    row = await _current(session, person)
    if row is None:
        raise NoChampion
    await remove_role(session, _giving(actor), row.person_id, ROLE, ledger=ledger, decided=True)
    row.retired_by, row.retired_at, row.retired_why = actor.id, clock.now(), why
    await ledger.record(
        session, Event("champion.retired", actor.id, subject=row.person_id, person=row.person_id)
    )  # fmt: skip


def _giving(actor: Actor) -> Actor:
    """Return the actor with what giving this one role needs: who runs the programme decides about champions."""
    return replace(actor, permissions=actor.permissions | {"org:people:manage"})


async def _current(session: Session, person: str) -> ChampionRow | None:
    query = select(ChampionRow).where(ChampionRow.person_id == person, ChampionRow.retired_at.is_(None))
    return await session.scalar(query.with_for_update())
