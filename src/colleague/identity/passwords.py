"""Passwords: Argon2id, at least 12 characters, throttled per account and per address, one answer for every failure."""

import asyncio
import unicodedata
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from sqlalchemy import delete, func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.local_routes import LocalRouteClosed, Tell, check_open, raise_alarm, sealed_mail
from colleague.identity.sessions import close_others, open_session, sha256
from colleague.identity.tables import FailureRow, PersonRow
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session, advisory_lock
from colleague.kit.errors import Forbidden, Invalid

SHORTEST, LONGEST = 12, 200
WINDOW, PER_ACCOUNT, PER_ADDRESS = timedelta(minutes=15), 8, 40
_hasher = PasswordHash.recommended()
# Verified against when nobody has the address: an unknown account costs the same time as a wrong password.
# Of a random word that nobody kept; written down, as making one takes every process a quarter of a second at its start.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$WoGJtdcztbXwsMon/lYl1g$ntwQP5QNI4b3PbMpnWQlkRn11+itrQ5qzAcHoxI4BFk"
_COMMON = ("password", "passwort", "123456", "qwerty", "letmein", "welcome", "colleague")


class WeakPassword(Invalid):
    """Take at least 12 characters, not one of the usual words, and not your own name or address."""


class SignInFailed(Forbidden):
    """The mail address or the password is not right."""


class PresentPasswordWrong(Forbidden):
    """Your present password is not right, so the new one was not set."""


class TooManyTries(Forbidden):
    """Too many failed tries. Wait 15 minutes, or use a passkey."""


def normal(password: str) -> str:
    """Return the password in one spelling (NFKC, RFC 8265)."""
    return unicodedata.normalize("NFKC", password)


def storable(password: str) -> bool:
    """Say whether a password is text at all: half a character cannot be hashed."""
    return not any("\ud800" <= c <= "\udfff" for c in password)


def check_strength(password: str, *, name: str, email: str) -> None:
    """Raise WeakPassword unless the password is acceptable."""
    if not storable(password):
        raise WeakPassword
    folded = normal(password).casefold()
    own = {*name.casefold().split(), email.casefold().partition("@")[0]}
    rest = folded
    for word in (*_COMMON, *(w for w in own if len(w) > 3)):
        rest = rest.replace(word, "")
    if not SHORTEST <= len(normal(password)) <= LONGEST or len(set(folded)) < 5 or len(rest) < 6:
        raise WeakPassword


async def change_own_password(
    session: Session, actor: Actor, password: str, *, current: str, keep: str, ledger: Ledger
) -> None:
    """Set one's own password; only the session of the cookie `keep` stays open.

    `current` is the present one, for who has one: a device left open must not become somebody else's account.
    Raises WeakPassword, PresentPasswordWrong, SignInYourself, LocalRouteClosed.
    """
    actor.require_presence()
    await check_open(session)
    stored = (await session.get_one(PersonRow, actor.id)).password
    given = normal(current)[:LONGEST] if storable(current) else ""
    if stored is not None and not await asyncio.to_thread(_hasher.verify, given, stored):
        raise PresentPasswordWrong
    await set_password(session, actor.id, password, by=actor.id, ledger=ledger, keep=keep)


async def set_password(
    session: Session, person_id: str, password: str, *, by: str, ledger: Ledger, keep: str = ""
) -> None:
    """Set a person's password and end their sessions (but that of the cookie `keep`). Raises WeakPassword."""
    row = await session.get_one(PersonRow, person_id)
    check_strength(password, name=row.name, email=row.email)
    row.password = await asyncio.to_thread(_hasher.hash, normal(password))
    await close_others(session, person_id, keep=keep)
    await ledger.record(session, Event("password.set", by, subject=person_id, person=person_id))


async def sign_in(
    database: Database, email: str, password: str, *, address: str, device: str, ledger: Ledger, clock: Clock,
    tell: Tell | None = None,
) -> str:  # fmt: skip
    """Check the password and return the cookie of a new session. Raises SignInFailed, TooManyTries, LocalRouteClosed.

    Where only the sealed account may come in this way, its use is told to every owner by `tell`.

    A try is counted before the password is looked at, and only a right one is taken off again: however many come at
    once, no more than the limit are ever compared. No transaction is open while that is done.
    """
    email = "".join(c for c in email.strip().casefold()[:254] if c.isprintable())
    keys = {"account": sha256(f"account:{email}"), "address": sha256(f"address:{address}")}
    async with database.transaction() as session:
        counted = await _count(session, keys, clock.now())
        only = await sealed_mail(session)
        if only is not None and email != only:
            raise LocalRouteClosed
        row = await session.scalar(select(PersonRow).where(PersonRow.email == email))
    given = normal(password) if storable(password) else ""
    usable = row is not None and row.active and row.password is not None and len(given) <= LONGEST
    stored = row.password if row is not None and usable and row.password else _NOBODY
    good = await asyncio.to_thread(_hasher.verify, given[:LONGEST], stored) and usable
    async with database.transaction() as session:
        if good and row is not None:
            # They may have been deactivated, or given another password, while it was compared.
            now = await session.get_one(PersonRow, row.id, with_for_update=True)
            if now.active and now.password == stored:
                of_account = FailureRow.key == keys["account"]
                await session.execute(delete(FailureRow).where(of_account | FailureRow.id.in_(counted)))
                await raise_alarm(session, row.id, ledger=ledger, clock=clock, tell=tell)
                return await open_session(session, row.id, how="password", device=device, ledger=ledger, clock=clock)
        person = row.id if row is not None else ""
        await ledger.record(session, Event("sign_in.failed", "nobody", subject=person, person=person))
    raise SignInFailed


async def _count(session: Session, keys: dict[str, str], now: datetime) -> list[int]:
    """Count one try for account and address, one counter at a time; TooManyTries if one of them is at its limit."""
    for key in sorted(keys.values()):
        await advisory_lock(session, int(key[:15], 16))
    await session.execute(delete(FailureRow).where(FailureRow.at < now - WINDOW))
    for kind, limit in (("account", PER_ACCOUNT), ("address", PER_ADDRESS)):
        count = await session.scalar(select(func.count()).where(FailureRow.key == keys[kind]))
        if (count or 0) >= limit:
            raise TooManyTries
    tries = [FailureRow(key=key, at=now) for key in keys.values()]
    session.add_all(tries)
    await session.flush()
    return [row.id for row in tries]
