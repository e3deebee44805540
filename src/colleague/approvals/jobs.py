"""Every minute: what has expired, and whom to remind."""

from colleague.approvals.ask import LOOK
from colleague.approvals.expire import Remind, expire, remind
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock, tell: Remind) -> None:
    """Teach the queue to expire questions and to remind people."""

    async def look() -> None:
        await expire(database, tell=tell, ledger=ledger, clock=clock)
        await remind(database, tell=tell, ledger=ledger, clock=clock)

    queue.add("approvals.look", look, every="* * * * *")
    queue.add(LOOK, look)
