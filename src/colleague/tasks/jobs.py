"""The durable work of tasks: one job, a segment of a run; and a sweep for runs that have none."""

from datetime import timedelta

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.identity.people import STOP_ALL
from colleague.kit.db import Session
from colleague.kit.once import forget_old_keys
from colleague.kit.queue import RUNS, Queue, enqueue, with_jobs
from colleague.tasks.afterwards import look_after
from colleague.tasks.leave import stop_all
from colleague.tasks.model import SUBAGENTS, State
from colleague.tasks.parts import Parts
from colleague.tasks.resume import resume
from colleague.tasks.store import resume_job
from colleague.tasks.subagents.family import at_work
from colleague.tasks.tables import RunRow

SWEPT_AT_ONCE = 100


def add_jobs(queue: Queue, *, parts: Parts) -> None:
    """Teach the queue to resume runs."""

    async def work(run: str, segment: int, outage: int = 0) -> None:
        await resume(run, segment, outage, parts=parts)

    async def sweep() -> None:
        await revive(parts=parts)

    async def leave(person: str) -> None:
        await stop_all(person, database=parts.database, ledger=parts.ledger, clock=parts.clock)

    queue.add("tasks.resume", work, queue=RUNS, forever=True)
    queue.add(STOP_ALL, leave, forever=True)

    async def look() -> None:
        await look_after(parts=parts)

    queue.add("tasks.look", look, every="* * * * *")

    async def forget() -> None:
        async with parts.database.transaction() as session:
            await forget_old_keys(session, clock=parts.clock)

    queue.add("tasks.forget_keys", forget, every="29 * * * *")
    queue.sweep(sweep)


async def _waits(session: Session, run: RunRow) -> bool:
    return run.waiting_for == SUBAGENTS and await at_work(session, run.id) > 0


async def revive(*, parts: Parts) -> int:
    """Give a job to every run that says it is worked on, has been silent and has none; return how many.

    Such a run would wait for ever. Resuming one is harmless: a segment done twice acts once.
    """
    async with parts.database.transaction() as session:
        silent = parts.clock.now() - timedelta(seconds=parts.stale_after)
        query = select(RunRow).where(RunRow.state.in_((State.QUEUED, State.RUNNING)), RunRow.last_event_at < silent)
        query = query.order_by(RunRow.last_event_at).limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True)
        runs = (await session.scalars(query)).all()
        worked_on = await with_jobs(session, [run.id for run in runs])
        lost = [run for run in runs if run.id not in worked_on and not await _waits(session, run)]
        for run in lost:
            await enqueue(session, resume_job(run))
            await parts.ledger.record(session, Event("run.revived", "system", subject=run.id, run=run.id))
    return len(lost)
