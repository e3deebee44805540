"""Every morning: what the programme is warned of."""

from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue
from colleague.rollout.watch import watch


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock) -> None:
    """Teach the queue to look for alarms."""

    async def work() -> None:
        async with database.transaction() as session:
            await watch(session, ledger=ledger, clock=clock)

    queue.add("programme.watch", work, every="45 5 * * *")
