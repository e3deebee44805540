"""Each morning: look for onboarding cohorts that stalled, and send the nudges that are due on this day."""

from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue
from colleague.rollout.onboarding.nudge import Tell, nudge
from colleague.rollout.onboarding.watch import watch


def add_jobs(queue: Queue, *, database: Database, ledger: Ledger, clock: Clock, tell: Tell) -> None:
    """Teach the queue the watch (a week is looked at once it is frozen) and the nudges."""

    async def stalls() -> None:
        async with database.transaction() as session:
            await watch(session, ledger=ledger, clock=clock)

    async def nudges() -> None:
        async with database.transaction() as session:
            await nudge(session, tell=tell, ledger=ledger, clock=clock)

    queue.add("onboarding.watch", stalls, every="15 5 * * *")
    queue.add("onboarding.nudge", nudges, every="30 6 * * *")
