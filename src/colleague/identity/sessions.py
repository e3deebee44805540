"""Sessions of browsers: a random cookie, kept as its SHA-256, with an idle and an absolute end."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, actor_of
from colleague.identity.local_routes import check_local
from colleague.identity.tables import SignInRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session

IDLE, ABSOLUTE, STEP = timedelta(hours=8), timedelta(days=7), timedelta(minutes=1)


def sha256(token: str) -> str:
    """Return what is stored of a secret token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def open_session(session: Session, person_id: str, *, how: str, device: str, ledger: Ledger, clock: Clock) -> str:
    """Sign a person in and return the cookie's value. `how`: password, passkey, link, demo or sso.

    Raises LocalRouteClosed where only the company's identity provider signs people in.
    """
    await check_local(session, person_id, how)
    token, now = secrets.token_urlsafe(32), clock.now()
    await session.execute(delete(SignInRow).where(SignInRow.person_id == person_id, _ended(now)))
    session.add(
        SignInRow(
            token_sha256=sha256(token), person_id=person_id, created_at=now, expires_at=now + ABSOLUTE,
            last_seen_at=now, device=device[:200],
        )
    )  # fmt: skip
    await ledger.record(
        session, Event("sign_in.succeeded", person_id, subject=person_id, person=person_id, data={"how": how})
    )
    return token


def _ended(now: datetime) -> ColumnElement[bool]:
    return (SignInRow.expires_at <= now) | (SignInRow.last_seen_at <= now - IDLE)


async def actor_of_cookie(session: Session, cookie: str, *, clock: Clock) -> Actor | None:
    """Return who holds this cookie; None if it is unknown, has ended or its person is not active."""
    if not 20 <= len(cookie) <= 100:
        return None
    row = await session.get(SignInRow, sha256(cookie))
    now = clock.now()
    if row is None or now >= row.expires_at or now - row.last_seen_at >= IDLE:
        return None
    if now - row.last_seen_at > STEP:
        row.last_seen_at = now
    try:
        return await actor_of(session, person_id=row.person_id, via="page")
    except PersonNotFound:
        return None


async def close_session(session: Session, cookie: str, *, ledger: Ledger) -> None:
    """Sign out: this cookie opens nothing any more."""
    row = await session.get(SignInRow, sha256(cookie))
    if row is not None:
        person = row.person_id
        await session.delete(row)
        await ledger.record(session, Event("sign_in.ended", person, subject=person, person=person))


async def close_all(session: Session, actor: Actor, *, ledger: Ledger) -> None:
    """Sign out everywhere. Raises SignInYourself for a token."""
    actor.require_presence()
    await session.execute(delete(SignInRow).where(SignInRow.person_id == actor.id))
    await ledger.record(session, Event("sign_in.all_ended", actor.id, subject=actor.id, person=actor.id))


async def close_others(session: Session, person_id: str, *, keep: str = "") -> None:
    """End every session of a person but the one of the cookie `keep`: their password is another one now."""
    others = SignInRow.token_sha256 != sha256(keep)
    await session.execute(delete(SignInRow).where(SignInRow.person_id == person_id, others))


async def list_sessions(session: Session, actor: Actor, *, clock: Clock) -> Sequence[SignInRow]:
    """Return one's own open sessions, newest first."""
    query = select(SignInRow).where(SignInRow.person_id == actor.id, ~_ended(clock.now()))
    return (await session.scalars(query.order_by(SignInRow.last_seen_at.desc()))).all()
