"""Say what came of asking somebody: once, by the champion who was asked, nobody twice in 14 days (CH-4)."""

from sqlalchemy import select, text

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import is_active, manager_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id
from colleague.rollout.champions.model import APART, OUTCOMES
from colleague.rollout.champions.store import is_champion
from colleague.rollout.champions.tables import ContactRow


class NotOnYourList(NotFound):
    """This is not on your list."""


class AlreadySaid(Conflict):
    """What came of it was said already."""


class ContactedLately(Conflict):
    """Somebody asked them less than 14 days ago. Leave them in peace."""


class HasLeft(Conflict):
    """They have left, or lost their seat. There is nothing to do."""


class BadOutcome(Invalid):
    """Say what came of it: {known}."""


async def record_contact(
    session: Session, actor: Actor, contact: str, outcome: str, *, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Keep what came of a contact. The ledger says that one was made, not with whom.

    Raises AlreadySaid, BadOutcome, ContactedLately, HasLeft, NotOnYourList, PermissionMissing.
    """
    actor.require("own:tasks:use")
    if outcome not in OUTCOMES:
        raise BadOutcome(known=", ".join(OUTCOMES))
    row = await session.get(ContactRow, contact) if is_id(contact) else None
    if row is None or row.champion_id != actor.id or not await is_champion(session, actor.id):
        raise NotOnYourList
    if await manager_of(session, row.person_id) == actor.id:
        # Who has become their manager since is no longer the one to ask (B-12).
        raise NotOnYourList
    # Whatever is written about one person, one after the other.
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:person, 727_099))")
    await session.execute(lock, {"person": row.person_id})
    row = await session.get_one(ContactRow, contact, with_for_update=True, populate_existing=True)
    if row.state != "waiting" or row.champion_id != actor.id:
        raise AlreadySaid
    if not await is_active(session, row.person_id):
        raise HasLeft
    lately = select(ContactRow.id).where(
        ContactRow.person_id == row.person_id, ContactRow.contacted_at > clock.now() - APART
    )
    if await session.scalar(lately.limit(1)) is not None:
        raise ContactedLately
    row.state, row.outcome, row.contacted_at = "done", outcome, clock.now()
    await ledger.record(session, Event("contact.closed", actor.id, subject=row.id, data={"outcome": outcome}))
