"""A thousand tasks that wait for a person hold rows and nothing else; an answer lets one go on within a second."""

import asyncio
import multiprocessing
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select, text

from colleague.approvals.answer import answer
from colleague.approvals.tables import ApprovalRow
from colleague.tasks.start import start
from colleague.testing.chaos import CHAOS, QUICK, asks_at_once, work
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, furnish, open_connector

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WARM, ALL = 200, 1000
# Pools of the two processes fill up as chance has it (kit/db.py, kit/queue.py); eight hundred more tasks add nothing.
POOLS = 10


async def _parked(home: TestHouse, number: int) -> None:
    """Wait until `number` runs are parked."""
    query = "SELECT count(*) FROM runs WHERE state = 'needs approval'"
    for _ in range(6000):
        async with home.house.database.transaction() as session:
            if await session.scalar(text(query)) == number:
                return
        await asyncio.sleep(0.1)
    raise AssertionError("they do not park")


async def _held(home: TestHouse, pid: int) -> dict[str, Any]:
    """Measure what a worker holds, after it has had time to rest."""
    await asyncio.sleep(2)
    process = psutil.Process(pid)
    for _ in range(600):
        async with home.house.database.transaction() as session:
            if not await session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'runs'")):
                break
        await asyncio.sleep(0.1)
    async with home.house.database.transaction() as session:
        jobs = await session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'runs'"))
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connections = await session.scalar(text(f"SELECT count(*) {others}"))
        busy = await session.scalar(text(f"SELECT count(*) {others} AND state LIKE 'idle in transaction%'"))
    return {
        "jobs": jobs, "connections": connections, "transactions": busy, "threads": process.num_threads(),
        "children": len(process.children()), "files": process.num_fds(), "bytes": process.memory_info().rss,
    }  # fmt: skip


async def test_a_thousand_wait_and_hold_nothing(database_url: str, tmp_path: Path) -> None:
    home = await furnish(
        database_url, tmp_path, connectors=[FakeConnector()], models={"chaos": CHAOS}, model="chaos", **QUICK
    )
    house, ana = home.house, home.people["ana"]
    await open_connector(home, "fake", ["*"], config={}, may_write=True)

    async def hand_over(count: int) -> None:
        for number in range(count):
            await start(ana, f"Greet number {number}", [], parts=house.parts, settings=house.settings)

    fork = multiprocessing.get_context("forkserver")
    fork.set_forkserver_preload(["colleague.testing.chaos"])
    worker = fork.Process(target=work, args=(database_url, str(tmp_path), asks_at_once))
    worker.start()
    try:
        assert worker.pid
        await hand_over(WARM)
        await _parked(home, WARM)
        before = await _held(home, worker.pid)
        await hand_over(ALL - WARM)
        await _parked(home, ALL)
        after = await _held(home, worker.pid)
        async with house.database.transaction() as session:
            row = await session.scalar(select(ApprovalRow).order_by(ApprovalRow.id.desc()).limit(1))
        assert row is not None
        async with house.database.transaction() as session:
            await answer(session, ana, row.id, "approved", digest=row.digest, ledger=house.ledger, clock=house.clock)
        query = text("SELECT count(*) FROM steps WHERE run_id = :run AND kind = 'outcome'")
        for _ in range(1200):
            async with house.database.transaction() as session:
                if done := await session.scalar(query, {"run": row.run_id}):
                    break
            await asyncio.sleep(0.1)
    finally:
        worker.kill()
        worker.join()
        await house.close()
    grown = after["bytes"] - before["bytes"]
    print(f"\nbefore {before}\nafter  {after}\ngrown by {grown / 1024:.0f} kB")
    assert before["jobs"] == after["jobs"] == 0
    assert before["transactions"] == after["transactions"] == 0
    assert after["connections"] - before["connections"] <= POOLS
    assert after["threads"] - before["threads"] <= POOLS
    assert after["children"] == 0
    assert after["files"] - before["files"] <= POOLS
    assert grown < 6_000_000, "8 kB a waiting task would be too much already"
    assert done == 1, "an answer is worked on at once"
