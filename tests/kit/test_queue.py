"""A job is enqueued with its cause or not at all, runs although workers die or freeze, and fails where it is seen."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from colleague.kit.db import Database
from colleague.kit.queue import RUNS, Job, Queue, enqueue

pytestmark = pytest.mark.anyio
SCRIPT = Path(__file__).parent / "queue_worker.py"


@pytest.fixture
async def marks(database: Database) -> Database:
    async with database.transaction() as session:
        await session.execute(
            text("CREATE TABLE marks (id serial, worker text, what text, at timestamptz DEFAULT now())")
        )
    return database


@pytest.fixture
async def workers(database_url: str) -> AsyncIterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.communicate()


async def _start(workers: list[Process], url: str, name: str) -> Process:
    process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), url, name, stdout=PIPE, stderr=PIPE)
    workers.append(process)
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 300) == b"ready\n"
    return process


async def _marks(database: Database, like: str = "%") -> list[tuple[str, str]]:
    async with database.transaction() as session:
        query = text("SELECT worker, what FROM marks WHERE what LIKE :l AND what NOT LIKE '%tick' ORDER BY id")
        return [(w, x) for w, x in await session.execute(query, {"l": like})]


async def _until(database: Database, like: str, count: int = 1, seconds: float = 120) -> list[tuple[str, str]]:
    for _ in range(int(seconds / 0.1)):
        found = await _marks(database, like)
        if len(found) >= count:
            return found
        await asyncio.sleep(0.1)
    pytest.fail(f"{like} never came: {await _marks(database)}")


async def _mark(database: Database, what: str) -> None:
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO marks (worker, what) VALUES ('', :what)"), {"what": what})


async def _jobs(database: Database) -> list[tuple[str, str]]:
    async with database.transaction() as session:
        query = text("SELECT task_name, status::text FROM procrastinate_jobs WHERE task_name <> 'tick' ORDER BY id")
        return [(t, s) for t, s in await session.execute(query)]


async def _enqueue(database: Database, *jobs: Job) -> list[bool]:
    async with database.transaction() as session:
        return [await enqueue(session, job) for job in jobs]


async def test_a_rolled_back_cause_strands_no_job(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await enqueue(session, Job("note", {"what": "x"}, key="k"))
            raise RuntimeError
    assert await _jobs(database) == []
    assert await _enqueue(database, Job("note", {"what": "x"}, key="k")) == [True]


async def test_a_key_waits_once_and_may_come_again_when_it_is_done(database: Database, database_url: str) -> None:
    done: list[str] = []

    async def note(what: str) -> None:
        done.append(what)

    queue = Queue(database_url)
    queue.add("note", note)
    assert await _enqueue(database, *[Job("note", {"what": w}, key="k") for w in "abc"]) == [True, False, False]
    assert await _enqueue(database, Job("note", {"what": "d"}, key="other"), Job("note", {"what": "e"})) == [True, True]
    await queue.run(wait=False, signals=False)
    assert sorted(done) == ["a", "d", "e"]
    assert await _enqueue(database, Job("note", {"what": "f"}, key="k")) == [True]


async def test_two_who_enqueue_one_key_at_once_both_commit(database: Database) -> None:
    async def one(number: int) -> bool:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO blobs (sha256, content) VALUES (:n, 'x')"), {"n": str(number)})
            put = await enqueue(session, Job("note", {"what": "x"}, key="k"))
            await asyncio.sleep(0.02)
            return put

    results = await asyncio.gather(*(one(n) for n in range(10)))
    assert Counter(results) == {True: 1, False: 9}
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM blobs")) == 10


async def test_jobs_of_one_lock_never_run_side_by_side(database: Database, database_url: str) -> None:
    running, most = 0, 0

    async def note() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    queue = Queue(database_url)
    queue.add("note", note)
    await _enqueue(database, *[Job("note", lock="run_1") for _ in range(4)])
    await queue.run(wait=False, signals=False, concurrency=4)
    assert most == 1
    assert await _jobs(database) == []


async def test_a_failing_job_is_tried_again_and_then_stands_there_as_failed(
    database: Database, database_url: str
) -> None:
    tries = 0

    async def bad(secret: str) -> None:
        nonlocal tries
        tries += 1
        raise ValueError(secret)

    queue = Queue(database_url)
    queue.add("bad", bad)
    await _enqueue(database, Job("bad", {"secret": "x"}))
    for _ in range(8):
        await queue.run(wait=False, signals=False)
        async with database.transaction() as session:
            # The pauses grow (2, 4, 8, 16 s): let the time pass.
            await session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
    assert tries == 6  # once, and five times again
    assert await _jobs(database) == [("bad", "failed")]


async def test_a_job_nobody_knows_fails_visibly(database: Database, database_url: str) -> None:
    await _enqueue(database, Job("unknown"))
    await Queue(database_url).run(wait=False, signals=False)
    assert await _jobs(database) == [("unknown", "failed")]


@pytest.mark.slow
async def test_a_killed_workers_job_is_done_by_another(
    marks: Database, database_url: str, workers: list[Process]
) -> None:
    first = await _start(workers, database_url, "one")
    await _enqueue(marks, Job("note", {"what": "a", "seconds": 60.0}, queue=RUNS))
    await _until(marks, "start a")
    first.send_signal(signal.SIGKILL)
    await first.wait()
    async with marks.transaction() as session:
        await session.execute(text('UPDATE procrastinate_jobs SET args = \'{"what": "a", "seconds": 0}\''))
    await _start(workers, database_url, "two")
    assert await _until(marks, "end a") == [("two", "end a")]
    assert await _jobs(marks) == []


async def test_a_worker_that_died_before_its_first_heartbeat_strands_nothing(
    database: Database, database_url: str
) -> None:
    """The worker's row is gone, or was never there: its job says «doing» and names nobody."""
    done: list[int] = []

    async def note() -> None:
        done.append(1)

    await _enqueue(database, Job("note"))
    async with database.transaction() as session:
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"))
    queue = Queue(database_url, heartbeat=0.2, stalled=1)
    queue.add("note", note)
    working = asyncio.create_task(queue.run(signals=False))
    for _ in range(1200):
        await asyncio.sleep(0.1)
        if done:
            break
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert done == [1]


