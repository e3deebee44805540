"""Server-sent events: frames with ids, a heartbeat, an end when the reader leaves or may no longer read."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import StreamingResponse

from colleague.kit.errors import Unavailable

HEARTBEAT, PER_PERSON = 15.0, 12


class TooManyStreams(Unavailable):
    """Too many live pages are open: close one of them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event: `id` is what the browser sends back when it reconnects; no `name` means a piece of the page."""

    id: str
    data: str
    name: str = ""

    def encode(self) -> bytes:
        """Return the event as it goes over the line; each line of the data becomes a `data:` line."""
        head = f"id: {self.id}\n" + (f"event: {self.name}\n" if self.name else "")
        body = "".join(f"data: {line}\n" for line in self.data.replace("\r", "").split("\n"))
        return f"{head}{body}\n".encode()


Produce = Callable[[], AsyncGenerator[Frame, None]]


class _Over(Exception):
    """There is nothing more to come."""


class _Room:
    """One thing that is watched: its newest frame, encoded once, and who makes the next."""

    def __init__(self) -> None:
        self.number, self.latest, self.watchers = 0, b"", 0
        self.error: BaseException | None = None
        self.news = asyncio.Condition()
        self.producer: asyncio.Task[None] | None = None

    async def fill(self, frames: AsyncGenerator[Frame, None]) -> None:
        try:
            async for frame in frames:
                await self._tell(frame.encode(), None)
            await self._tell(b"", _Over())
        except Exception as error:
            await self._tell(b"", error)

    async def _tell(self, latest: bytes, error: BaseException | None) -> None:
        async with self.news:
            self.number, self.latest, self.error = self.number + 1, latest, error
            self.news.notify_all()


class Hub:
    """The live pages of this process. Renders once for all who watch the same thing: one producer a key, its newest
    frame reaches every watcher. Frames hold the whole state, so a slow watcher skips the ones between.
    """

    def __init__(self, *, per_person: int = PER_PERSON) -> None:
        """Nobody watches yet; at most `per_person` streams are open for one person."""
        self._rooms: dict[Hashable, _Room] = {}
        self._open: Counter[str] = Counter()
        self._most = per_person

    async def _watch(self, key: Hashable, produce: Produce) -> AsyncGenerator[bytes, None]:
        """Yield encoded frames of `key`; `produce` starts with the first watcher and ends with the last one."""
        room = self._rooms.setdefault(key, _Room())
        room.watchers += 1
        if room.producer is None:
            room.producer = asyncio.create_task(room.fill(produce()))
        seen = 0
        try:
            while True:
                async with room.news:
                    while room.number == seen:
                        await room.news.wait()
                    seen, latest, error = room.number, room.latest, room.error
                if isinstance(error, _Over):
                    return
                if error is not None:
                    raise error
                yield latest
        finally:
            room.watchers -= 1
            if not room.watchers:
                self._rooms.pop(key, None)
                room.producer.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await room.producer

    async def stream(
        self,
        request: Request,
        key: Hashable,
        produce: Produce,
        *,
        person: str,
        still: Callable[[], Awaitable[bool]] | None = None,
    ) -> StreamingResponse:
        """Return a response that streams what `produce` makes for `key` to `person`.

        `still` is asked at each heartbeat whether they may go on. Raises TooManyStreams.
        """
        if self._open[person] >= self._most:
            raise TooManyStreams
        frames = self._watch(key, produce)

        async def body() -> AsyncIterator[bytes]:
            # Counted here: a reader who leaves before the first byte is never counted, nor forgotten.
            self._open[person] += 1
            pending: asyncio.Task[bytes] | None = None
            try:
                yield b"retry: 1000\n\n"
                while True:
                    pending = pending or asyncio.create_task(_next(frames))
                    done, _ = await asyncio.wait({pending}, timeout=HEARTBEAT)
                    if done:
                        frame, pending = pending.result(), None
                        yield frame
                    elif await request.is_disconnected() or (still is not None and not await still()):
                        return
                    else:
                        yield b": still here\n\n"
            except StopAsyncIteration:
                return
            finally:
                self._open[person] -= 1
                if pending is not None:
                    pending.cancel()
                    with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
                        await pending
                await frames.aclose()

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(body(), media_type="text/event-stream", headers=headers)


async def _next(frames: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(frames)
