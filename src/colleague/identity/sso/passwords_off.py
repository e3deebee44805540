"""Enterprise mode: only the identity provider signs people in, but for one sealed break-glass account (ID-5)."""

import secrets as random
from contextlib import suppress

from sqlalchemy import delete, func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.directory import find_by_email
from colleague.identity.model import Person
from colleague.identity.passwords import set_password
from colleague.identity.people import SEALED, FromGroup, assign_role, create_person, remove_role, set_active
from colleague.identity.tables import (
    GroupMemberRow,
    LinkRow,
    LocalRouteRow,
    PasskeyRow,
    PersonRow,
    ProviderRow,
    SignInRow,
    SsoLinkRow,
    SsoSessionRow,
)
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict

NAME, _LOCK = "Break-glass account (sealed)", 727024
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class NotTriedYet(Conflict):
    """Passwords can be switched off once you, as an owner, have signed in for a test through a provider that is open.
    Connect your own account under «Me», then press «Try a sign-in».
    """


class ModeUnchanged(Conflict):
    """Passwords are switched {state} already."""


class NotYourself(Conflict):
    """The account that broke the glass does not seal it again: another owner does, or passwords are switched on."""


async def close_passwords(session: Session, actor: Actor, *, ledger: Ledger, clock: Clock) -> str:
    """Close every local route; return the password of the sealed account, the only time it is seen.

    Every session that a provider did not open ends. Raises NotTriedYet unless this owner tried, at its present
    settings, a provider that is open and to which they are linked; ModeUnchanged.
    """
    row = await _row(session, actor)
    if row.passwords_off:
        raise ModeUnchanged(state="off")
    tried = (
        select(func.count())
        .select_from(ProviderRow)
        .join(SsoLinkRow, (SsoLinkRow.provider_id == ProviderRow.id) & (SsoLinkRow.person_id == actor.id))
        .where(ProviderRow.enabled, ProviderRow.tried_by == actor.id, ProviderRow.tried_version == ProviderRow.version)
    )
    if not await session.scalar(tried):
        raise NotTriedYet
    person, password = await _seal(session, ledger=ledger, clock=clock)
    row.passwords_off, row.break_glass_id, row.broken_at = True, person, None
    opened = select(SsoSessionRow.token_sha256)
    await session.execute(delete(SignInRow).where(SignInRow.token_sha256.not_in(opened)))
    await session.execute(delete(LinkRow).where(LinkRow.purpose == "invite", LinkRow.used_at.is_(None)))
    await ledger.record(session, Event("sign_on.passwords_closed", actor.id, subject=person))
    return password


async def open_passwords(session: Session, actor: Actor, *, ledger: Ledger) -> None:
    """Let people use passwords, passkeys and invitations again; the sealed account ends. ModeUnchanged."""
    row = await _row(session, actor)
    if not row.passwords_off:
        raise ModeUnchanged(state="on")
    sealed = row.break_glass_id or ""
    row.passwords_off, row.broken_at = False, None
    person = await session.get_one(PersonRow, sealed, with_for_update=True)
    person.active, person.password = False, None
    await session.execute(delete(SignInRow).where(SignInRow.person_id == sealed))
    await ledger.record(session, Event("sign_on.passwords_opened", actor.id, subject=sealed))


async def seal_again(session: Session, actor: Actor, *, ledger: Ledger, clock: Clock) -> str:
    """Seal a new account, end the one before and the alarm; return the password. ModeUnchanged.

    Not for the sealed account itself: who broke the glass does not silence the alarm.
    """
    row = await _row(session, actor)
    if not row.passwords_off:
        raise ModeUnchanged(state="on")
    if actor.id == row.break_glass_id:
        raise NotYourself
    person, password = await _seal(session, ledger=ledger, clock=clock)
    row.break_glass_id, row.broken_at = person, None
    await ledger.record(session, Event("break_glass.sealed", actor.id, subject=person))
    return password


async def _row(session: Session, actor: Actor) -> LocalRouteRow:
    actor.require("org:roles:own")
    actor.require_presence()
    await advisory_lock(session, _LOCK)
    row = await session.get(LocalRouteRow, 1)
    if row is None:
        row = LocalRouteRow(id=1, passwords_off=False)
        session.add(row)
        await session.flush()
    return row


async def _seal(session: Session, *, ledger: Ledger, clock: Clock) -> tuple[str, str]:
    """Return the id of the sealed account, made anew each time, and its password; there is no other way into it.

    Anew: whoever prepared an account of its address, or used the one before, has links, tokens, phones or groups there.
    """
    before = await find_by_email(session, SEALED)
    if before is not None:
        await _set_aside(session, before, ledger=ledger, clock=clock)
    person = await create_person(session, SYSTEM, SEALED, NAME, ledger=ledger, clock=clock, without="sealed")
    await assign_role(session, SYSTEM, person, "owner", ledger=ledger)
    (await session.get_one(PersonRow, person, with_for_update=True)).active = True
    # 100 bits; groups of five, to be typed from paper.
    password = "-".join("".join(random.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    await set_password(session, person, password, by="system", ledger=ledger)
    return person, password


async def _set_aside(session: Session, before: Person, *, ledger: Ledger, clock: Clock) -> None:
    """End an account of the sealed one's address: what it had open, its ways in, that it is an owner; and rename it."""
    if before.active:
        await set_active(session, SYSTEM, before.id, active=False, ledger=ledger, clock=clock)
    if "owner" in before.roles:
        with suppress(FromGroup):
            await remove_role(session, SYSTEM, before.id, "owner", ledger=ledger)
    for ways in (PasskeyRow, SsoLinkRow, SignInRow, GroupMemberRow):
        await session.execute(delete(ways).where(ways.person_id == before.id))
    row = await session.get_one(PersonRow, before.id, with_for_update=True)
    row.email, row.password, row.waiting_since = f"{before.id.replace('_', '-')}@localhost", None, None
    await session.flush()
    await ledger.record(session, Event("break_glass.set_aside", "system", subject=before.id, person=before.id))
