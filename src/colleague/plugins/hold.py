"""Hold the catalogue: nothing new is approved for others while the programme says so (PH-8)."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict
from colleague.plugins.tables import CatalogueHoldRow


class CatalogueHeld(Conflict):
    """Nothing new goes into the catalogue at present: {why}"""


async def check_hold(session: Session) -> None:
    """Raise CatalogueHeld while the catalogue is held."""
    row = await session.get(CatalogueHoldRow, 1, populate_existing=True)
    if row is not None:
        raise CatalogueHeld(why=row.why)


async def set_hold(session: Session, actor: Actor, why: str, *, ledger: Ledger, clock: Clock) -> bool:
    """Hold the catalogue, saying why, or release it (""); say whether that changed anything."""
    actor.require("org:programme:read")
    if why:
        held = insert(CatalogueHoldRow).values(id=1, why=why, since=clock.now()).on_conflict_do_nothing()
        changed = await session.scalar(held.returning(CatalogueHoldRow.id)) is not None
    else:
        freed = delete(CatalogueHoldRow).where(CatalogueHoldRow.id == 1)
        changed = await session.scalar(freed.returning(CatalogueHoldRow.id)) is not None
    if changed:
        verb = "catalogue.held" if why else "catalogue.released"
        await ledger.record(session, Event(verb, actor.id, subject="catalogue", data={"why": why}))
    return changed
