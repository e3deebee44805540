"""Who listens hears what was committed, and looks again after the line was cut."""

import asyncio

import pytest
from sqlalchemy import text

from colleague.kit.db import Database, notify
from colleague.kit.streams import Streams

pytestmark = pytest.mark.anyio


async def _tell(database: Database, topic: str) -> None:
    async with database.transaction() as session:
        await notify(session, topic)


async def _listening(streams: Streams, database: Database, event: asyncio.Event) -> None:
    """Wait until the LISTEN stands: everyone is woken once when it does."""
    await asyncio.wait_for(event.wait(), 60)
    event.clear()


async def test_only_the_topics_readers_wake_and_only_after_the_commit(database: Database, database_url: str) -> None:
    streams = Streams(database_url)
    async with streams.listen("run:a") as a, streams.listen("run:a") as a2, streams.listen("run:b") as b:
        await _listening(streams, database, a)
        a2.clear(), b.clear()
        async with database.transaction() as session:
            await notify(session, "run:a")
            await asyncio.sleep(0.2)
            assert not a.is_set()
        await asyncio.wait_for(asyncio.gather(a.wait(), a2.wait()), 60)
        assert not b.is_set()
        with pytest.raises(RuntimeError):
            async with database.transaction() as session:
                await notify(session, "run:b")
                raise RuntimeError
        await asyncio.sleep(0.2)
        assert not b.is_set()
        assert streams.readers == 3
    assert streams.readers == 0
    await streams.close()


async def test_a_cut_line_is_mended_and_everyone_looks_once(database: Database, database_url: str) -> None:
    streams = Streams(database_url)
    async with streams.listen("run:a") as event:
        await _listening(streams, database, event)
        for _ in range(3):
            async with database.transaction() as session:
                query = text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' "
                    "AND datname = current_database()"
                )
                assert (await session.execute(query)).all()
                await notify(session, "run:a")  # told while nobody can hear
            await asyncio.wait_for(event.wait(), 60)
            event.clear()
        await _tell(database, "run:a")
        await asyncio.wait_for(event.wait(), 60)
    await streams.close()


async def test_a_database_that_is_away_for_a_while_is_waited_for(database_url: str) -> None:
    streams = Streams(database_url.replace("/t_", "/nowhere_"))
    async with streams.listen("x") as event:
        await asyncio.sleep(0.3)
        assert not event.is_set()
        streams._url = database_url
        await asyncio.wait_for(event.wait(), 60)
    await streams.close()
    await streams.close()  # twice harms nothing
