"""Review what is in use: who answers for it, and that somebody else looked at exactly this version (PL-7)."""

from sqlalchemy.dialects.postgresql import insert

from colleague.adoption.items import settle_item
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.rollout.catalogue.collect import catalogue
from colleague.rollout.catalogue.model import Entry
from colleague.rollout.catalogue.tables import CatalogueRow
from colleague.rollout.catalogue.watch import key_of
from colleague.usecases.around import Reach


class NotInUse(NotFound):
    """Nothing of this name is in use: the catalogue lists what is."""


class NobodyAnswers(Invalid):
    """Name an active person, by mail address, who answers for it."""


class OwnersOwn(Forbidden):
    """Who answers for it does not review it: somebody else does."""


class ChangedMeanwhile(Conflict):
    """It is another version than the one you were shown: look again."""


async def see_catalogue(
    session: Session, actor: Actor, *, registry: Registry, reach: Reach, clock: Clock
) -> list[Entry]:  # fmt: skip
    """Return the catalogue to whoever sees connectors, tasks or the programme. Raises PermissionMissing."""
    if not any(actor.may(one) for one in ("org:connectors:read", "org:skills:manage")):
        actor.require("org:programme:read")
    return await catalogue(session, reach=reach, registry=registry, clock=clock)


async def review_entry(
    session: Session, actor: Actor, kind: str, name: str, *, version: str, owner: str, reach: Reach,
    ledger: Ledger, clock: Clock,
) -> None:  # fmt: skip
    """Put on record that the actor reviewed a skill or connector as it is now, and who (a mail address) answers for it.

    Raises NotInUse, NobodyAnswers, OwnersOwn, ChangedMeanwhile, PermissionMissing.
    """
    actor.require("org:skills:manage" if kind == "skill" else "org:connectors:manage")
    found = await catalogue(session, reach=reach, clock=clock)
    entry = next((one for one in found if (one.kind, one.name) == (kind, name)), None)
    if entry is None:
        raise NotInUse
    if entry.version != version:
        raise ChangedMeanwhile
    person = await find_by_email(session, owner.strip()[:320])
    if person is None or not person.active:
        raise NobodyAnswers
    if person.id == actor.id:
        raise OwnersOwn
    values = {"version": version, "owner_id": person.id, "reviewed_by": actor.id, "reviewed_at": clock.now()}
    row = insert(CatalogueRow).values(kind=kind, name=name, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["kind", "name"], set_=values))
    facts = {"kind": kind, "name": name, "version": version, "owner": person.id}
    await ledger.record(session, Event("catalogue.reviewed", actor.id, subject=f"{kind}:{name}", data=facts))
    await settle_item(session, actor, key_of(kind, name), "it was reviewed", ledger=ledger, clock=clock)