@pytest.mark.slow
async def test_a_frozen_worker_that_thaws_loses_and_strands_nothing(
    marks: Database, database_url: str, workers: list[Process]
) -> None:
    first = await _start(workers, database_url, "one")
    await _enqueue(marks, Job("note", {"what": "a", "seconds": -1.0}, queue=RUNS))
    await _until(marks, "start a")
    first.send_signal(signal.SIGSTOP)
    await _start(workers, database_url, "two")
    await _until(marks, "start a", 2)
    first.send_signal(signal.SIGCONT)
    await _mark(marks, "go one")
    # It ends what it began (the run's fence is what keeps deeds from happening twice), but not the other's job.
    assert await _until(marks, "end a") == [("one", "end a")]
    await asyncio.sleep(0.3)
    assert await _jobs(marks) == [("note", "doing")]
    await _mark(marks, "go two")
    assert await _until(marks, "end a", 2) == [("one", "end a"), ("two", "end a")]
    await _enqueue(marks, *[Job("note", {"what": f"b{n}"}, queue=RUNS) for n in range(6)])
    await _until(marks, "end b%", 6)
    for _ in range(600):
        if not await _jobs(marks):
            break
        await asyncio.sleep(0.1)
    assert await _jobs(marks) == []
    assert Counter(x for _, x in await _marks(marks, "end b%")) == {f"end b{n}": 1 for n in range(6)}


@pytest.mark.slow
async def test_a_periodic_job_runs_once_a_slot_with_two_workers(
    marks: Database, database_url: str, workers: list[Process]
) -> None:
    async def now() -> tuple[int, int]:
        """Return the number of the slot (they last a second), and how many jobs have started."""
        count = "SELECT count(*) FROM marks WHERE what = 'start tick'"
        query = f"SELECT floor(extract(epoch FROM now()))::bigint, ({count})"
        async with marks.transaction() as session:
            slot, count = (await session.execute(text(query))).one()
        return int(slot), int(count)

    first, _ = await now()
    await asyncio.gather(_start(workers, database_url, "one"), _start(workers, database_url, "two"))
    for _ in range(1200):
        slot, starts = await now()
        if starts >= 8:
            break
        await asyncio.sleep(0.1)
    assert starts >= 8
    # However late a busy machine begins one: never more starts than slots have passed, the one before them included.
    assert starts <= slot - first + 2, (first, slot, starts)
