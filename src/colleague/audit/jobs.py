"""Sealing, again and again: a loop beside the worker rather than a queue job, because it runs every second."""

import asyncio

from colleague.audit.seal import seal
from colleague.audit.signer import Signer
from colleague.audit.sink import Sink
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.log import get_log

log = get_log("seal")


async def keep_sealing(
    database: Database, *, signer: Signer, sink: Sink | None, clock: Clock, every: float = 1.0
) -> None:
    """Seal what was committed, every `every` seconds, until cancelled. A failure is logged and tried again."""
    while True:
        try:
            while await seal(database, signer=signer, sink=sink, clock=clock):
                pass
        except Exception as error:
            log.error("sealing failed", error=type(error).__name__)
        await asyncio.sleep(every)
