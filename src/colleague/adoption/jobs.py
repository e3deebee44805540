"""Every minute: roll up what was sealed since. Every hour: freeze the weeks that are due. By night: check it all.

Every twenty minutes, in a large organisation: compute the weeks that are not frozen yet.
"""

from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.frozen.freeze import freeze_next
from colleague.adoption.frozen.recheck import recheck
from colleague.adoption.frozen.running import run_ahead
from colleague.adoption.groups import Groups
from colleague.adoption.telemetry.accept import forget_seen
from colleague.adoption.watch import check_measurements
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.queue import Queue


def add_jobs(queue: Queue, *, database: Database, groups: Groups, ledger: Ledger, clock: Clock) -> None:
    """Teach the queue what the numbers need. Each job may be killed and done again."""

    async def work() -> None:
        while await roll_up(database):
            pass

    async def freeze() -> None:
        await work()
        while await freeze_next(database, groups, ledger=ledger, clock=clock):
            pass

    async def ahead() -> None:
        await run_ahead(database, groups, clock=clock)

    async def check() -> None:
        await work()
        await recheck(database, ledger=ledger, clock=clock)
        await check_measurements(database, ledger=ledger, clock=clock)
        async with database.transaction() as session:
            await forget_seen(session, clock=clock)

    queue.add("adoption.roll_up", work, every="* * * * *")
    queue.add("adoption.freeze", freeze, every="7 * * * *")
    queue.add("adoption.run_ahead", ahead, every="*/20 * * * *")
    queue.add("adoption.recheck", check, every="23 2 * * *")
