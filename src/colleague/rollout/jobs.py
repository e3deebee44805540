"""Every morning: what the programme is warned of; at once: who was moved to work that the pilot is warned of."""

from colleague.audit.record import Ledger
from colleague.identity.seats.reason import TELL_LEAD
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue
from colleague.rollout.cohorts.asked import tell_lead
from colleague.rollout.watch import watch
from colleague.tasks.parts import Tell


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock, tell: Tell) -> None:
    """Teach the queue to look for alarms, and to tell the lead of somebody who was moved."""

    async def work() -> None:
        async with database.transaction() as session:
            await watch(session, ledger=ledger, clock=clock)

    async def asked(person: str) -> None:
        async with database.transaction() as session:
            await tell_lead(session, person, tell=tell)

    queue.add("programme.watch", work, every="45 5 * * *")
    queue.add(TELL_LEAD, asked)
