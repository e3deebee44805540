"""Every day: do tickets stay high?"""

from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue
from colleague.rollout.tickets.watch import watch_tickets


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock) -> None:
    """Teach the queue to look at tickets."""

    async def work() -> None:
        async with database.transaction() as session:
            await watch_tickets(session, ledger=ledger, clock=clock)

    queue.add("rollout.tickets", work, every="41 4 * * *")
