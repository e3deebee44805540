"""The support model: written in versions, confirmed by somebody else than who wrote it. Evidence for gate 3 (PH-7)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email, names_of, who_may
from colleague.kit.canonical import digest
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.kit.ids import is_id
from colleague.support.model import CHANNELS, MOST_HOURS, SupportModel
from colleague.support.tables import SupportModelRow
from colleague.usecases.around import one_line

MANAGE, LOCK = "org:support:manage", 727_097
_CHANNELS = tuple(name for name in CHANNELS if name != "import")
_OTHER = re.compile(r"[^\s,;|][^,;|]{1,59}")


class BadSupportModel(Invalid):
    """This support model cannot be kept: {why}."""


class SupportModelChanged(Conflict):
    """The support model was changed meanwhile: look at version {version}."""


class ConfirmedByAnother(Forbidden):
    """A support model is confirmed by somebody else than who wrote it."""


class OwnerGone(Conflict):
    """{name} can no longer answer tickets. Name somebody who can, then confirm it."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the support model: who wrote it, and who confirmed it if anybody did. `owner_name` for pages."""

    version: int
    card: SupportModel
    by: str
    at: datetime
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    owner_name: str = ""
    confirmed_name: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the version as JSON."""
        return {
            "version": self.version, **self.card.to_json(), "owner_name": self.owner_name, "by": self.by,
            "at": self.at.isoformat(), "confirmed_by": self.confirmed_by, "confirmed_name": self.confirmed_name,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else None,
        }  # fmt: skip


async def write_support_model(
    session: Session, actor: Actor, card: SupportModel, *, after: int, ledger: Ledger, clock: Clock
) -> Version:  # fmt: skip
    """Write the next version of the support model, made from version `after` (0: the first); it waits to be confirmed.

    `card.owner` is a person's id or mail address: somebody who may answer tickets.
    Raises BadSupportModel, BadText, SupportModelChanged, PermissionMissing.
    """
    actor.require(MANAGE)
    card = await _checked(session, card)
    await advisory_lock(session, LOCK)
    newest = await session.scalar(select(func.max(SupportModelRow.version))) or 0
    if newest != after:
        raise SupportModelChanged(version=newest)
    row = SupportModelRow(version=newest + 1, card=card.to_json(), by=actor.id, at=clock.now())
    session.add(row)
    await session.flush()
    facts = {"version": row.version, "owner": card.owner, "champion_hours": card.champion_hours,
             "everybody_hours": card.everybody_hours, "card": digest(row.card)}  # fmt: skip
    await ledger.record(session, Event("support_model.written", actor.id, subject=str(row.version), data=facts))
    return _value(row)


async def confirm_support_model(
    session: Session, actor: Actor, version: int, *, ledger: Ledger, clock: Clock
) -> Version:
    """Confirm the newest version, the one that was looked at: from now on its times are promised.

    Raises ConfirmedByAnother, OwnerGone, SupportModelChanged.
    """
    actor.require(MANAGE)
    actor.require_presence()
    await advisory_lock(session, LOCK)
    row = await session.scalar(select(SupportModelRow).order_by(SupportModelRow.version.desc()).limit(1))
    if row is None or row.version != version:
        raise SupportModelChanged(version=row.version if row else 0)
    if row.by == actor.id:
        raise ConfirmedByAnother
    if row.confirmed_by:
        return _value(row)
    card = SupportModel.from_json(row.card)
    if card.owner not in {p.id for p in await who_may(session, MANAGE)}:
        raise OwnerGone(name=(await names_of(session, [card.owner])).get(card.owner, "Its owner"))
    row.confirmed_by, row.confirmed_at = actor.id, clock.now()
    facts = {"version": row.version, "owner": card.owner, "card": digest(row.card)}
    await ledger.record(session, Event("support_model.confirmed", actor.id, subject=str(row.version), data=facts))
    return _value(row)


async def list_support_models(session: Session, actor: Actor) -> list[Version]:
    """Return every version, newest first: support and whoever reads the programme see them."""
    if not actor.may("org:programme:read"):
        actor.require(MANAGE)
    query = select(SupportModelRow).order_by(SupportModelRow.version.desc())
    return await _named(session, [_value(row) for row in await session.scalars(query)])


async def promised(session: Session) -> Version | None:
    """Return the newest version that was confirmed: what people are told, and what answers are due by; None if none."""
    query = select(SupportModelRow).where(SupportModelRow.confirmed_by.is_not(None))
    row = await session.scalar(query.order_by(SupportModelRow.version.desc()).limit(1))
    return (await _named(session, [_value(row)]))[0] if row else None


async def confirmed(session: Session) -> Version | None:
    """Return the support model as gate 3 counts it: the newest version, confirmed, and its owner still able to answer.

    None otherwise: a newer version that nobody has confirmed holds the gate, and so does an owner who has left.
    """
    row = await session.scalar(select(SupportModelRow).order_by(SupportModelRow.version.desc()).limit(1))
    if row is None or not row.confirmed_by:
        return None
    found = (await _named(session, [_value(row)]))[0]
    return found if found.card.owner in {p.id for p in await who_may(session, MANAGE)} else None


async def _checked(session: Session, card: SupportModel) -> SupportModel:
    channels = tuple(dict.fromkeys(" ".join(one.split()) for one in card.channels if one.strip()))
    if not 1 <= len(channels) <= 8 or not all(_OTHER.fullmatch(c) and c.isprintable() for c in channels):
        raise BadSupportModel(why=f"it names one to eight channels, such as {', '.join(_CHANNELS)}")
    if not 1 <= card.champion_hours <= card.everybody_hours <= MOST_HOURS:
        raise BadSupportModel(
            why=f"answers come within 1 to {MOST_HOURS} working hours, for champions no later than for everybody"
        )
    owner = card.owner.strip()
    if not is_id(owner):
        found = await find_by_email(session, owner)
        owner = found.id if found else ""
    if owner not in {p.id for p in await who_may(session, MANAGE)}:
        raise BadSupportModel(why=f"its owner is somebody here who may answer tickets ({MANAGE})")
    return replace(card, channels=channels, hours=one_line(card.hours, "hours", 200, needed=True), owner=owner)


async def _named(session: Session, found: Sequence[Version]) -> list[Version]:
    names = await names_of(session, {p for one in found for p in (one.card.owner, one.confirmed_by)})
    return [
        replace(one, owner_name=names.get(one.card.owner, ""), confirmed_name=names.get(one.confirmed_by, ""))
        for one in found
    ]


def _value(row: SupportModelRow) -> Version:
    return Version(
        row.version, SupportModel.from_json(row.card), row.by, row.at, row.confirmed_by or "", row.confirmed_at
    )  # fmt: skip
