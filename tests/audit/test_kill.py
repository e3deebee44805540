"""Processes that write and seal are killed at any moment: what was acknowledged is there, nothing is sealed twice."""

import asyncio
import contextlib
import multiprocessing
import random
import signal
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.audit.ledgers import SIGNER, check, fill
from tests.audit.worker import work

from colleague.audit.record import Ledger
from colleague.audit.seal import seal
from colleague.audit.sink import FolderSink
from colleague.kit.db import Database
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio


class Worker:
    """A process of its own, forked from one that has imported everything already."""

    def __init__(self, *what: str) -> None:
        fork = multiprocessing.get_context("forkserver")
        fork.set_forkserver_preload(["colleague.testing.chaos"])
        self.told, end = fork.Pipe(duplex=False)
        self.process = fork.Process(target=work, args=(*what, end))
        self.process.start()
        end.close()

    async def works(self) -> None:
        """Wait until it has said something."""
        assert await asyncio.to_thread(self.told.poll, 60)

    def kill(self) -> list[str]:
        """kill -9, and return all that it had said."""
        self.process.kill()
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL
        said = []
        with contextlib.suppress(EOFError, OSError), self.told:  # What it was about to say counts as not said.
            while True:
                said.append(self.told.recv())
        return said


async def _start(what: str, url: str, folder: str) -> Worker:
    worker = Worker(what, url, folder)
    await worker.works()
    return worker


@pytest.mark.slow
async def test_killed_writers_and_sealers_leave_a_whole_ledger(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(7)
    acknowledged: list[str] = []
    turn = 0
    # Three times, and for as long as a busy machine needs until enough was written.
    while turn < 3 or (len(acknowledged) <= 50 and turn < 60):
        turn += 1
        start = [_start("write", database_url, f"w{turn}{i}") for i in range(2)]
        writers = await asyncio.gather(*start)
        sealers = await asyncio.gather(*(_start("seal", database_url, str(tmp_path)) for _ in range(2)))
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        for worker in (*sealers, *writers):
            acknowledged += [line for line in worker.kill() if line != "round"]
        report = await check(database, await FolderSink(tmp_path).all())
        assert report.ok, report.findings
    while await seal(database, signer=SIGNER, sink=FolderSink(tmp_path), clock=TestClock()):
        pass
    async with database.transaction() as session:
        there = set((await session.scalars(text("SELECT subject FROM ledger_entries WHERE seq IS NOT NULL"))).all())
        count = await session.scalar(text("SELECT count(*) FROM ledger_entries"))
    assert len(acknowledged) > 50
    assert set(acknowledged) <= there
    report = await check(database, await FolderSink(tmp_path).all())
    assert report.ok
    assert report.verified == count == len(there)
    assert report.unsealed == 0


async def test_killed_between_witness_and_note_of_it_harms_nothing(
    database: Database, database_url: str, ledger: Ledger, tmp_path: Path
) -> None:
    await fill(database, ledger, 3)
    worker = await _start("pause", database_url, str(tmp_path))
    worker.kill()
    sink = FolderSink(tmp_path)
    assert len(await sink.all()) == 1
    await seal(database, signer=SIGNER, sink=sink, clock=TestClock())
    notes = await sink.all()
    assert len(notes) == 2
    assert notes[0] == notes[1]
    assert (await check(database, notes)).ok


async def test_killed_in_the_middle_of_sealing_nothing_has_happened(
    database: Database, database_url: str, ledger: Ledger, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        from colleague.audit.event import Event

        for number in range(10):
            await ledger.record(session, Event("thing.done", "x", subject=str(number)))
    async with database.transaction() as session:
        # The sealer gets as far as the checkpoint's row and must wait there: the moment just before its commit.
        await session.execute(text("LOCK TABLE ledger_checkpoints IN SHARE MODE"))
        worker = Worker("seal", database_url, str(tmp_path))
        waits = text("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'ledger_checkpoints'::regclass")
        for _ in range(3000):
            await asyncio.sleep(0.1)
            if waiting := (await session.execute(waits)).first():
                break
        assert worker.kill() == []
        assert waiting is not None
    # The server frees the dead sealer's lock when it notices the broken line.
    for _ in range(1200):
        if sealed := await seal(database, signer=SIGNER, sink=None, clock=TestClock()):
            break
        await asyncio.sleep(0.1)
    assert sealed == 10
    report = await check(database)
    assert report.ok
    assert report.verified == 10


async def test_many_writers_and_two_sealers_at_once(database: Database, ledger: Ledger, tmp_path: Path) -> None:
    from colleague.audit.event import Event

    sink = FolderSink(tmp_path)

    async def write(name: int) -> None:
        for number in range(25):
            async with database.transaction() as session:
                await ledger.record(session, Event("thing.done", "x", subject=f"{name}-{number}"))

    async def sealer() -> int:
        total = 0
        for _ in range(60):
            total += await seal(database, signer=SIGNER, sink=sink, clock=TestClock(), limit=7)
            await asyncio.sleep(0)
        return total

    results = await asyncio.gather(*(write(n) for n in range(6)), sealer(), sealer())
    rest = 0
    while more := await seal(database, signer=SIGNER, sink=sink, clock=TestClock()):
        rest += more
    assert sum(r for r in results if r) + rest == 150
    report = await check(database, await sink.all())
    assert report.ok
    assert report.verified == 150
