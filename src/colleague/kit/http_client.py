"""A client for protocols that bring their own library (MCP on httpx2): every request of it goes through Egress."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import httpcore
import httpx2

from colleague.kit.errors import Failure
from colleague.kit.http import AnswerTooLarge, Egress, NoAnswer


class Door(httpx2.AsyncBaseTransport):
    """Carries requests of an httpx2 client through `egress` to `hosts` only.

    `failure` is the first refusal or outage met, in our own words; `status` the last answer's to something posted.
    """

    def __init__(self, egress: Egress, hosts: Iterable[str], *, size_limit: int, silence: float = 60) -> None:
        """Take the door, the hosts, the bytes that all answers together may have, and how long silence may last."""
        self._egress, self._hosts, self._left, self._limit = egress, tuple(hosts), size_limit, size_limit
        self._silence = silence
        self.failure: Failure | None = None
        self.status = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; httpx2's own error if it cannot be, with the reason kept in `failure`."""
        headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw]
        try:
            answer = await self._egress.stream(
                request.method, str(request.url), headers=headers, content=await request.aread() or None,
                hosts=self._hosts, silence=self._silence,
            )  # fmt: skip
        except Failure as failure:
            self.failure = self.failure or failure
            raise httpx2.ConnectError(failure.message, request=request) from failure
        if request.method == "POST":
            self.status = answer.status
        return httpx2.Response(
            answer.status, headers=list(answer.headers), request=request,
            stream=_Body(answer.chunks, answer.close, self._take),
        )  # fmt: skip

    def _take(self, size: int) -> None:
        """Count `size` bytes; AnswerTooLarge when there were too many."""
        self._left -= size
        if self._left < 0:
            self.failure = AnswerTooLarge(limit=self._limit)
            raise httpx2.ReadError(self.failure.message)

    def client(self, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
        """Return a client that sends `headers` with each request and can reach nothing but through this door."""
        return httpx2.AsyncClient(transport=self, headers=headers, trust_env=False, follow_redirects=False)


class _Body(httpx2.AsyncByteStream):
    def __init__(
        self, chunks: AsyncIterator[bytes], close: Callable[[], Awaitable[None]], take: Callable[[int], None]
    ) -> None:
        self._chunks, self._close, self._take = chunks, close, take

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                self._take(len(chunk))
                yield chunk
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise httpx2.ReadError(NoAnswer().message) from error

    async def aclose(self) -> None:
        await self._close()
