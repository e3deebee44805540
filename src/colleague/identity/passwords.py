"""Passwords: Argon2id, at least 12 characters, throttled per account and per address, one answer for every failure."""

import unicodedata
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from sqlalchemy import delete, func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.sessions import open_session, sha256
from colleague.identity.tables import FailureRow, PersonRow
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Forbidden, Invalid

SHORTEST, LONGEST = 12, 200
WINDOW, PER_ACCOUNT, PER_ADDRESS = timedelta(minutes=15), 8, 40
_hasher = PasswordHash.recommended()
# Verified against when nobody has the address: an unknown account costs the same time as a wrong password.
_NOBODY = _hasher.hash("nobody has this password")
_COMMON = ("password", "passwort", "123456", "qwerty", "letmein", "welcome", "colleague")


class WeakPassword(Invalid):
    """Take at least 12 characters, not one of the usual words, and not your own name or address."""


class SignInFailed(Forbidden):
    """The mail address or the password is not right."""


class TooManyTries(Forbidden):
    """Too many failed tries. Wait 15 minutes, or use a passkey."""


def normal(password: str) -> str:
    """Return the password in one spelling (NFKC, RFC 8265)."""
    return unicodedata.normalize("NFKC", password)


def check_strength(password: str, *, name: str, email: str) -> None:
    """Raise WeakPassword unless the password is acceptable."""
    folded = normal(password).casefold()
    own = {*name.casefold().split(), email.casefold().partition("@")[0]}
    rest = folded
    for word in (*_COMMON, *(w for w in own if len(w) > 3)):
        rest = rest.replace(word, "")
    if not SHORTEST <= len(folded) <= LONGEST or len(set(folded)) < 5 or len(rest) < 6:
        raise WeakPassword


async def set_password(session: Session, person_id: str, password: str, *, by: str, ledger: Ledger) -> None:
    """Set a person's password. Raises WeakPassword."""
    row = await session.get_one(PersonRow, person_id)
    check_strength(password, name=row.name, email=row.email)
    row.password = _hasher.hash(normal(password))
    await ledger.record(session, Event("password.set", by, subject=person_id, person=person_id))


async def sign_in(
    database: Database, email: str, password: str, *, address: str, device: str, ledger: Ledger, clock: Clock
) -> str:
    """Check the password and return the cookie of a new session. Raises SignInFailed, TooManyTries.

    A failure has its own transaction, so that it stays on record although it is refused.
    """
    email = email.strip().casefold()[:254]
    keys = {"account": sha256(f"account:{email}"), "address": sha256(f"address:{address}")}
    async with database.transaction() as session:
        await _throttle(session, keys, clock.now())
        row = await session.scalar(select(PersonRow).where(PersonRow.email == email))
        usable = row is not None and row.active and row.password is not None
        stored = row.password if row is not None and usable and row.password else _NOBODY
        good = _hasher.verify(normal(password[:LONGEST]), stored) and usable
        if good and row is not None:
            await session.execute(delete(FailureRow).where(FailureRow.key == keys["account"]))
            return await open_session(session, row.id, how="password", device=device, ledger=ledger, clock=clock)
        for key in keys.values():
            session.add(FailureRow(key=key, at=clock.now()))
        person = row.id if row is not None else ""
        await ledger.record(session, Event("sign_in.failed", "nobody", subject=person, person=person))
    raise SignInFailed


async def _throttle(session: Session, keys: dict[str, str], now: datetime) -> None:
    await session.execute(delete(FailureRow).where(FailureRow.at < now - WINDOW))
    for kind, limit in (("account", PER_ACCOUNT), ("address", PER_ADDRESS)):
        count = await session.scalar(select(func.count()).where(FailureRow.key == keys[kind]))
        if (count or 0) >= limit:
            raise TooManyTries
