"""Durable work on the same PostgreSQL: enqueued in the caller's transaction, found again when a worker dies.

A job is named work with JSON arguments. Waiting is no job: a run that waits for a person holds nothing here.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import procrastinate
from procrastinate import jobs as procrastinate_jobs
from procrastinate import manager as procrastinate_manager
from sqlalchemy import text

from colleague.kit.canonical import canonical
from colleague.kit.db import Session
from colleague.kit.log import get_log

log = get_log("queue")

RUNS, HOUSE, DELIVERIES = "runs", "house", "deliveries"

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, :priority, :lock, :key, "
    "CAST(:args AS jsonb), :at)::procrastinate_job_to_defer_v1])"
)


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do once. `key` drops a second waiting copy; jobs with one `lock` never run side by side."""

    task: str
    args: dict[str, Any] = field(default_factory=dict)
    queue: str = HOUSE
    key: str | None = None
    lock: str | None = None
    at: datetime | None = None
    priority: int = 0


async def enqueue(session: Session, job: Job) -> bool:
    """Insert `job` in the caller's transaction. Returns False if a copy with its key waits already."""
    if job.key is not None:
        # Two enqueuers of one key must not race to the unique index: the loser would lose its transaction.
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 7))"), {"key": job.key})
        waiting = text("SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo'")
        if (await session.execute(waiting, {"key": job.key})).first():
            return False
    values = {
        "queue": job.queue, "task": job.task, "priority": job.priority, "lock": job.lock,
        "key": job.key, "args": canonical(job.args), "at": job.at,
    }  # fmt: skip
    await session.execute(_DEFER, values)
    return True


async def with_jobs(session: Session, locks: Collection[str]) -> set[str]:
    """Return those of `locks` for which a job waits or is being done."""
    query = text(
        "SELECT DISTINCT lock FROM procrastinate_jobs WHERE lock = ANY(:locks) AND status IN ('todo', 'doing')"
    )
    return set(await session.scalars(query, {"locks": list(locks)}))


Work = Callable[..., Awaitable[None]]


class _Forever(procrastinate.BaseRetryStrategy):
    """Try again until it works, with pauses that grow to a minute: what people wait for is never given up."""

    def get_retry_decision(
        self, *, exception: BaseException, job: procrastinate_jobs.Job
    ) -> procrastinate.RetryDecision | None:
        """Return when to try again."""
        return procrastinate.RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 6), 60)})


class _Owned(procrastinate_manager.JobManager):
    """A worker ends or returns only the job it still holds.

    Procrastinate lets whoever knows a job's number end it: a worker that was frozen, lost its job to another and thawed
    would delete the other's, and nobody would find that again if the other died.
    """

    async def finish_job(
        self, job: procrastinate_jobs.Job, status: procrastinate_jobs.Status, delete_job: bool
    ) -> None:
        """End the job, unless it is another worker's by now."""
        await self._if_held(
            job, "SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete)s) FROM held",
            status=status.value, delete=delete_job,
        )  # fmt: skip

    async def retry_job(
        self, job: procrastinate_jobs.Job, retry_at: datetime | None = None, priority: int | None = None,
        queue: str | None = None, lock: str | None = None,
    ) -> None:  # fmt: skip
        """Return the job to the queue, unless it is another worker's by now."""
        await self._if_held(
            job, "SELECT procrastinate_retry_job_v2(id, coalesce(%(at)s, now()), %(priority)s, %(queue)s, %(lock)s) "
            "FROM held",
            at=retry_at, priority=priority, queue=queue, lock=lock,
        )  # fmt: skip

    async def _if_held(self, job: procrastinate_jobs.Job, then: str, **values: Any) -> None:
        held = (
            "WITH held AS (SELECT id FROM procrastinate_jobs WHERE id = %(job)s AND status = 'doing' "
            "AND worker_id IS NOT DISTINCT FROM %(worker)s FOR UPDATE) "
        )
        done = await self.connector.execute_query_all_async(held + then, job=job.id, worker=job.worker_id, **values)
        if not done:
            log.info("job is another worker's by now", task=job.task_name, job=job.id)


