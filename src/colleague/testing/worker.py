"""A worker without a process: does the jobs that wait in the queue, one after another, and says how many."""

from typing import Any

from sqlalchemy import text

from colleague.bootstrap import House
from colleague.kit.db import Session

_WAITING = text(
    "SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = :queue "
    "ORDER BY id LIMIT 1"
)


async def jobs_waiting(session: Session, queue: str = "runs") -> list[dict[str, Any]]:
    """Return the arguments of the jobs that wait in `queue`, oldest first."""
    query = text("SELECT args FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = :queue ORDER BY id")
    return [row.args for row in await session.execute(query, {"queue": queue})]


async def work(house: House, *, queue: str = "runs", limit: int = 200) -> int:
    """Do every job that waits in `queue`, due or not, and those that they enqueue (at most `limit`); say how many."""
    for count in range(limit):
        async with house.database.transaction() as session:
            job = (await session.execute(_WAITING, {"queue": queue})).first()
            if job is None:
                return count
            await session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": job.id})
        await house.queue.tasks[job.task_name](**job.args)
    return limit
