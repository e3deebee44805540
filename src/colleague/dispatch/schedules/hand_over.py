"""A schedule goes to another owner, who accepts it: it runs with their rights then, and only once they let it.

Its owner offers it; where the owner is not active any more, somebody who manages Dispatch does.
"""

from colleague.audit.event import Event
from colleague.dispatch.schedules.envelopes.give import end_envelopes
from colleague.dispatch.schedules.make import NotInThisState, NotYourSchedule, own_row, set_state
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.store import visible_row
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email, is_active
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid


class NoSuchHeir(Invalid):
    """Nobody with this mail address is active here who does not own it already."""


class NotOffered(Conflict):
    """This schedule is not offered to you."""


async def offer(session: Session, actor: Actor, schedule: str, email: str, *, parts: Scheduling) -> None:
    """Offer it to a colleague, who is told. Raises NotYourSchedule, NoSuchHeir, NotInThisState."""
    row = await own_row(session, actor, schedule, manager=True)
    if row.owner_id != actor.id and await is_active(session, row.owner_id):
        raise NotYourSchedule
    if row.state == "ended":
        raise NotInThisState(state=row.state)
    heir = await find_by_email(session, email[:320])
    if heir is None or not heir.active or heir.id == row.owner_id:
        raise NoSuchHeir
    row.offered_to = heir.id
    await parts.ledger.record(session, Event("schedule.offered", actor.id, subject=row.id, data={"to": heir.id}))
    text = f"{actor.name} offers you «{row.name}». Accept it to own it; it runs only once you switch it on."
    await parts.tell(session, heir.id, "A schedule is offered to you", text, f"/dispatch/schedules/{row.id}")


async def accept(session: Session, actor: Actor, schedule: str, *, parts: Scheduling) -> None:
    """Own it from now on. It is paused until its new owner lets it go on; what was agreed to beforehand has ended.

    Raises NotOffered.
    """
    actor.require("own:dispatch:use")
    row = await visible_row(session, actor, schedule, lock=True)
    if row.offered_to != actor.id or row.state == "ended":
        raise NotOffered
    before, row.owner_id, row.offered_to = row.owner_id, actor.id, None
    row.revision += 1
    await end_envelopes(session, actor.id, row.id, "It has another owner.", ledger=parts.ledger, clock=parts.clock)
    facts = {"from": before, "to": actor.id}
    await parts.ledger.record(session, Event("schedule.handed_over", actor.id, subject=row.id, data=facts))
    await set_state(session, row, "paused", actor.id, "It has a new owner, who has not let it go on yet.", parts=parts)
    if await is_active(session, before):
        await parts.tell(session, before, "A schedule has a new owner", f"{actor.name} owns «{row.name}» now.", "")


async def decline(session: Session, actor: Actor, schedule: str, *, parts: Scheduling) -> None:
    """Decline an offer, or take back one's own. Raises NotOffered."""
    row = await visible_row(session, actor, schedule, lock=True)
    if row.offered_to is None or not (actor.id in (row.offered_to, row.owner_id) or actor.may("org:dispatch:manage")):
        raise NotOffered
    row.offered_to = None
    await parts.ledger.record(session, Event("schedule.offer_declined", actor.id, subject=row.id))
