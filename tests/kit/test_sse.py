"""Live pages: rendered once for all who watch, nothing lost, ended when nobody watches or one may no longer."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from fastapi import Request

from colleague.kit import sse
from colleague.kit.sse import Frame, Hub, TooManyStreams

pytestmark = pytest.mark.anyio


class Source:
    """Makes a frame for each number put in; counts how often it was started and ended."""

    def __init__(self) -> None:
        self.numbers: asyncio.Queue[int] = asyncio.Queue()
        self.started = self.ended = self.made = 0

    async def frames(self) -> AsyncGenerator[Frame, None]:
        self.started += 1
        try:
            while True:
                number = await self.numbers.get()
                if number == 0:
                    return
                if number < 0:
                    raise LookupError("gone")
                self.made += 1
                yield Frame(str(number), f"state\n{number}")
        finally:
            self.ended += 1


class Reader:
    """One browser: what it got so far."""

    def __init__(self, hub: Hub, source: Source, person: str = "ana", still: Any = None) -> None:
        self.got: list[bytes] = []
        self._gone = asyncio.Event()
        self._task = asyncio.create_task(self._read(hub, source, person, still))

    async def _read(self, hub: Hub, source: Source, person: str, still: Any) -> None:
        async def receive() -> dict[str, Any]:
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if b"data:" in message.get("body", b""):
                self.got.append(message["body"])

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        response = await hub.stream(Request(scope, receive), "task", source.frames, person=person, still=still)
        await response(scope, receive, send)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.got) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def leave(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, 60)


async def test_a_frame_is_made_once_for_everybody() -> None:
    hub, source = Hub(), Source()
    readers = [Reader(hub, source, f"p{n}") for n in range(5)]
    source.numbers.put_nowait(1)
    for reader in readers:
        await reader.until(1)
    assert (source.started, source.made) == (1, 1)
    assert readers[0].got == [b"id: 1\ndata: state\ndata: 1\n\n"]
    late = Reader(hub, source)
    await late.until(1)
    assert late.got == readers[0].got, "who comes later sees the newest state at once"
    for reader in (*readers, late):
        await reader.leave()
    assert source.ended == 1, "nobody watches: nothing is made any more"


async def test_a_producer_that_breaks_ends_the_streams_and_starts_anew() -> None:
    hub, source = Hub(), Source()
    reader = Reader(hub, source)
    source.numbers.put_nowait(-1)
    with pytest.raises((LookupError, ExceptionGroup)):
        await asyncio.wait_for(reader._task, 60)
    again = Reader(hub, source)
    source.numbers.put_nowait(2)
    await again.until(1)
    await again.leave()


async def test_a_producer_that_is_finished_ends_the_streams() -> None:
    hub, source = Hub(), Source()
    readers = [Reader(hub, source), Reader(hub, source)]
    source.numbers.put_nowait(1)
    source.numbers.put_nowait(0)
    for reader in readers:
        await asyncio.wait_for(reader._task, 60)
    assert source.ended == 1


async def test_who_may_no_longer_is_cut_off_at_the_next_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT", 0.05)
    hub, source, may = Hub(), Source(), [True]

    async def still() -> bool:
        return may[0]

    reader = Reader(hub, source, still=still)
    source.numbers.put_nowait(1)
    await reader.until(1)
    may[0] = False
    await asyncio.wait_for(reader._task, 60)
    assert source.ended == 1


async def test_one_person_opens_only_so_many() -> None:
    hub, source = Hub(per_person=2), Source()
    readers = [Reader(hub, source), Reader(hub, source)]
    await asyncio.sleep(0.05)
    third = Reader(hub, source)
    with pytest.raises(TooManyStreams):
        await asyncio.wait_for(third._task, 60)
    await readers[0].leave()
    fourth = Reader(hub, source)
    source.numbers.put_nowait(1)
    await fourth.until(1)
    for reader in (readers[1], fourth):
        await reader.leave()
