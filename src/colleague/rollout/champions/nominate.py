"""Name a colleague who could be a champion: everybody may (CH-2)."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid
from colleague.rollout.champions.tables import NominationRow
from colleague.usecases.around import one_line

MOST = 10


class BadNomination(Invalid):
    """This nomination cannot be kept: {why}."""


class EnoughNamed(Conflict):
    """You have named ten colleagues already."""


async def nominate(
    session: Session, actor: Actor, email: str, why: str, *, ledger: Ledger, clock: Clock
) -> str:  # fmt: skip
    """Name the colleague with this mail address and say why; once more, it is the new reason. Returns their id.

    Raises BadNomination, BadText, EnoughNamed, PermissionMissing.
    """
    actor.require("own:tasks:use")
    why = one_line(why, "why", 300, needed=True)
    person = await find_by_email(session, email)
    if person is None or not person.active:
        raise BadNomination(why="nobody here has this mail address")
    if person.id == actor.id:
        raise BadNomination(why="name somebody else, not yourself")
    mine = select(func.count()).select_from(NominationRow).where(
        NominationRow.by == actor.id, NominationRow.person_id != person.id
    )  # fmt: skip
    if (await session.scalar(mine) or 0) >= MOST:
        raise EnoughNamed
    values = {"person_id": person.id, "by": actor.id, "why": why, "at": clock.now()}
    row = insert(NominationRow).values(values)
    changed = row.on_conflict_do_update(index_elements=["person_id", "by"], set_={"why": why, "at": clock.now()})
    await session.execute(changed)
    await ledger.record(session, Event("champion.nominated", actor.id, subject=person.id, person=person.id))
    return person.id
