"""Sealing, again and again: a loop beside the worker rather than a queue job, because it runs every second."""

import asyncio

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.seal import seal, witness
from colleague.audit.signer import Signer
from colleague.audit.sink import Sink
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.log import get_log

log = get_log("seal")


async def keep_sealing(
    database: Database, *, signer: Signer, sink: Sink | None, clock: Clock, ledger: Ledger | None = None,
    every: float = 1.0,
) -> None:  # fmt: skip
    """Seal what was committed, every `every` seconds, until cancelled. A failure is logged and tried again.

    When the witness falls silent, sealing goes on; with a `ledger` its loss and its return are put on record, once.
    """
    reached = True
    while True:
        try:
            while await seal(database, signer=signer, sink=None, clock=clock):
                pass
            if sink is not None and (now := await witness(database, sink)) != reached:
                reached = now
                if ledger is not None:
                    verb = "ledger.witness_reached" if now else "ledger.witness_lost"
                    async with database.transaction() as session:
                        await ledger.record(session, Event(verb, "system", subject="ledger"))
        except Exception as error:
            log.error("sealing failed", error=type(error).__name__)
        await asyncio.sleep(every)
