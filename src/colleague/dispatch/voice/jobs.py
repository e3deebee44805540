"""Recordings that nobody decided about go after a day."""

from colleague.audit.record import Ledger
from colleague.dispatch.voice.notes import forget_old
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock) -> None:
    """Teach the queue to delete old voice notes, each ten minutes."""

    async def forget() -> None:
        await forget_old(database=database, ledger=ledger, clock=clock)

    queue.add("voice.forget", forget, every="*/10 * * * *")
