"""Sources of telemetry: a fleet's name, and the token it sends with. It opens POST /v1/logs and nothing else."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from colleague.adoption.facts.read import ends_elsewhere
from colleague.adoption.facts.verbs import CHANNEL
from colleague.adoption.telemetry.tables import SourceRow, StrangerRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.sessions import sha256
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Invalid, NotFound
from colleague.kit.ids import is_id, new_id

# Not that of API tokens: a request with this one is never looked up among people.
PREFIX: Final = "otlp_"
LONGEST: Final = 730
# So far back runs are told of.
WITHIN: Final = timedelta(weeks=12)
MANAGE: Final = "org:settings:manage"
OURS: Final = "Colleague"
LOCK: Final = 727_098


class BadSource(Invalid):
    """A source needs a name of up to 80 characters that is not «Colleague», and a token that holds 1 to 730 days."""


class SourceTaken(Conflict):
    """A source of this name sends already: renew its token, or revoke it first."""


class NoSuchSource(NotFound):
    """There is no such source of telemetry."""


class SourceRevoked(Conflict):
    """This source was revoked. Make a new one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it stands. `strangers`: people of its events whom nobody here knows; `untold`: of how many of its
    `runs` in the last twelve weeks no end was told.
    """

    id: str
    name: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_at: datetime | None
    accepted: int
    repeated: int
    refused: int
    ignored: int
    strangers: int
    runs: int
    untold: int

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "id": self.id, "name": self.name, "created_at": self.created_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
            "last_at": self.last_at.isoformat() if self.last_at else None, "accepted": self.accepted,
            "repeated": self.repeated, "refused": self.refused, "ignored": self.ignored, "strangers": self.strangers,
            "runs": self.runs, "runs_without_end": self.untold,
        }  # fmt: skip


async def create_source(
    session: Session, actor: Actor, name: str, *, days: int, ledger: Ledger, clock: Clock
) -> tuple[str, str]:  # fmt: skip
    """Make a source; return its id and the text of its token, the only time that is seen.

    Raises BadSource, SourceTaken, PermissionMissing, SignInYourself.
    """
    actor.require(MANAGE)
    actor.require_presence()
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80 or not name.isprintable() or name.casefold() == OURS.casefold():
        raise BadSource
    await advisory_lock(session, LOCK)
    taken = select(SourceRow.id).where(func.lower(SourceRow.name) == name.lower(), SourceRow.revoked_at.is_(None))
    if await session.scalar(taken) is not None:
        raise SourceTaken
    text, now = _fresh(days), clock.now()
    row = SourceRow(
        id=new_id("fleet"), name=name, token_sha256=sha256(text), made_by=actor.id, created_at=now,
        expires_at=now + timedelta(days=days), revoked_at=None, last_at=None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await ledger.record(session, Event("telemetry_source.created", actor.id, subject=row.id, data={"days": days}))
    return row.id, text


async def renew_source(
    session: Session, actor: Actor, source_id: str, *, days: int, ledger: Ledger, clock: Clock
) -> str:  # fmt: skip
    """Give a source another token; the one before opens nothing from now on. Return its text, this once.

    Raises NoSuchSource, SourceRevoked, BadSource, PermissionMissing, SignInYourself.
    """
    actor.require(MANAGE)
    actor.require_presence()
    row = await _get(session, source_id)
    if row.revoked_at is not None:
        raise SourceRevoked
    text = _fresh(days)
    row.token_sha256, row.expires_at = sha256(text), clock.now() + timedelta(days=days)
    await ledger.record(session, Event("telemetry_source.renewed", actor.id, subject=row.id, data={"days": days}))
    return text


async def revoke_source(session: Session, actor: Actor, source_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Revoke a source at once. What it told stays counted. Raises NoSuchSource, PermissionMissing."""
    actor.require(MANAGE)
    row = await _get(session, source_id)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        await ledger.record(session, Event("telemetry_source.revoked", actor.id, subject=row.id))


async def list_sources(session: Session, actor: Actor) -> list[Source]:
    """Return every source, newest first, with what came from it. Raises PermissionMissing."""
    actor.require("org:adoption:read")
    query = select(StrangerRow.source_id, func.count()).group_by(StrangerRow.source_id)
    strangers: dict[str, int] = dict((await session.execute(query)).all())
    ran = await ends_elsewhere(session, WITHIN)
    rows: Sequence[SourceRow] = (
        await session.scalars(select(SourceRow).order_by(SourceRow.created_at.desc(), SourceRow.id))
    ).all()
    return [
        Source(
            r.id, r.name, r.created_at, r.expires_at, r.revoked_at, r.last_at, r.accepted, r.repeated, r.refused,
            r.ignored, strangers.get(r.id, 0), *ran.get(f"{CHANNEL}{r.id}", (0, 0)),
        )
        for r in rows
    ]  # fmt: skip


async def source_names(session: Session) -> dict[str, str]:
    """Return the name of every source there ever was, by its id; what was revoked beside its name's heir says so."""
    rows = await session.execute(select(SourceRow.id, SourceRow.name, SourceRow.revoked_at))
    return {one: f"{name} (revoked {revoked:%Y-%m-%d})" if revoked else name for one, name, revoked in rows}


async def source_of_token(session: Session, authorization: str, *, clock: Clock) -> str | None:
    """Return the id of the source an Authorization header speaks for; None unless its token holds now."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.casefold() != "bearer" or not token.startswith(PREFIX) or len(token) > 100:
        return None
    row = await session.scalar(select(SourceRow).where(SourceRow.token_sha256 == sha256(token)))
    if row is None or row.revoked_at is not None or clock.now() >= row.expires_at:
        return None
    return row.id


def _fresh(days: int) -> str:
    if not 1 <= days <= LONGEST:
        raise BadSource
    return PREFIX + secrets.token_urlsafe(32)


async def _get(session: Session, source_id: str) -> SourceRow:
    row = await session.get(SourceRow, source_id, with_for_update=True) if is_id(source_id) else None
    if row is None:
        raise NoSuchSource
    return row
