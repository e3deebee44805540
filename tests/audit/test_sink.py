"""A witness that cannot be reached stops nothing, is said and put on record, and gets everything later, in order."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.audit.ledgers import SIGNER, check, fill, until

from colleague.audit.jobs import keep_sealing
from colleague.audit.read import verify
from colleague.audit.record import Ledger
from colleague.audit.sink import FolderSink, HttpSink, SinkUnavailable
from colleague.kit.db import Database
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio


class Flaky:
    """A witness whose line can be cut."""

    def __init__(self) -> None:
        self.cut, self.notes = True, list[str]()

    async def put(self, note: str) -> None:
        if self.cut:
            raise SinkUnavailable
        self.notes.append(note)

    async def all(self) -> list[str]:
        return list(self.notes)


async def _verbs(database: Database) -> list[str]:
    async with database.transaction() as session:
        found = await session.scalars(text("SELECT verb FROM ledger_entries WHERE verb LIKE 'ledger.w%' ORDER BY id"))
        return list(found)


async def test_sealing_goes_on_without_its_witness_and_the_loss_is_on_record_once(
    database: Database, ledger: Ledger
) -> None:
    sink = Flaky()
    await fill(database, ledger, 3)
    loop = asyncio.create_task(
        keep_sealing(database, signer=SIGNER, sink=sink, clock=TestClock(), ledger=ledger, every=0.02)
    )
    try:

        async def lost() -> bool:
            return await _verbs(database) == ["ledger.witness_lost"] and (await check(database)).verified == 4

        await until(lost)
        await asyncio.sleep(0.2)
        assert await lost()  # once, not with every try
        report = await verify(database, "person_x", public=SIGNER.public, sink=sink, ledger=ledger)
        assert report.ok
        sink.cut = False

        async def back() -> bool:
            return await _verbs(database) == ["ledger.witness_lost", "ledger.witness_reached"]

        await until(back)
        await until(lambda: _all_there(database, sink))
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    sizes = [c.size for n in sink.notes if (c := SIGNER.public.open(n))]
    assert sizes == sorted(sizes)
    assert sizes[0] == 3
    assert (await check(database, sink.notes)).ok


async def _all_there(database: Database, sink: Flaky) -> bool:
    report = await check(database, sink.notes)
    return report.unsealed == 0 and report.unwitnessed == 0 and bool(sink.notes)


async def test_verification_says_that_the_witness_lags(database: Database, ledger: Ledger) -> None:
    sink = Flaky()
    sink.cut = False
    await fill(database, ledger, 2, sink=sink)
    sink.cut = True
    await fill(database, ledger, 2, 2, sink=sink)
    report = await check(database, sink.notes)
    assert report.sentence == "intact to entry 6, 2 checkpoints have not reached the witness"


async def test_a_folder_that_cannot_be_written_or_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file where the folder should be")
    sink = FolderSink(tmp_path / "blocked" / "below")
    with pytest.raises(SinkUnavailable, match="witness"):
        await sink.put("x")
    (tmp_path / "colleague-checkpoints.txt").mkdir()
    assert await FolderSink(tmp_path).all() == []
    with pytest.raises(SinkUnavailable):
        await FolderSink(tmp_path).put("x")


async def test_a_torn_note_does_not_spoil_the_next(tmp_path: Path) -> None:
    sink = FolderSink(tmp_path)
    await sink.put("one\n")
    with (tmp_path / "colleague-checkpoints.txt").open("ab") as stream:
        stream.write(b"tor\xc3")
    await sink.put("two\n")
    assert await sink.all() == ["one\n", "tor�", "two\n"]
    assert oct(os.stat(tmp_path / "colleague-checkpoints.txt").st_mode & 0o777) == "0o644"


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[bytes], list[str]]]:
    got: list[bytes] = []
    answers = ["200 OK"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(h.split(b":")[1] for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")))
        got.append(await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {answers[0]}\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/notes", got, answers
    listener.close()
    await listener.wait_closed()


async def test_a_web_witness_gets_the_note_and_only_a_plain_yes_counts(
    server: tuple[str, list[bytes], list[str]],
) -> None:
    url, got, answers = server
    await HttpSink(url).put("note —\n")
    assert got == ["note —\n".encode()]
    for answers[0] in ("500 no", "404 no", "302 moved"):
        with pytest.raises(SinkUnavailable):
            await HttpSink(url).put("x")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://[bad/", "http://\0/"])
async def test_a_web_witness_that_is_not_there_is_unavailable(url: str) -> None:
    with pytest.raises(SinkUnavailable):
        await HttpSink(url).put("x")
