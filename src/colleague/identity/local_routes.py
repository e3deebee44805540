"""Signing in without the company's identity provider: open, or closed but for one sealed account (ID-5)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.directory import who_may
from colleague.identity.tables import LocalRouteRow, PersonRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden

Tell = Callable[[Session, str, str, str, str], Awaitable[Any]]
PROVIDER = "sso"


class LocalRouteClosed(Forbidden):
    """People sign in through the company's identity provider here; passwords, passkeys and links are switched off."""


@dataclass(frozen=True, slots=True)
class Mode:
    """Whether local routes are closed, whose account is the sealed one, and since when its use raises the alarm."""

    closed: bool = False
    break_glass: str = ""
    broken_at: datetime | None = None


async def current_mode(session: Session) -> Mode:
    """Return how things stand."""
    row = await session.get(LocalRouteRow, 1)
    return Mode(row.passwords_off, row.break_glass_id or "", row.broken_at) if row else Mode()


async def check_local(session: Session, person_id: str, how: str) -> None:
    """Raise LocalRouteClosed if this person may not sign in this way (`how`: as in sessions.open_session).

    INVARIANT: every session is opened by sessions.open_session, which asks here.
    """
    if how == PROVIDER:
        return
    mode = await current_mode(session)
    if mode.closed and not (how == "password" and mode.break_glass and person_id == mode.break_glass):
        raise LocalRouteClosed


async def check_open(session: Session) -> None:
    """Raise LocalRouteClosed if local routes are closed, whoever it is about."""
    if (await current_mode(session)).closed:
        raise LocalRouteClosed


async def sealed_mail(session: Session) -> str | None:
    """Return the only mail address that may sign in with a password; None where everybody may."""
    mode = await current_mode(session)
    if not mode.closed:
        return None
    return await session.scalar(select(PersonRow.email).where(PersonRow.id == mode.break_glass)) or ""


async def raise_alarm(session: Session, person_id: str, *, ledger: Ledger, clock: Clock, tell: Tell | None) -> None:
    """If this person is the sealed account: put its use on record, tell every owner, and raise the banner."""
    row = await session.get(LocalRouteRow, 1, with_for_update=True)
    if row is None or not row.passwords_off or row.break_glass_id != person_id:
        return
    row.broken_at = clock.now()
    await ledger.record(session, Event("break_glass.used", person_id, subject=person_id, person=person_id))
    words = "Somebody signed in with the sealed break-glass account. If nobody of you did, deactivate it now."
    for owner in await who_may(session, "org:roles:own"):
        if tell is not None and owner.id != person_id:
            await tell(session, owner.id, "The break-glass account was used", words, "/sign-on")


async def alarm(session: Session) -> datetime | None:
    """Return since when the alarm stands; None if the sealed account was not used since it was sealed."""
    return (await current_mode(session)).broken_at
