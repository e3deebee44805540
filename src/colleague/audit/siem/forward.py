"""Send sealed entries on to the SIEM, each at least once and in order; where it stands is kept in the database."""

import asyncio

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.siem.ocsf import ocsf
from colleague.audit.siem.target import SiemUnavailable, Target
from colleague.audit.tables import EntryRow, ForwardRow
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.log import get_log

log = get_log("siem")
BATCH = 500
_LOCK = 727021


async def forward(database: Database, target: Target, name: str, *, clock: Clock) -> int:
    """Send the next entries to the target called `name` and return how many: 0 if none wait, or another process sends.

    Raises SiemUnavailable: nothing is lost, the same entries are sent again. Killed between sending and keeping the
    place, they come twice; `metadata.uid` tells them apart.
    """
    async with database.transaction() as session:
        if not (await session.execute(text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": _LOCK})).scalar_one():
            return 0
        sent = await session.scalar(select(ForwardRow.sent).where(ForwardRow.target == name)) or 0
        query = select(EntryRow.seq, EntryRow.id, EntryRow.body, EntryRow.leaf).where(EntryRow.seq >= sent)
        rows = (await session.execute(query.order_by(EntryRow.seq).limit(BATCH))).all()
        if not rows:
            return 0
        await target.send([ocsf(row.seq or 0, row.id, row.body, (row.leaf or b"").hex()) for row in rows])
        place = {"sent": (rows[-1].seq or 0) + 1, "at": clock.now()}
        await session.execute(
            insert(ForwardRow).values(target=name, **place).on_conflict_do_update(index_elements=["target"], set_=place)
        )
    return len(rows)


async def keep_forwarding(
    database: Database, target: Target, name: str, *, clock: Clock, ledger: Ledger, every: float = 1.0
) -> None:
    """Forward, every `every` seconds, until cancelled. The loss of the SIEM and its return are put on record, once."""
    reached = True
    while True:
        try:
            now = True
            try:
                while await forward(database, target, name, clock=clock):
                    pass
            except SiemUnavailable:
                log.error("the SIEM cannot be reached")
                now = False
            if now != reached:
                reached = now
                async with database.transaction() as session:
                    verb = "ledger.siem_reached" if now else "ledger.siem_lost"
                    await ledger.record(session, Event(verb, "system", subject="ledger"))
        except Exception as error:
            log.error("forwarding failed", error=type(error).__name__)
        await asyncio.sleep(every)


async def waiting(database: Database, name: str) -> tuple[int, int]:
    """Return (entries that were sent to the target, sealed entries that still wait)."""
    async with database.transaction() as session:
        sent = await session.scalar(select(ForwardRow.sent).where(ForwardRow.target == name)) or 0
        top = await session.scalar(select(func.max(EntryRow.seq)))
    return sent, (top + 1 if top is not None else 0) - sent
