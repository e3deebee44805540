"""Every morning: what the programme is warned of, reviews that are over; at once: whom it names, asks or lets begin,
and who was moved to work that the pilot is warned of."""

from collections.abc import Awaitable, Callable
from functools import partial

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.seats.chosen import TELL_LOST
from colleague.identity.seats.reason import TELL_LEAD, TELL_SPONSOR
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue, Work
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

    queue.add("programme.watch", work, every="45 5 * * *")
    queue.add("catalogue.watch", reviews, every="50 5 * * *")

    def of_person(deed: Callable[..., Awaitable[object]]) -> Work:
        async def told(person: str) -> None:
            async with database.transaction() as session:
                await deed(session, person, tell=tell)

        return told

    def of_thing(deed: Callable[..., Awaitable[object]]) -> Work:
        async def told(about: str, by: str) -> None:
            async with database.transaction() as session:
                await deed(session, about, tell=tell, clock=clock)

        return told

    async def named(about: str, by: str) -> None:
        async with database.transaction() as session:
            await tell_named(session, about, by, tell=tell, clock=clock)

    queue.add(TELL_LEAD, of_person(tell_lead))
    queue.add(TELL_LOST, of_person(tell_lost))
    queue.add(TELL_SPONSOR, of_person(partial(tell_sponsor, clock=clock)))
    queue.add(NAMED, named)
    queue.add(WAITS, of_thing(tell_second))
    queue.add(BEGAN, of_thing(tell_cohort))
    queue.add(JOINED, of_thing(tell_joined))
