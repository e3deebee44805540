"""The handshake: a one-time code goes to the address, and comes back on the page of who is signed in (R54, DI-6)."""

import hmac
import re
import secrets as randomness
from datetime import timedelta
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.addresses.end import end_stale
from colleague.channels.addresses.find import find_bound
from colleague.channels.addresses.model import TITLES, BadAddress, Bound, Kind, spell
from colleague.channels.addresses.tables import AddressRow
from colleague.channels.channel import Message, Writer
from colleague.channels.registry import Channels
from colleague.channels.slack import SlackChannel
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session, advisory_lock
from colleague.kit.errors import Conflict, Failure, Forbidden, Invalid, NotFound, Unavailable
from colleague.kit.ids import is_id, new_id
from colleague.kit.secrets import Secrets

HOLDS, TRIES, AN_HOUR, CODES = timedelta(minutes=10), 5, timedelta(hours=1), 5
_LOCK = 727050
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")


class ChannelOff(Unavailable):
    """{title} is not set up here. Ask an administrator."""


class NotYourMail(Invalid):
    """Only the mail address you have here can be bound. Another one is changed where people are looked after."""


class OtherWorkspace(Invalid):
    """That account belongs to another Slack workspace than the one that is connected here."""


class TooManyCodes(Forbidden):
    """Too many codes were asked for. Wait an hour, and make sure that the address is right."""


class AlreadyYours(Conflict):
    """This address is bound to you already."""


class AddressTaken(Conflict):
    """This address is bound to somebody else here. They, or an administrator, can end that."""


class NoSuchAddress(NotFound):
    """There is no such address of yours."""


class CodeWrong(Invalid):
    """That is not the code that was sent. After five wrong ones it holds no more."""


class CodeOver(Conflict):
    """This code holds no more: used, replaced, tried too often, or older than ten minutes. Ask for another."""


async def begin(
    database: Database, actor: Actor, kind: str, address: str, *, channels: Channels, secrets: Secrets, ledger: Ledger,
    clock: Clock,
) -> str:  # fmt: skip
    """Send a one-time code to `address` and return the id of the binding that waits for it.

    The person must be there themselves: a token binds nothing. A Slack account may be given as the member id alone.
    Raises BadAddress, NotYourMail, OtherWorkspace, ChannelOff, AlreadyYours, TooManyCodes, SignInYourself, and what
    the channel raises when it surely did not take the code; then the binding waits no more.
    """
    actor.require("own:dispatch:use")
    actor.require_presence()
    writer = channels.writer(kind)
    if kind not in TITLES:
        raise BadAddress
    if writer is None:
        raise ChannelOff(title=TITLES[kind])
    address = await _whole(actor, kind, address, writer)
    code = f"{randomness.randbelow(10**8):08d}"
    async with database.transaction() as session:
        row = await _waiting(session, actor, kind, address, clock)
        row.code = secrets.mark(code, context=f"address:{row.id}")
        await ledger.record(session, _event("address.begun", actor.id, row))
    try:
        await writer.write(_words(actor, kind, address, code, row.id))
    except Conflict:
        # It may have arrived: who has it can go on.
        pass
    except Failure as failure:
        async with database.transaction() as session:
            row = await session.get_one(AddressRow, row.id, with_for_update=True)
            if row.state == "pending":
                row.state, row.code, row.ended_at, row.why = "revoked", None, clock.now(), failure.message[:500]
                await ledger.record(session, _event("address.unreached", actor.id, row))
        raise
    return row.id


async def _whole(actor: Actor, kind: str, address: str, writer: Writer) -> str:
    """Return the address as it is kept: a Slack member with the workspace, mail only if it is the person's own."""
    if kind == "slack":
        assert isinstance(writer, SlackChannel)
        team, member = await writer.team(), address.strip().upper()
        if _MEMBER.fullmatch(member):
            member = f"{team}:{member}"
        address = spell(kind, member)
        if not address.startswith(f"{team}:"):
            raise OtherWorkspace
        return address
    address = spell(kind, address or (actor.email if kind == "email" else ""))
    if kind == "email" and address != actor.email:
        raise NotYourMail
    return address