class Queue:
    """The jobs this process knows how to do, and a worker that does them."""

    def __init__(self, url: str, *, heartbeat: float = 10, stalled: float = 30) -> None:
        """Take the database address; `heartbeat` and `stalled` are seconds."""
        self._heartbeat, self._stalled = heartbeat, stalled
        # max_size is for bookkeeping only; the jobs themselves use the Database.
        self._connector = procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=4)
        self.app = procrastinate.App(connector=self._connector)
        self.app.job_manager = _Owned(self._connector)
        self.tasks: dict[str, Work] = {}
        self._sweeps: list[Work] = []

    def add(
        self, name: str, work: Work, *, queue: str = HOUSE, every: str | None = None, forever: bool = False
    ) -> None:
        """Teach this process the job `name`. `every` is a cron line: then it runs by itself, once a slot.

        A job that fails is tried five more times, or again and again (`forever`).
        """
        self.tasks[name] = work
        if every is None:
            retry = _Forever() if forever else procrastinate.RetryStrategy(max_attempts=5, exponential_wait=2)
            self.app.task(name=name, queue=queue, retry=retry)(work)
            return

        async def on_time(timestamp: int) -> None:
            await work()

        task = self.app.task(name=name, queue=queue, queueing_lock=name)(on_time)
        self.app.periodic(cron=every, periodic_id=name)(task)

    def sweep(self, work: Work) -> None:
        """Do `work` beside every round of the rescue: it puts back what lost its job in a way nobody foresaw."""
        self._sweeps.append(work)

    async def run(
        self, *, concurrency: int = 8, queues: list[str] | None = None, wait: bool = True, signals: bool = True
    ) -> None:
        """Work until stopped (`wait`) or until nothing is left to do. Dead workers' jobs are taken over."""
        async with self.app.open_async():
            rescue = asyncio.create_task(self._rescue())
            try:
                names = queues or [RUNS, HOUSE, DELIVERIES]
                await self._work(names, concurrency, wait=wait, signals=signals)
                # A job that waited for another's lock was not there to be fetched: look again.
                while not wait and await self._left(names):
                    await asyncio.sleep(0.1)
                    await self._work(names, concurrency, wait=wait, signals=signals)
            finally:
                rescue.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await rescue

    async def _work(self, queues: list[str], concurrency: int, *, wait: bool, signals: bool) -> None:
        await self.app.run_worker_async(
            concurrency=concurrency,
            queues=queues,
            wait=wait,
            install_signal_handlers=signals,
            delete_jobs="successful",
            fetch_job_polling_interval=5,
            update_heartbeat_interval=self._heartbeat,
            stalled_worker_timeout=self._stalled,
            shutdown_graceful_timeout=20,
        )

    async def _left(self, queues: list[str]) -> bool:
        """Say whether a job of these queues could be done by now."""
        row = await self._connector.execute_query_one_async(
            "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = ANY(%(queues)s) "
            "AND coalesce(scheduled_at, now()) <= now()) AS left_over",
            queues=queues,
        )
        return bool(row["left_over"])

    async def _rescue(self) -> None:
        """Give the jobs of silent workers back to the queue, over and over."""
        while True:
            try:
                await self.rescue()
                for work in self._sweeps:
                    await work()
            except Exception as error:
                # A database that is away must not end the rescue: the next round tries again.
                log.warning("rescue failed", error=type(error).__name__)
            await asyncio.sleep(min(self._heartbeat, self._stalled / 3))

    async def rescue(self) -> int:
        """Return to the queue every job whose worker has been silent too long; say how many."""
        manager = self.app.job_manager
        stalled = cast(
            list[procrastinate_jobs.Job],
            list(await manager.get_stalled_jobs(seconds_since_heartbeat=self._stalled)),
        )
        count = 0
        for job in stalled:
            try:
                await manager.retry_job(job)
            except procrastinate.exceptions.ProcrastinateException as error:
                # Another worker was quicker, or this one cannot be given back: the others must not wait for it.
                log.warning("job not rescued", job=job.id, error=type(error).__name__)
            else:
                count += 1
                log.info("job rescued", task=job.task_name, job=job.id)
        return count
