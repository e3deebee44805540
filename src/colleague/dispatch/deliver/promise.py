"""A result is promised when its task is started, and taken up when the task has ended."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.dispatch.deliver.model import TARGETS
from colleague.dispatch.deliver.tables import ResultRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.ids import new_id
from colleague.kit.queue import DELIVERIES, Job, enqueue, with_jobs
from colleague.tasks.model import ENDED
from colleague.tasks.store import newest_run
from colleague.tasks.tables import RunRow

TASK = "dispatch.deliver"
LOST_AFTER, AT_ONCE = timedelta(minutes=2), 200


class NoSuchTarget(Invalid):
    """A result goes by sms, slack, email, or to the thread: the page of its task."""


async def promise(
    session: Session, task: str, person: str, target: str, *, reply_to: str = "", ledger: Ledger, clock: Clock
) -> bool:  # fmt: skip
    """Promise the result of `task` to `person` by `target`; say whether it was not promised already.

    It is on record and survives with the caller's transaction. `reply_to` is the Message-ID that a mail answers. A
    task that has ended by now is taken up at once. Raises NoSuchTarget.
    """
    if target not in TARGETS:
        raise NoSuchTarget
    now = clock.now()
    row = {
        "id": new_id("result"), "task_id": task, "person_id": person, "target": target, "reply_to": reply_to[:500],
        "state": "promised", "attempts": 0, "run_id": "", "form": "", "why": "", "made_at": now, "changed_at": now,
    }  # fmt: skip
    values = insert(ResultRow).values(row).on_conflict_do_nothing(index_elements=["task_id", "target"])
    made = await session.scalar(values.returning(ResultRow.id))
    if made is None:
        return False
    facts = {"task": task, "target": target}
    await ledger.record(session, Event("result.promised", "system", subject=made, person=person, data=facts))
    await take_up(session, (await newest_run(session, task)).id)
    return True


async def take_up(session: Session, run: str) -> int:
    """Enqueue what was promised of the task of this run, if the run is the task's newest and has ended.

    Twice is harmless; returns how many were taken up. It stands behind each segment of every run.
    """
    task = await session.scalar(select(RunRow.task_id).where(RunRow.id == run, RunRow.parent_run == ""))
    if task is None:
        return 0
    query = select(ResultRow).where(ResultRow.task_id == task, ResultRow.state == "promised")
    rows = (await session.scalars(query.with_for_update())).all()
    if not rows:
        return 0
    newest = await newest_run(session, task)
    if newest.id != run or newest.state not in ENDED:
        return 0
    for row in rows:
        row.state, row.run_id = "waiting", run
        await enqueue(session, job_of(row))
    return len(rows)


def job_of(row: ResultRow) -> Job:
    """Return the job that delivers a result."""
    return Job(TASK, {"result": row.id}, queue=DELIVERIES, key=row.id, lock=row.id)


async def sweep(session: Session, *, clock: Clock) -> int:
    """Take up what a killed worker left: ended tasks nobody took up, results without a job. Returns how many."""
    ended = select(RunRow.id).where(
        RunRow.task_id == ResultRow.task_id, RunRow.parent_run == "", RunRow.state.in_(ENDED)
    )
    query = select(ResultRow.task_id).where(ResultRow.state == "promised", ended.exists()).distinct().limit(AT_ONCE)
    count = 0
    for task in (await session.scalars(query)).all():
        count += await take_up(session, (await newest_run(session, task)).id)
    late = (ResultRow.state.in_(("waiting", "sending")), ResultRow.changed_at < clock.now() - LOST_AFTER)
    rows = (
        await session.scalars(select(ResultRow).where(*late).limit(AT_ONCE).with_for_update(skip_locked=True))
    ).all()
    with_job = await with_jobs(session, [row.id for row in rows])
    for row in rows:
        if row.id not in with_job:
            await enqueue(session, job_of(row))
            count += 1
    return count
