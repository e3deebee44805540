"""API tokens: shown once, kept as SHA-256, never wider than their owner is at this moment (R69)."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor, PermissionMissing
from colleague.identity.directory import PersonNotFound, actor_of
from colleague.identity.permissions import PERMISSIONS
from colleague.identity.sessions import sha256
from colleague.identity.tables import TokenRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid, NotFound
from colleague.kit.ids import is_id, new_id

PREFIX, LONGEST = "clg_", 365


class BadToken(Invalid):
    """A token needs a name, a life of 1 to 365 days, and permissions that exist."""


class NoSuchToken(NotFound):
    """There is no such token."""


async def create_token(
    session: Session, actor: Actor, name: str, permissions: Iterable[str], *, days: int, ledger: Ledger, clock: Clock
) -> str:
    """Make a token for the actor and return its text, the only time it is seen.

    Raises BadToken, PermissionMissing for a permission the actor does not hold, SignInYourself for a token: one that
    makes others would outlive its own end and its revocation.
    """
    actor.require("own:tokens:manage")
    actor.require_presence()
    wanted, name = sorted(set(permissions)), " ".join(name.split())[:80]
    if (
        not name
        or not name.isprintable()
        or not 1 <= days <= LONGEST
        or not wanted
        or not set(wanted) <= set(PERMISSIONS)
    ):
        raise BadToken
    for permission in wanted:
        if not actor.may(permission):
            raise PermissionMissing(permission=permission, meaning=PERMISSIONS[permission])
    text, now = PREFIX + secrets.token_urlsafe(32), clock.now()
    row = TokenRow(
        id=new_id("token"), token_sha256=sha256(text), person_id=actor.id, name=name, permissions=wanted,
        created_at=now, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    session.add(row)
    facts = {"permissions": wanted, "days": days}
    await ledger.record(session, Event("token.created", actor.id, subject=row.id, person=actor.id, data=facts))
    return text


async def actor_of_token(session: Session, token: str, *, clock: Clock) -> Actor | None:
    """Return who this token speaks for, with what both it and its owner may do now; None if it does not hold."""
    if not token.startswith(PREFIX) or len(token) > 100:
        return None
    row = await session.scalar(select(TokenRow).where(TokenRow.token_sha256 == sha256(token)))
    now = clock.now()
    if row is None or row.revoked_at is not None or now >= row.expires_at:
        return None
    if row.last_used_at is None or now - row.last_used_at > timedelta(minutes=1):
        row.last_used_at = now
    try:
        owner = await actor_of(session, person_id=row.person_id, via="api")
    except PersonNotFound:
        return None
    return replace(owner, permissions=owner.permissions & frozenset(row.permissions))


async def list_tokens(session: Session, actor: Actor) -> Sequence[TokenRow]:
    """Return one's own tokens that are not revoked, newest first."""
    query = select(TokenRow).where(TokenRow.person_id == actor.id, TokenRow.revoked_at.is_(None))
    return (await session.scalars(query.order_by(TokenRow.created_at.desc()))).all()


async def revoke_token(session: Session, actor: Actor, token_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Revoke a token: one's own, or anybody's with org:people:manage. NoSuchToken if there is none for the actor."""
    row = await session.get(TokenRow, token_id, with_for_update=True) if is_id(token_id) else None
    own = row is not None and row.person_id == actor.id and actor.may("own:tokens:manage")
    if row is None or not (own or actor.may("org:people:manage")):
        raise NoSuchToken
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        await ledger.record(session, Event("token.revoked", actor.id, subject=row.id, person=row.person_id))
