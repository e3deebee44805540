"""Who listens hears: one LISTEN connection a process, fanned out to any number of waiting readers."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import sql

from colleague.kit.log import get_log

log = get_log("streams")


class Streams:
    """Wakes readers when the database notifies a topic. The news itself is read from the tables."""

    CHANNEL = "colleague"

    def __init__(self, url: str) -> None:
        """Take the database address; the connection opens with the first reader."""
        self._url = url
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[asyncio.Event]:
        """Give an event that is set whenever `topic` is notified; the reader clears it."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._pump())
        event = asyncio.Event()
        self._waiting[topic].add(event)
        try:
            yield event
        finally:
            self._waiting[topic].discard(event)
            if not self._waiting[topic]:
                del self._waiting[topic]

    @property
    def readers(self) -> int:
        """How many readers wait now."""
        return sum(map(len, self._waiting.values()))

    async def close(self) -> None:
        """Stop listening."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _pump(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.CHANNEL)))
                    # What was notified while the line was down is unknown: everyone looks once.
                    self._wake(*self._waiting)
                    async for notice in connection.notifies():
                        self._wake(notice.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("listening again", error=type(error).__name__)
            await asyncio.sleep(0.5)

    def _wake(self, *topics: str) -> None:
        for topic in topics:
            for event in tuple(self._waiting.get(topic, ())):
                event.set()
