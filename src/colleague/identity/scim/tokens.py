"""Provisioning tokens: what an identity provider proves itself with. They open /scim/v2 and nothing else."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.sessions import sha256
from colleague.identity.tables import ProvisioningTokenRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import is_id, new_id

# Not that of API tokens: a request with this one is never looked up among people.
PREFIX, LONGEST = "scim_", 730
# What the deeds of people and groups ask for. No other door takes this actor.
_MAY = frozenset({"org:people:manage", "org:people:read", "org:roles:own"})


class BadProvisioningToken(Invalid):
    """A provisioning token needs a name and a life of 1 to 730 days."""


class NoSuchProvisioningToken(NotFound):
    """There is no such provisioning token."""


async def create_token(
    session: Session, actor: Actor, name: str, *, days: int, ledger: Ledger, clock: Clock
) -> tuple[str, str]:
    """Make a provisioning token; return its id and its text, the only time that is seen.

    Raises BadProvisioningToken, PermissionMissing, SignInYourself.
    """
    actor.require("org:people:manage")
    actor.require("org:settings:manage")
    actor.require_presence()
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80 or not name.isprintable() or not 1 <= days <= LONGEST:
        raise BadProvisioningToken
    text, now = PREFIX + secrets.token_urlsafe(32), clock.now()
    row = ProvisioningTokenRow(
        id=new_id("prov"), token_sha256=sha256(text), name=name, made_by=actor.id, created_at=now,
        expires_at=now + timedelta(days=days), revoked_at=None, last_used_at=None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await ledger.record(session, Event("provisioning_token.created", actor.id, subject=row.id, data={"days": days}))
    return row.id, text


async def actor_of_provisioning(session: Session, authorization: str, *, clock: Clock) -> Actor | None:
    """Return who an Authorization header speaks for; None unless it is a provisioning token that holds now."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.casefold() != "bearer" or not token.startswith(PREFIX) or len(token) > 100:
        return None
    row = await session.scalar(select(ProvisioningTokenRow).where(ProvisioningTokenRow.token_sha256 == sha256(token)))
    now = clock.now()
    if row is None or row.revoked_at is not None or now >= row.expires_at:
        return None
    if row.last_used_at is None or now - row.last_used_at > timedelta(minutes=1):
        row.last_used_at = now
    return Actor(row.id, row.name, permissions=_MAY, via="provisioning")


async def list_tokens(session: Session, actor: Actor) -> Sequence[ProvisioningTokenRow]:
    """Return every provisioning token, newest first. Raises PermissionMissing."""
    actor.require("org:people:read")
    query = select(ProvisioningTokenRow).order_by(ProvisioningTokenRow.created_at.desc())
    return (await session.scalars(query)).all()


async def revoke_token(session: Session, actor: Actor, token_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Revoke a provisioning token at once. After the last one people are changed by hand again.

    Raises NoSuchProvisioningToken, PermissionMissing.
    """
    actor.require("org:people:manage")
    row = await session.get(ProvisioningTokenRow, token_id, with_for_update=True) if is_id(token_id) else None
    if row is None:
        raise NoSuchProvisioningToken
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        await ledger.record(session, Event("provisioning_token.revoked", actor.id, subject=row.id))
