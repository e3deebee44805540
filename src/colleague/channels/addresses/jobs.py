"""Durable work on addresses: each minute what holds no more is written down; once a day SIMs are looked up."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select

from colleague.audit.record import Ledger
from colleague.channels.addresses.end import break_address, end_stale
from colleague.channels.addresses.tables import AddressRow
from colleague.channels.registry import Channels
from colleague.channels.sms import SmsChannel
from colleague.identity.directory import mails_of
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Failure
from colleague.kit.log import get_log
from colleague.kit.queue import Queue

log = get_log("addresses")
Tell = Callable[[Session, str, str, str, str], Awaitable[object]]
A_DAY, AT_ONCE = timedelta(days=1), 50
SWAPPED = "The SIM of this number was changed after it was bound."


async def settle(*, database: Database, ledger: Ledger, clock: Clock) -> None:
    """Break what holds no more (a person left, other mail), and forget codes that nobody used in time."""
    async with database.transaction() as session:
        held = select(AddressRow.person_id, AddressRow.kind, AddressRow.address).where(AddressRow.state == "verified")
        rows = (await session.execute(held)).all()
        present = await mails_of(session, {person for person, _, _ in rows})
        for person, kind, address in rows:
            mail = present.get(person)
            if mail is None or (kind == "email" and mail != address):
                await end_stale(session, kind, address, ledger=ledger, clock=clock)
        over = select(AddressRow).where(AddressRow.state == "pending", AddressRow.expires_at <= clock.now())
        for row in await session.scalars(over.limit(500).with_for_update(skip_locked=True)):
            row.state, row.code, row.ended_at = "revoked", None, clock.now()
            row.why = "The code was not used in time."


async def check_sims(*, database: Database, channels: Channels, ledger: Ledger, clock: Clock, tell: Tell) -> int:
    """Ask the provider about numbers that were not asked about for a day; return how many were broken.

    A number whose SIM was changed after it was bound is broken and its person is told (not by text message).
    """
    channel = channels.get("sms")
    if not isinstance(channel, SmsChannel):
        return 0
    async with database.transaction() as session:
        due = AddressRow.sim_checked_at.is_(None) | (AddressRow.sim_checked_at <= clock.now() - A_DAY)
        query = select(AddressRow).where(AddressRow.kind == "sms", AddressRow.state == "verified", due)
        rows = (await session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True))).all()
        for row in rows:
            row.sim_checked_at = clock.now()
    count = 0
    for row in rows:
        try:
            swapped = await channel.swapped_at(row.address)
        except Failure as failure:
            log.warning("SIM not looked up", address=row.id, error=failure.code)
            continue
        if swapped is None or row.verified_at is None or swapped <= row.verified_at:
            continue
        async with database.transaction() as session:
            if await break_address(session, "sms", row.address, SWAPPED, ledger=ledger, clock=clock):
                words = f"{SWAPPED} Nothing is taken from it any more. If that was you, bind it anew."
                await tell(session, row.person_id, "A phone number was unbound", words, "/dispatch/channels")
                count += 1
    return count


def add_jobs(
    queue: Queue, *, database: Database, channels: Channels, ledger: Ledger, clock: Clock, tell: Tell, sims: bool
) -> None:
    """Teach `queue` to look after addresses. `sims`: whether the provider is asked about SIMs."""

    async def look() -> None:
        await settle(database=database, ledger=ledger, clock=clock)

    queue.add("addresses.settle", look, every="* * * * *")
    if sims:

        async def ask() -> None:
            await check_sims(database=database, channels=channels, ledger=ledger, clock=clock, tell=tell)

        queue.add("addresses.sims", ask, every="*/10 * * * *")
