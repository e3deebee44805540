"""What is left of a person who is erased: the same opaque id, under which nobody is named and nobody comes back.

INVARIANT: nothing here or at an identity provider makes such a record a person again; the same address is a new one.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, select, update

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.people import NoSuchPerson, PersonErased, active_owners
from colleague.identity.tables import (
    GroupMemberRow,
    LinkRow,
    PasskeyRow,
    PersonRow,
    ProvisionedRow,
    RoleRow,
    SignInRow,
    SsoFlowRow,
    SsoLinkRow,
    TokenRow,
)
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict
from colleague.kit.ids import is_id

NAME: Final = "Erased person"
_SAYS: Final = ("emails", "phoneNumbers", "ims")


class StillActive(Conflict):
    """This person is active: deactivate them first, at your identity provider if they come from there."""


class NobodyOwns(Conflict):
    """This is the last owner: make somebody else an owner first."""


@dataclass(frozen=True, slots=True)
class Known:
    """By which words a person is named: `name`, and addresses and numbers that are theirs alone."""

    name: str
    marks: tuple[str, ...]


async def closed_record(session: Session, person_id: str, *, lock: bool = False) -> PersonRow:
    """Return the record of somebody who is not active and not erased; `lock`: nobody lets them in meanwhile.

    Raises NoSuchPerson, PersonErased, StillActive, NobodyOwns.
    """
    row = None
    if is_id(person_id):
        row = await session.get(PersonRow, person_id, populate_existing=True, with_for_update=lock or None)
    if row is None:
        raise NoSuchPerson
    if row.erased_at is not None:
        raise PersonErased
    if row.active or row.waiting_since is not None:
        raise StillActive
    if not await active_owners(session):
        raise NobodyOwns
    return row


async def known_by(session: Session, person_id: str) -> Known:
    """Return by which words a person is named here and at their identity provider. Raises NoSuchPerson."""
    row = await session.get(PersonRow, person_id) if is_id(person_id) else None
    if row is None:
        raise NoSuchPerson
    described = await session.get(ProvisionedRow, person_id)
    marks = {row.email}
    if described is not None and described.gone_at is None:
        marks |= {described.user_name, described.external_id or ""}
        for member in _SAYS:
            marks |= {str(one.get("value") or "") for one in described.body.get(member) or [] if isinstance(one, dict)}
    marks |= set(await session.scalars(select(SsoLinkRow.subject).where(SsoLinkRow.person_id == person_id)))
    # What is short or common is no mark of one person.
    return Known(row.name, tuple(sorted(mark for mark in marks if len(mark) >= 6)))


async def is_shared(session: Session, name: str, but: str) -> bool:
    """Say whether somebody else here is called `name` too."""
    query = select(PersonRow.id).where(PersonRow.name == name, PersonRow.id != but)
    return bool(await session.scalar(query.limit(1)))


async def bury(session: Session, actor: Actor, person_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Take name, address and access out of a person's record and destroy the key of their fields in the ledger.

    The caller holds the record (`closed_record`) and puts on record why. Teams stay, as numbers are told by them.
    """
    actor.require("org:people:erase")
    row = await session.get_one(PersonRow, person_id)
    described = await session.get(ProvisionedRow, person_id)
    if described is not None:
        named = [row.email, described.user_name, *filter(None, [described.external_id])]
        others: Any = update(ProvisionedRow).where(ProvisionedRow.manager_ref.in_(named))
        await session.execute(others.values(manager_ref=None))
    for table in (SignInRow, LinkRow, TokenRow, PasskeyRow, SsoLinkRow, SsoFlowRow, RoleRow, GroupMemberRow):
        await session.execute(delete(table).where(table.person_id == person_id))
    await session.execute(delete(ProvisionedRow).where(ProvisionedRow.person_id == person_id))
    row.name, row.email, row.password = NAME, f"{person_id}@erased.invalid", None
    row.department, row.manager_id, row.waiting_since = "", None, None
    row.excluded_why = "erased" if row.excluded_why else ""
    row.erased_at = clock.now()
    await session.flush()
    await ledger.erase(session, actor.id, person_id)
