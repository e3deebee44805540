"""Every hour: has a week closed whose list is not handed out yet? Is a list left by somebody who has gone?"""

from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue
from colleague.rollout.champions.appoint import Tell
from colleague.rollout.champions.hand_out import hand_out


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock, tell: Tell) -> None:
    """Teach the queue to hand lists to champions."""

    async def work() -> None:
        async with database.transaction() as session:
            await hand_out(session, tell=tell, ledger=ledger, clock=clock)

    queue.add("rollout.champions", work, every="23 * * * *")
