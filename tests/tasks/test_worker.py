"""A real worker outlives a database that goes away, and finds the jobs of workers that died without a sign of life."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from colleague.agent.messages import Turn
from colleague.tasks.jobs import revive
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
READ = call("fake_read", shelf="bids", note="price")


@contextlib.asynccontextmanager
async def working(desk: Any) -> AsyncIterator[None]:
    worker = asyncio.create_task(desk.house.queue.run(concurrency=2, signals=False))
    try:
        yield
    finally:
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker


async def _ended(desk: Any, task: str) -> None:
    for _ in range(1800):
        with contextlib.suppress(OperationalError):
            if await desk.state(task) == "completed":
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {await desk.state(task)}")


async def _sql(desk: Any, statement: str) -> None:
    async with desk.house.database.transaction() as session:
        await session.execute(text(statement))


async def test_a_worker_outlives_a_lost_database(desk: Any) -> None:
    async with working(desk):
        await _ended(desk, await desk.start(READ, Turn("It is 420.")))
        await _sql(
            desk,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await _ended(desk, await desk.start(READ, Turn("It is 420.")))


async def test_a_job_whose_worker_died_before_its_first_heartbeat_is_found(desk: Any) -> None:
    task = await desk.start(READ, Turn("It is 420."))
    # What a worker leaves that took a job and died, before it said once that it lives.
    await _sql(desk, "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL WHERE queue_name = 'runs'")
    async with working(desk):
        await _ended(desk, task)


async def test_a_job_that_fails_again_and_again_is_never_given_up(desk: Any) -> None:
    task = await desk.start(READ, Turn("It is 420."))
    await _sql(desk, "UPDATE procrastinate_jobs SET attempts = 400 WHERE queue_name = 'runs'")
    strategy = desk.house.queue.app.tasks["tasks.resume"].retry_strategy
    waits = []
    for attempts in (0, 3, 400):
        job = type("Job", (), {"attempts": attempts})()
        waits.append(strategy.get_retry_decision(exception=OSError(), job=job).retry_at)
    assert waits == sorted(waits)
    await desk.work()
    assert await desk.state(task) == "completed"


async def test_a_run_without_a_job_is_found_and_goes_on(desk: Any) -> None:
    lost, parked, fresh = [await desk.start(READ, Turn("It is 420.")) for _ in range(3)]
    await _sql(desk, "DELETE FROM procrastinate_jobs")
    await _sql(desk, f"UPDATE runs SET state = 'blocked' WHERE task_id = '{parked}'")
    await _sql(desk, f"UPDATE runs SET last_event_at = last_event_at + interval '1 h' WHERE task_id = '{fresh}'")
    desk.clock.advance(seconds=600)
    assert (await revive(parts=desk.house.parts), await revive(parts=desk.house.parts)) == (1, 0)
    async with working(desk):
        await _ended(desk, lost)
    assert "run.revived" in await desk.verbs(lost)
    assert (await desk.state(parked), await desk.state(fresh)) == ("blocked", "queued")
