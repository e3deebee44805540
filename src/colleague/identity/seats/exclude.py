"""Leave test users and service accounts out of the numbers of the programme (B-0). They keep their seat."""

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.seats.hold import holds_seat
from colleague.identity.tables import PersonRow
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import is_id
from colleague.kit.seen import says

LONGEST = 200


class WhyExcluded(Invalid):
    """Say why the numbers leave this person out, as «test user» or «service account», in at most 200 characters."""


class NobodyToExclude(NotFound):
    """There is no such person."""


async def set_excluded(
    session: Session, actor: Actor, person_id: str, *, excluded: bool, why: str = "", ledger: Ledger
) -> None:
    """Leave a person out of seats, actions and runs of adoption from now on, for a reason, or let them count again.

    What was counted before stays. They may do what they may, and their seat is taken. Twice is the same; another reason
    takes the place of the one before. Raises WhyExcluded, NobodyToExclude.
    """
    actor.require("org:people:manage")
    why = " ".join(why.split()) if excluded else ""
    if excluded and not (says(why) and len(why) <= LONGEST and why.isprintable()):
        raise WhyExcluded
    query = select(PersonRow).where(PersonRow.id == person_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True)) if is_id(person_id) else None
    if row is None:
        raise NobodyToExclude
    if row.excluded_why == why:
        return
    row.excluded_why = why
    facts = {"seat": await holds_seat(session, row)}
    verb, personal = ("person.excluded", {"reason": why}) if excluded else ("person.included", {})
    event = Event(verb, actor.id, subject=person_id, person=person_id, data=facts, personal=personal)
    await ledger.record(session, event)
