"""Server-sent events: frames with ids, a heartbeat, an end when the reader leaves or may no longer read."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import StreamingResponse

from colleague.kit.errors import Unavailable

HEARTBEAT, PER_PERSON = 15.0, 12
_open: Counter[str] = Counter()


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


async def sse(
    request: Request,
    frames: AsyncGenerator[Frame, None],
    *,
    person: str,
    still: Callable[[], Awaitable[bool]] | None = None,
) -> StreamingResponse:  # fmt: skip
    """Return a response that streams `frames` to `person`. `still` is asked at each heartbeat whether they may go on.

    Raises TooManyStreams beyond 12 open streams of one person in this process.
    """
    if _open[person] >= PER_PERSON:
        raise TooManyStreams
    _open[person] += 1

    async def body() -> AsyncIterator[bytes]:
        pending: asyncio.Task[Frame] | None = None
        try:
            yield b"retry: 1000\n\n"
            while True:
                pending = pending or asyncio.create_task(_next(frames))
                done, _ = await asyncio.wait({pending}, timeout=HEARTBEAT)
                if done:
                    frame, pending = pending.result(), None
                    yield frame.encode()
                elif await request.is_disconnected() or (still is not None and not await still()):
                    return
                else:
                    yield b": still here\n\n"
        except StopAsyncIteration:
            return
        finally:
            _open[person] -= 1
            if pending is not None:
                pending.cancel()
                with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
                    await pending
            await frames.aclose()

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body(), media_type="text/event-stream", headers=headers)


async def _next(frames: AsyncGenerator[Frame, None]) -> Frame:
    return await anext(frames)
