"""Whose address is this, and where is this person reached? Only what was proven, and still holds, is found."""

from typing import cast

from sqlalchemy import select

from colleague.channels.addresses.model import BadAddress, Bound, Kind, spell
from colleague.channels.addresses.tables import AddressRow
from colleague.identity.directory import get_person
from colleague.kit.db import Session


async def find_bound(session: Session, kind: str, address: str) -> Bound | None:
    """Return whose verified address this is; None for an unknown one, a person who is not active, or changed mail.

    What ended the binding a moment ago counts at once, before anybody has written it down (ID-3).
    """
    try:
        address = spell(kind, address)
    except BadAddress:
        return None
    mine = (AddressRow.kind == kind, AddressRow.address == address, AddressRow.state == "verified")
    row = await session.scalar(select(AddressRow).where(*mine))
    return await _holding(session, row)


async def bound_of(session: Session, person_id: str, kind: str) -> Bound | None:
    """Return the address of `kind` that a person proved last and that still holds; None if there is none."""
    mine = (AddressRow.person_id == person_id, AddressRow.kind == kind, AddressRow.state == "verified")
    row = await session.scalar(select(AddressRow).where(*mine).order_by(AddressRow.verified_at.desc()).limit(1))
    return await _holding(session, row)


async def _holding(session: Session, row: AddressRow | None) -> Bound | None:
    """Return the row as a value if its person is active and, for mail, still has this address."""
    if row is None or row.verified_at is None:
        return None
    person = await get_person(session, row.person_id)
    if not person.active or (row.kind == "email" and person.email != row.address):
        return None
    return Bound(row.id, row.person_id, cast(Kind, row.kind), row.address, row.verified_at)
