"""Every morning: what the programme is warned of, reviews that are over; at once: who was moved to work that the pilot
is warned of."""

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.seats.reason import TELL_LEAD
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue
from colleague.rollout.catalogue.watch import watch_reviews
from colleague.rollout.cohorts.asked import tell_lead
from colleague.rollout.watch import watch
from colleague.tasks.parts import Tell
from colleague.usecases.around import Reach


def add_jobs(
    queue: Queue, *, database: Database, registry: Registry, reach: Reach, ledger: Ledger, clock: Clock, tell: Tell
) -> None:  # fmt: skip
    """Teach the queue to look for alarms and reviews that are over, and to tell the lead of somebody who was moved."""

    async def work() -> None:
        async with database.transaction() as session:
            await watch(session, ledger=ledger, clock=clock)

    async def reviews() -> None:
        async with database.transaction() as session:
            await watch_reviews(session, registry=registry, reach=reach, tell=tell, ledger=ledger, clock=clock)

    async def asked(person: str) -> None:
        async with database.transaction() as session:
            await tell_lead(session, person, tell=tell)

    queue.add("programme.watch", work, every="45 5 * * *")
    queue.add("catalogue.watch", reviews, every="50 5 * * *")
    queue.add(TELL_LEAD, asked)
