"""Every morning: what the programme is warned of, reviews that are over; at once: whom it names, asks or lets begin,
and who was moved to work that the pilot is warned of."""

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.seats.chosen import TELL_LOST
from colleague.identity.seats.reason import TELL_LEAD, TELL_SPONSOR
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue
from colleague.rollout.catalogue.watch import watch_reviews
from colleague.rollout.cohorts.asked import tell_lead, tell_lost, tell_sponsor
from colleague.rollout.later.notices import BEGAN, JOINED, NAMED, WAITS
from colleague.rollout.notices.tell import tell_cohort, tell_joined, tell_named, tell_second
from colleague.rollout.watch import watch
from colleague.tasks.parts import Tell
from colleague.usecases.around import Reach


def add_jobs(
    queue: Queue, *, database: Database, registry: Registry, reach: Reach, ledger: Ledger, clock: Clock, tell: Tell
) -> None:  # fmt: skip
    """Teach the queue to look for alarms and reviews that are over, and to tell people at once what concerns them."""

    async def work() -> None:
        async with database.transaction() as session:
            await watch(session, ledger=ledger, clock=clock)

    async def reviews() -> None:
        async with database.transaction() as session:
            await watch_reviews(session, registry=registry, reach=reach, tell=tell, ledger=ledger, clock=clock)

    async def asked(person: str) -> None:
        async with database.transaction() as session:
            await tell_lead(session, person, tell=tell)

    async def lost(person: str) -> None:
        async with database.transaction() as session:
            await tell_lost(session, person, tell=tell)

    async def written(person: str) -> None:
        async with database.transaction() as session:
            await tell_sponsor(session, person, tell=tell, clock=clock)

    queue.add("programme.watch", work, every="45 5 * * *")
    queue.add("catalogue.watch", reviews, every="50 5 * * *")

    async def named(about: str, by: str) -> None:
        async with database.transaction() as session:
            await tell_named(session, about, by, tell=tell, clock=clock)

    async def waits(about: str, by: str) -> None:
        async with database.transaction() as session:
            await tell_second(session, about, tell=tell, clock=clock)

    async def began(about: str, by: str) -> None:
        async with database.transaction() as session:
            await tell_cohort(session, about, tell=tell, clock=clock)

    async def joined(about: str, by: str) -> None:
        async with database.transaction() as session:
            await tell_joined(session, about, tell=tell, clock=clock)

    queue.add(TELL_LEAD, asked)
    queue.add(TELL_LOST, lost)
    queue.add(TELL_SPONSOR, written)
    queue.add(NAMED, named)
    queue.add(WAITS, waits)
    queue.add(BEGAN, began)
    queue.add(JOINED, joined)
