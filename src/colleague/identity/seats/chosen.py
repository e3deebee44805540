"""Who was chosen for the pilot: while it runs, nobody gets a seat in it whom nobody chose on the three criteria, or let
in by an exception that a second person confirmed (PP-2).

The programme's own deeds write down who was chosen; the seats only look.
"""

from collections.abc import Collection
from typing import Final, Literal

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.tables import PersonRow, SeatChoiceRow, SeatLimitRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict
from colleague.kit.queue import Job, enqueue

How = Literal["chosen", "exception"]
TELL_LOST: Final = "seats.tell_of_lost_choice"


class NotChosen(Conflict):
    """The pilot runs, and nobody chose {name} for it. Propose them as a candidate, say yes with evidence to the three
    criteria and choose them (Programme, Cohorts); or propose an exception on their page (People), which the
    sponsor confirms."""


async def keep_choice(
    session: Session, actor: Actor, person: str, how: How, *, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Write down that somebody may hold a seat in the pilot: called by who chooses, and by a confirmed exception. An
    exception stays one until they are chosen; who was chosen does not become one."""
    actor.require("org:programme:manage")
    who = await session.get_one(PersonRow, person)
    values = {"how": how, "by": actor.id, "at": clock.now(), "name": who.name, "email": who.email}
    row = insert(SeatChoiceRow).values(person_id=person, **values)
    if how == "exception":
        row = row.on_conflict_do_nothing()
    else:
        row = row.on_conflict_do_update(index_elements=["person_id"], set_=values)
    if await session.scalar(row.returning(SeatChoiceRow.person_id)):
        await ledger.record(session, Event("seat.allowed", actor.id, subject=person, person=person, data={"how": how}))


async def drop_choice(session: Session, actor: Actor, person: str, *, ledger: Ledger) -> None:
    """Take back that somebody was chosen: they keep a seat they hold, which is shown, and get no other. An exception
    stays."""
    actor.require("org:programme:manage")
    gone = delete(SeatChoiceRow).where(SeatChoiceRow.person_id == person, SeatChoiceRow.how == "chosen")
    if await session.scalar(gone.returning(SeatChoiceRow.person_id)):
        await ledger.record(session, Event("seat.not_allowed", actor.id, subject=person, person=person))


async def another_person(session: Session, actor: Actor, row: PersonRow, *, ledger: Ledger) -> None:
    """End that somebody was chosen, or excepted, where neither name nor address is any more what it was then, while the
    pilot runs: their identity provider may have given the account to somebody else. The seat stays and is counted
    apart until they are chosen anew; the lead is told. Called by provisioning.

    What they were then is not brought up to date when one of both changes. Otherwise an account could be given to
    another person in two steps, the name first and the address a day later, and stay chosen; a pause between the two
    would only ask for patience. So a marriage in March and a new domain in April add up, and the lead, who knows the
    person, chooses them anew: a needless question rather than a seat for somebody whom nobody looked at."""
    kept = await session.get(SeatChoiceRow, row.id, with_for_update=True, populate_existing=True)
    if kept is None or row.name == kept.name or row.email == kept.email or not await criteria_asked(session):
        return
    await session.delete(kept)
    await session.flush()
    await ledger.record(session, Event("seat.not_allowed", actor.id, subject=row.id, person=row.id))
    await enqueue(session, Job(TELL_LOST, {"person": row.id}, key=f"{TELL_LOST}:{row.id}"))


async def criteria_asked(session: Session) -> bool:
    """Say whether seats are for people who were chosen: while the pilot runs."""
    row = await session.get(SeatLimitRow, 1, populate_existing=True)
    return row is not None and row.criteria


async def unchosen(session: Session, people: Collection[str]) -> frozenset[str]:
    """Return whom of `people` (ids) nobody chose; nobody before the pilot began, and after it."""
    if not people or not await criteria_asked(session):
        return frozenset()
    query = select(SeatChoiceRow.person_id).where(SeatChoiceRow.person_id.in_(sorted(set(people))))
    return frozenset(people) - frozenset(await session.scalars(query))


async def still_unchosen(session: Session, people: Collection[str]) -> list[str]:
    """Return whom of `people` (ids) an exception would still help, locked: nobody chose them, and they are active or
    wait for a seat."""
    here = select(PersonRow.id).where(PersonRow.id.in_(sorted(await unchosen(session, people))))
    here = here.where(PersonRow.active | PersonRow.waiting_since.is_not(None))
    return list(await session.scalars(here.order_by(PersonRow.id).with_for_update()))


async def check_chosen(session: Session, row: PersonRow) -> None:
    """Raise NotChosen where the pilot runs and nobody chose this person."""
    if await unchosen(session, [row.id]):
        raise NotChosen(name=row.name)
