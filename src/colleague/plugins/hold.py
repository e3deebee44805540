"""Hold the catalogue: nothing new is approved for others while the programme says so (PH-8)."""

from datetime import datetime

from sqlalchemy import or_
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


async def check_hold(session: Session, *, clock: Clock) -> None:
    """Raise CatalogueHeld from the instant on from which the catalogue is held."""
    row = await session.get(CatalogueHoldRow, 1, populate_existing=True)
    if row is not None and clock.now() >= row.since:
        raise CatalogueHeld(why=row.why)


async def set_hold(
    session: Session, actor: Actor, why: str, *, since: datetime, ledger: Ledger, clock: Clock
) -> bool:  # fmt: skip
    """Hold the catalogue from an instant on that may lie ahead, saying why; say whether that changed anything."""
    actor.require("org:programme:read")
    row = insert(CatalogueHoldRow).values(id=1, why=why, since=since)
    row = row.on_conflict_do_update(
        index_elements=["id"], set_={"why": why, "since": since},
        where=or_(CatalogueHoldRow.why != why, CatalogueHoldRow.since != since),
    )  # fmt: skip
    changed = await session.scalar(row.returning(CatalogueHoldRow.id)) is not None
    if changed:
        facts = {"why": why, "since": since.isoformat()}
        verb = "catalogue.held" if since <= clock.now() else "catalogue.released"
        await ledger.record(session, Event(verb, actor.id, subject="catalogue", data=facts))
    return changed
