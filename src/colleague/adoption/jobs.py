"""Every minute: roll up what was sealed since."""

from colleague.adoption.facts.roll_up import roll_up
from colleague.kit.db import Database
from colleague.kit.queue import Queue


def add_jobs(queue: Queue, *, database: Database) -> None:
    """Teach the queue to roll the ledger up."""

    async def work() -> None:
        while await roll_up(database):
            pass

    queue.add("adoption.roll_up", work, every="* * * * *")
