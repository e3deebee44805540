"""Somebody was deactivated: what the agent did for them stops, what it asked is withdrawn, the record stays (ID-3).

Their phone and accounts are heard no more.
"""

from sqlalchemy import select

from colleague.audit.record import Ledger
from colleague.channels.addresses.end import LEFT as LEFT_ADDRESSES
from colleague.channels.addresses.end import break_all
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import is_active
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.tasks.halt import halt
from colleague.tasks.model import ENDED
from colleague.tasks.store import get_task, newest_run
from colleague.tasks.tables import RunRow, TaskRow

LEFT = "Stopped: the person it was done for may not use Colleague any more."


async def stop_all(person_id: str, *, database: Database, ledger: Ledger, clock: Clock) -> int:
    """Stop every task of a person who is not active any more; return how many were stopped. Twice is harmless.

    Each in a transaction of its own: one that cannot be stopped must not keep the others going.
    """
    async with database.transaction() as session:
        if await is_active(session, person_id):
            return 0
        await break_all(session, person_id, LEFT_ADDRESSES, ledger=ledger, clock=clock)
        query = select(RunRow.task_id).join(TaskRow, TaskRow.id == RunRow.task_id).distinct()
        going = RunRow.state.not_in(ENDED)
        tasks = (await session.scalars(query.where(TaskRow.person_id == person_id, going))).all()
    count = 0
    for task_id in tasks:
        async with database.transaction() as session:
            run = await newest_run(session, task_id, lock=True)
            if run.state not in ENDED and not await is_active(session, person_id):
                await halt(session, SYSTEM, await get_task(session, task_id), run, LEFT, ledger=ledger, clock=clock)
                count += 1
    return count
