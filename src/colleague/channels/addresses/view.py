"""Addresses as their person sees them, and as administrators do: enough to know one again, not to write to it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from colleague.channels.addresses.end import why_not
from colleague.channels.addresses.model import TITLES, hidden
from colleague.channels.addresses.tables import AddressRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Seen:
    """An address in words. `address` is whole for its person and shortened for others; `state` as it is now."""

    id: str
    person_id: str
    person: str
    kind: str
    title: str
    address: str = field(repr=False)
    state: str
    why: str
    begun_at: datetime
    verified_at: datetime | None
    ended_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """Return it for a program."""
        times = {"begun_at": self.begun_at, "verified_at": self.verified_at, "ended_at": self.ended_at}
        return {
            "id": self.id, "person": {"id": self.person_id, "name": self.person}, "kind": self.kind,
            "address": self.address, "state": self.state, "why": self.why,
            **{name: at.isoformat() if at else None for name, at in times.items()},
        }  # fmt: skip


async def own_addresses(session: Session, actor: Actor, *, clock: Clock) -> list[Seen]:
    """Return the actor's own addresses: those that hold or wait, then the twenty that ended last."""
    query = select(AddressRow).where(AddressRow.person_id == actor.id).order_by(AddressRow.begun_at.desc()).limit(60)
    seen = [await _seen(session, row, actor.name, clock, whole=True) for row in await session.scalars(query)]
    open_ = [s for s in seen if s.state in ("verified", "pending")]
    return open_ + [s for s in seen if s not in open_][:20]


async def list_addresses(session: Session, actor: Actor, *, clock: Clock, limit: int = 500) -> list[Seen]:
    """Return everybody's addresses that hold, or were broken or revoked, newest first. Needs org:dispatch:read."""
    actor.require("org:dispatch:read")
    query = select(AddressRow).where(AddressRow.verified_at.is_not(None)).order_by(AddressRow.verified_at.desc())
    rows = (await session.scalars(query.limit(limit))).all()
    names = await names_of(session, {row.person_id for row in rows})
    return [await _seen(session, row, names.get(row.person_id, ""), clock, whole=False) for row in rows]


async def _seen(session: Session, row: AddressRow, name: str, clock: Clock, *, whole: bool) -> Seen:
    state, why = row.state, row.why
    if state == "verified" and (reason := await why_not(session, row)):
        state, why = "broken", reason
    if state == "pending" and clock.now() >= row.expires_at:
        state, why = "revoked", "The code was not used in time."
    shown = row.address if whole else hidden(row.kind, row.address)
    return Seen(
        row.id, row.person_id, name, row.kind, TITLES.get(row.kind, row.kind), shown, state, why, row.begun_at,
        row.verified_at, row.ended_at,
    )  # fmt: skip