async def _waiting(session: Session, actor: Actor, kind: str, address: str, clock: Clock) -> AddressRow:
    """Return a fresh binding that waits; the one before it waits no more. Raises AlreadyYours, TooManyCodes."""
    await advisory_lock(session, _LOCK)
    now = clock.now()
    found = await find_bound(session, kind, address)
    if found is not None and found.person_id == actor.id:
        raise AlreadyYours
    for whose in (AddressRow.person_id == actor.id, AddressRow.address == address):
        count = await session.scalar(select(func.count()).where(whose, AddressRow.begun_at > now - AN_HOUR))
        if (count or 0) >= CODES:
            raise TooManyCodes
    mine = (AddressRow.person_id == actor.id, AddressRow.kind == kind, AddressRow.state == "pending")
    for before in await session.scalars(select(AddressRow).where(*mine).with_for_update()):
        before.state, before.code, before.ended_at, before.why = "revoked", None, now, "Another code was asked for."
    row = AddressRow(
        id=new_id("address"), person_id=actor.id, kind=kind, address=address, state="pending", tries=0, begun_at=now,
        expires_at=now + HOLDS,
    )  # fmt: skip
    session.add(row)
    return row


def _words(actor: Actor, kind: str, address: str, code: str, key: str) -> Message:
    """Return the message with the code. It says who asks, so that nobody hands it to a stranger."""
    shown = f"{code[:4]} {code[4:]}"
    text = (
        f"{shown} is your Colleague code, for ten minutes. {actor.name} ({actor.email}) wants to use this "
        f"{'number' if kind == 'sms' else 'account' if kind == 'slack' else 'address'} with Colleague. "
        "If that is not you, do nothing and give the code to nobody."
    )
    return Message(address, "Your code for Colleague", text, f"code:{key}")


async def confirm(
    database: Database, actor: Actor, address_id: str, code: str, *, secrets: Secrets, ledger: Ledger, clock: Clock
) -> Bound:
    """Bind the address if `code` is the one that was sent there, and return it. A wrong try is counted and on record.

    Raises NoSuchAddress, CodeWrong, CodeOver, AddressTaken when somebody else holds it, SignInYourself for a token.
    """
    actor.require("own:dispatch:use")
    actor.require_presence()
    refusal: Failure | None = None
    async with database.transaction() as session:
        await advisory_lock(session, _LOCK)
        row = await session.get(AddressRow, address_id, with_for_update=True) if is_id(address_id) else None
        if row is None or row.person_id != actor.id:
            raise NoSuchAddress
        refusal = _judge(row, code, secrets, clock)
        if refusal is None:
            refusal = await _hold(session, row, ledger, clock)
        verb = "address.verified" if refusal is None else "address.refused"
        facts = {"why": refusal.code} if refusal else {}
        await ledger.record(session, _event(verb, actor.id, row, facts))
    if refusal is not None:
        raise refusal
    assert row.verified_at is not None
    return Bound(row.id, row.person_id, cast(Kind, row.kind), row.address, row.verified_at)


def _judge(row: AddressRow, code: str, secrets: Secrets, clock: Clock) -> Failure | None:
    """Count a try and return why it fails, None if the code is right. The row is locked: tries come one by one."""
    if row.state != "pending" or row.code is None:
        return CodeOver()
    if clock.now() >= row.expires_at:
        row.state, row.code, row.ended_at, row.why = "revoked", None, clock.now(), "The code was not used in time."
        return CodeOver()
    given = re.sub(r"\s", "", code[:40])
    if hmac.compare_digest(secrets.mark(given, context=f"address:{row.id}"), row.code):
        return None
    row.tries += 1
    if row.tries >= TRIES:
        row.state, row.code, row.ended_at, row.why = "revoked", None, clock.now(), "Five wrong codes."
    return CodeWrong()


async def _hold(session: Session, row: AddressRow, ledger: Ledger, clock: Clock) -> Failure | None:
    """Make the address the person's own; AddressTaken if somebody holds it still."""
    await end_stale(session, row.kind, row.address, ledger=ledger, clock=clock)
    row.code = None
    try:
        async with session.begin_nested():
            row.state, row.verified_at = "verified", clock.now()
            await session.flush()
    except IntegrityError:
        await session.refresh(row, with_for_update=True)
        row.state, row.code, row.ended_at, row.why = "revoked", None, clock.now(), "Somebody else holds this address."
        return AddressTaken()
    return None


def _event(verb: str, actor: str, row: AddressRow, facts: dict[str, str] | None = None) -> Event:
    data = {"kind": row.kind, **(facts or {})}
    return Event(verb, actor, subject=row.id, person=row.person_id, data=data, personal={"address": row.address})
