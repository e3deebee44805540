"""The daily look at the posture: a deviation is dated even if nobody opens the page."""

from colleague.governance.posture.look import Looking, posture_of
from colleague.identity.actor import SYSTEM
from colleague.kit.db import Database
from colleague.kit.queue import Queue

TASK = "posture.look"


def add_jobs(queue: Queue, *, database: Database, parts: Looking) -> None:
    """Teach `queue` to look once a day."""

    async def work() -> None:
        async with database.transaction() as session:
            await posture_of(session, SYSTEM, parts)

    queue.add(TASK, work, every="41 4 * * *")
