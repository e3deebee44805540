"""An address is a person's no more: revoked by them, ended for a lost phone, broken by what happened to it."""

from collections.abc import Iterable

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.addresses.model import BadAddress, spell
from colleague.channels.addresses.tables import AddressRow
from colleague.channels.push.subscribe import forget_devices
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.identity.sessions import close_others
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id

LEFT, MAIL_CHANGED = "The person is no longer active.", "The person's mail address is another one now."
OPEN = ("pending", "verified")
VERBS = {"revoked": "address.revoked", "broken": "address.broken"}


class AddressNotFound(NotFound):
    """There is no such address, or it is not yours to end."""


async def revoke(session: Session, actor: Actor, address_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """End a binding: one's own, or anybody's with org:dispatch:manage. Ended ones stay ended. AddressNotFound."""
    row = await session.get(AddressRow, address_id, with_for_update=True) if is_id(address_id) else None
    if row is None or (row.person_id != actor.id and not actor.may("org:dispatch:manage")):
        raise AddressNotFound
    who = "Ended by its person." if row.person_id == actor.id else "Ended by an administrator."
    await _end([row], "revoked", who, actor.id, session, ledger, clock)


async def lose_phone(
    session: Session, actor: Actor, person_id: str, *, keep: str = "", ledger: Ledger, clock: Clock
) -> tuple[int, int]:
    """End every address, every device that is told and every session of a person; return how many addresses, devices.

    One's own, or anybody's with org:dispatch:manage. The session of the cookie `keep` stays: that of the browser at
    which it is said. Nothing is sent there, nothing is heard from there, from this transaction on.
    """
    if person_id != actor.id:
        actor.require("org:dispatch:manage")
    await get_person(session, person_id)
    query = select(AddressRow).where(AddressRow.person_id == person_id, AddressRow.state.in_(OPEN))
    rows = (await session.scalars(query.with_for_update())).all()
    await _end(rows, "revoked", "The phone was lost.", actor.id, session, ledger, clock)
    devices = await forget_devices(session, person_id)
    await close_others(session, person_id, keep=keep if person_id == actor.id else "")
    facts = {"addresses": len(rows), "devices": devices}
    await ledger.record(session, Event("phone.lost", actor.id, subject=person_id, person=person_id, data=facts))
    return len(rows), devices


async def break_address(
    session: Session, kind: str, address: str, reason: str, *, ledger: Ledger, clock: Clock
) -> bool:  # fmt: skip
    """End whoever's binding of an address because of what happened to it (another SIM, another account).

    Says whether there was one. What is broken is bound anew by a new handshake only.
    """
    try:
        address = spell(kind, address)
    except BadAddress:
        return False
    query = select(AddressRow).where(
        AddressRow.kind == kind, AddressRow.address == address, AddressRow.state == "verified"
    )
    rows = (await session.scalars(query.with_for_update())).all()
    await _end(rows, "broken", reason, "system", session, ledger, clock)
    return bool(rows)


async def break_all(session: Session, person_id: str, reason: str, *, ledger: Ledger, clock: Clock) -> int:
    """Break every address of a person who has left, and let go of their devices; return how many addresses."""
    query = select(AddressRow).where(AddressRow.person_id == person_id, AddressRow.state.in_(OPEN))
    rows = (await session.scalars(query.with_for_update())).all()
    await _end(rows, "broken", reason, "system", session, ledger, clock)
    await forget_devices(session, person_id)
    return len(rows)


async def end_stale(session: Session, kind: str, address: str, *, ledger: Ledger, clock: Clock) -> None:
    """Break a binding that holds no more although nobody has said so yet: its person left, or has other mail now."""
    query = select(AddressRow).where(
        AddressRow.kind == kind, AddressRow.address == address, AddressRow.state == "verified"
    )
    for row in await session.scalars(query.with_for_update()):
        reason = await why_not(session, row)
        if reason:
            await _end([row], "broken", reason, "system", session, ledger, clock)


async def why_not(session: Session, row: AddressRow) -> str:
    """Return why a verified binding holds no more; "" if it does."""
    person = await get_person(session, row.person_id)
    if not person.active:
        return LEFT
    return MAIL_CHANGED if row.kind == "email" and person.email != row.address else ""


async def _end(
    rows: Iterable[AddressRow], state: str, reason: str, by: str, session: Session, ledger: Ledger, clock: Clock
) -> None:
    for row in rows:
        if row.state not in OPEN:
            continue
        row.state, row.code, row.ended_at, row.why = state, None, clock.now(), reason[:500]
        event = Event(
            VERBS[state], by, subject=row.id, person=row.person_id, data={"kind": row.kind, "why": reason[:500]},
            personal={"address": row.address},
        )  # fmt: skip
        await ledger.record(session, event)
    await session.flush()
