"""Seats: nobody is active beyond what the phase allows; who comes too early waits, visibly (R80, PH-1).

An active person holds a seat. How many there may be is set by the programme alone; before it began they are those of a
pilot (MI-1).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.roles import permissions_held
from colleague.identity.seats.chosen import check_chosen, criteria_asked, unchosen
from colleague.identity.seats.reason import check_reason, keep_reason, may_give, reasons_missing
from colleague.identity.tables import LocalRouteRow, PersonRow, RoleRow, SeatChoiceRow, SeatLimitRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden
from colleague.kit.ids import is_id

PILOT: Final = 40
_SEATS: Final = 727_016
_SEALED: Final = select(LocalRouteRow.break_glass_id).where(
    LocalRouteRow.passwords_off, LocalRouteRow.break_glass_id.is_not(None)
)  # fmt: skip


class NoSeat(Conflict):
    """All {most} seats of {words} are taken. More come with the next phase, once its gate is passed (Programme)."""


class WaitsForSeat(Conflict):
    """Known here, and waiting for a seat: {words} has {most}. Nothing is wrong with the account; who leads the
    programme gives seats.{criteria}"""


class NotWaiting(Conflict):
    """This person does not wait for a seat."""


class AboveYourself(Forbidden):
    """This person may do more than you: their seat is given and taken by somebody who may do as much."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many seats there may be (`most`; None: any number), in which phase (`words`); `by_hand`: each is given.

    `sponsor` (a person's id): whose reason is needed for people whom the pilot is warned of; "" after it. `criteria`:
    whether a seat is for who was chosen on the three criteria: while the pilot runs (PP-2).
    """

    most: int | None = PILOT
    words: str = "the pilot"
    by_hand: bool = False
    sponsor: str = ""
    criteria: bool = False


async def current_limit(session: Session) -> Limit:
    """Return the limit in force; that of a pilot where the programme set none."""
    row = await session.get(SeatLimitRow, 1, populate_existing=True)
    return Limit(row.most, row.words, row.by_hand, row.sponsor_id or "", row.criteria) if row else Limit()


async def seats_held(session: Session) -> int:
    """Return how many people are active. The sealed account is nobody's and holds none (ID-5)."""
    query = select(func.count()).select_from(PersonRow).where(PersonRow.active)
    return await session.scalar(query.where(PersonRow.id.not_in(_SEALED))) or 0


async def holds_seat(session: Session, row: PersonRow) -> bool:
    """Say whether a person holds a seat: the sealed account is active without one (ID-5)."""
    return row.active and row.id != await session.scalar(_SEALED)


async def seats_by_choice(session: Session) -> dict[str, int]:
    """Return how many seats are held by people who were chosen, who are there by an exception, and by neither: those
    held one from before the pilot began, or are chosen no more."""
    query = select(PersonRow.id, SeatChoiceRow.how).outerjoin(SeatChoiceRow, SeatChoiceRow.person_id == PersonRow.id)
    found = {"chosen": 0, "exception": 0, "neither": 0}
    for _, how in await session.execute(query.where(PersonRow.active, PersonRow.id.not_in(_SEALED))):
        found[how or "neither"] += 1
    return found


async def set_limit(session: Session, actor: Actor, limit: Limit, *, ledger: Ledger, clock: Clock) -> None:
    """Set how many seats there may be: called by the programme's own deeds. Nobody loses a seat by it."""
    actor.require("org:programme:manage")
    await advisory_lock(session, _SEATS)
    values = {
        "most": limit.most, "words": limit.words, "by_hand": limit.by_hand, "set_by": actor.id, "set_at": clock.now(),
        "sponsor_id": limit.sponsor or None, "criteria": limit.criteria,
    }  # fmt: skip
    row = insert(SeatLimitRow).values(id=1, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
    facts = {"most": limit.most, "words": limit.words, "by_hand": limit.by_hand, "criteria": limit.criteria}
    await ledger.record(session, Event("seats.limited", actor.id, subject="seats", data=facts))


async def seat(
    session: Session, actor: Actor, row: PersonRow, *, wait: bool, given: bool = False, ledger: Ledger, clock: Clock
) -> None:
    """Make a person active if there is a seat for them. Two who race for the last one: one gets it.

    `wait`: without one they wait, else NoSeat is raised. `given`: somebody chose this very person, so a programme that
    gives seats by hand does not let them wait. Whom the pilot is warned of waits, too, or SponsorReasonNeeded is
    raised, until the sponsor's reason is written down; and while it runs whom nobody chose, or NotChosen is raised.
    """
    await advisory_lock(session, _SEATS)
    if row.active:
        return
    if row.id == await session.scalar(_SEALED):
        row.active, row.waiting_since = True, None
        return
    limit = await current_limit(session)
    full = limit.most is not None and await seats_held(session) >= limit.most
    if full and not wait:
        raise NoSeat(most=limit.most, words=limit.words)
    if not wait:
        await check_chosen(session, row)
        await check_reason(session, row)
    waits = (limit.by_hand and not given) or await unchosen(session, [row.id]) or await reasons_missing(session, [row])
    if full or (wait and waits):
        if row.waiting_since is None:
            row.waiting_since = clock.now()
            await ledger.record(session, Event("seat.waiting", actor.id, subject=row.id, person=row.id))
        return
    row.active, row.waiting_since = True, None
    await session.flush()
    await ledger.record(session, Event("seat.given", actor.id, subject=row.id, person=row.id))


async def waits_when_added(session: Session) -> bool:
    """Say whether somebody who is added now waits, although whoever adds them gives seats: while the pilot runs they
    are known here first, so that they can be chosen (PP-2). Raises NoSeat where all seats are taken."""
    if not await criteria_asked(session):
        return False
    limit = await current_limit(session)
    if limit.most is not None and await seats_held(session) >= limit.most:
        raise NoSeat(most=limit.most, words=limit.words)
    return True


async def check_not_above(session: Session, actor: Actor, person: str) -> None:
    """Raise AboveYourself unless the actor's roles may do whatever those of `person` may: who leads the programme
    neither locks an administrator out nor lets one in.
    """
    roles = frozenset(await session.scalars(select(RoleRow.role).where(RoleRow.person_id == person)))
    mine = actor.permissions | await permissions_held(session, actor.roles)
    if not await permissions_held(session, roles) <= mine:
        raise AboveYourself


async def give_seats(
    session: Session, actor: Actor, people: Collection[str], *, reason: str = "", ledger: Ledger, clock: Clock
) -> int:  # fmt: skip
    """Give seats to people who wait for one, all of them or none; return how many. `reason`: the sponsor's, for those
    of them whom the pilot is warned of.

    Raises AboveYourself, BadReason, NoSeat, NotChosen, NotWaiting, SponsorReasonNeeded.
    """
    if not may_give(actor):
        actor.require("org:people:manage")
    rows = []
    for person in sorted(set(people)):
        row = None
        if is_id(person):
            row = await session.get(PersonRow, person, with_for_update=True, populate_existing=True)
        if row is None or row.waiting_since is None:
            raise NotWaiting
        await check_not_above(session, actor, row.id)
        rows.append(row)
    for person in await reasons_missing(session, rows) if reason else ():
        await keep_reason(session, actor, person, reason, ledger=ledger, clock=clock)
    # Every row before the lock of the seats: two who give to the same people never wait for each other both ways.
    for row in rows:
        await seat(session, actor, row, wait=False, given=True, ledger=ledger, clock=clock)
    return len(rows)


async def refusal_of(session: Session, person_id: str) -> WaitsForSeat | None:
    """Return what somebody who waits is told when they come; None for everybody else."""
    waits = select(PersonRow.waiting_since).where(PersonRow.id == person_id)
    if not is_id(person_id) or await session.scalar(waits) is None:
        return None
    limit = await current_limit(session)
    asked = await unchosen(session, [person_id])
    return WaitsForSeat(
        most=limit.most if limit.most is not None else "no limit of seats", words=limit.words,
        criteria=" While the pilot runs, they are for people who were chosen for it one by one." if asked else "",
    )  # fmt: skip
