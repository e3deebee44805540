"""The one door for calls out: named hosts only, over TLS, to addresses of the public internet, within limits.

INVARIANT: the address that was checked is the address that is connected to: names are resolved once, here, and no
library below resolves them again.
"""

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import anyio
import httpcore
import httpx

from colleague.kit.addresses import BadHost, check_address, host_of, is_inner, matches
from colleague.kit.errors import Conflict, Forbidden, Invalid, Unavailable
from colleague.kit.settings import Settings

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

REDIRECTS, RETRIES, HOPS_KEEP = 5, 2, frozenset({"accept", "accept-language", "user-agent"})
# Given as a host of one call: any host of the public internet, where an administrator opened everything.
PUBLIC = "(any public host)"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_BUSY = frozenset({429, 502, 503, 504})


class BadUrl(Invalid):
    """This address cannot be called: {why}."""


class HostNotAllowed(Forbidden):
    """The host {host} is not among those that calls out may reach."""


class TooManyRedirects(Unavailable):
    """The server redirects more than 5 times."""


class AnswerTooLarge(Unavailable):
    """The server's answer is larger than {limit:,} bytes."""


class Unreachable(Unavailable):
    """The server cannot be reached; nothing was sent."""


class NoAnswer(Unavailable):
    """The server did not answer properly, or not in time."""


class AnswerLost(Conflict):
    """It is not known whether the server did it: the connection broke before its answer came."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """The beginning of an answer whose body is still to be read: `chunks` gives it, `close` gives up the connection."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    chunks: AsyncIterator[bytes] = field(repr=False)
    close: Callable[[], Awaitable[None]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `url` is where the answer came from, after redirects."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    url: str = ""


async def system_resolver(host: str, port: int) -> list[str]:
    """Return the addresses of `host` as the system knows them; Unreachable if there are none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable from None
    return [str(entry[4][0]) for entry in found]


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks every address, and connects to the first checked one, never to the name."""

    def __init__(self, resolve: Resolver, *, private: bool) -> None:
        self._resolve, self._private, self._inner = resolve, private, httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Open a connection; AddressNotAllowed if any address of the host is inside."""
        try:
            found = [str(ipaddress.ip_address(host))]
        except ValueError:
            found = list(await self._resolve(host, port))
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
        if not addresses:
            raise Unreachable
        for address in addresses:
            # One inner address among outer ones is what rebinding looks like: all must be fit.
            check_address(address, private=self._private)
        return await self._inner.connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """Refuse: no call out goes to a socket of this machine."""
        raise Unreachable

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await anyio.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterator[bytes], close: Callable[[], Awaitable[None]]) -> None:
        self._stream, self._close = stream, close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        await self._close()


class _Transport(httpx.AsyncBaseTransport):
    """Carries httpx requests over a pool whose network side is the checked one."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, context: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(ssl_context=context, network_backend=backend, keepalive_expiry=5)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        raw = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                request.method, raw, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        assert not isinstance(answer.stream, bytes)
        stream = answer.stream.__aiter__()  # type: ignore[union-attr]
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(stream, answer.aclose))

    async def aclose(self) -> None:
        await self._pool.aclose()


@cache
def system_trust() -> ssl.SSLContext:
    """Return the machine's trusted certificates, read once: the context is not changed afterwards."""
    return ssl.create_default_context()


class Egress:
    """Makes calls out. `hosts` on a call adds to those the operator named; a grant's hosts come that way."""

    def __init__(
        self, *, hosts: Iterable[str] = (), private: bool = False, resolve: Resolver = system_resolver,
        size_limit: int = 20_000_000, seconds: float = 30, context: ssl.SSLContext | None = None, pause: float = 0.3,
    ) -> None:  # fmt: skip
        """Take the hosts that may always be called, the resolver, the limits, and the pause before a first retry.

        `private` opens private addresses, and plain http to this machine and to such addresses written as numbers.
        """
        self._hosts, self._private = tuple(h for h in map(str.strip, hosts) if h), private
        self._size, self._seconds, self._pause = size_limit, seconds, pause
        transport = _Transport(_CheckedBackend(resolve, private=private), context or system_trust())
        self._client = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, cookies=None)

    @staticmethod
    def of(settings: Settings) -> "Egress":
        """Build the door the operator's settings describe."""
        return Egress(hosts=settings.egress_hosts.split(","), private=settings.egress_private)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes | None = None,
        hosts: Iterable[str] = (), idempotent: bool | None = None, size_limit: int | None = None,
        seconds: float | None = None,
    ) -> Answer:  # fmt: skip
        """Call `url` and return the whole answer, whatever its status.

        `idempotent` (default: by the method) allows retries. Raises BadUrl, HostNotAllowed, AddressNotAllowed,
        TooManyRedirects, AnswerTooLarge, Unreachable (surely nothing was sent), NoAnswer, and AnswerLost where a call
        that must not happen twice may have happened.
        """
        method = method.upper()
        allowed = (*self._hosts, *hosts)
        repeatable = method in _SAFE if idempotent is None else idempotent
        try:
            async with asyncio.timeout(seconds or self._seconds):
                return await self._follow(
                    method, url, dict(headers or {}), content, allowed, repeatable, size_limit or self._size
                )
        except TimeoutError:
            raise (NoAnswer if repeatable else AnswerLost) from None

    async def stream(
        self, method: str, url: str, *, headers: Sequence[tuple[str, str]] = (), content: bytes | None = None,
        hosts: Iterable[str] = (), silence: float | None = None,
    ) -> Streamed:  # fmt: skip
        """Call `url` once and return before its body is read: no redirect is followed, nothing is repeated.

        `silence` is how long the server may say nothing. For protocols that bring their own client; the caller bounds
        what it reads. Raises BadUrl, HostNotAllowed, AddressNotAllowed, Unreachable (surely nothing was sent) and
        NoAnswer.
        """
        target = self._target(url, (*self._hosts, *hosts))
        sent = [(k, v) for k, v in headers if k.casefold() not in ("host", "accept-encoding")]
        request = self._client.build_request(
            method, target, headers=[*sent, ("accept-encoding", "identity")], content=content
        )
        request.extensions["timeout"] = {"connect": 10.0, "read": silence, "write": 30.0, "pool": 10.0}
        try:
            answer = await self._client.send(request, stream=True)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout):
            raise Unreachable from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            raise NoAnswer from None
        self._client.cookies.clear()
        if answer.headers.get("content-encoding", "identity").strip().casefold() not in ("identity", ""):
            await answer.aclose()
            raise NoAnswer
        return Streamed(answer.status_code, answer.headers.raw, answer.aiter_raw(), answer.aclose)

    async def _follow(
        self, method: str, url: str, headers: dict[str, str], content: bytes | None, allowed: tuple[str, ...],
        repeatable: bool, limit: int,
    ) -> Answer:  # fmt: skip
        target = self._target(url, allowed)
        for _ in range(REDIRECTS + 1):
            answer = await self._attempt(method, target, headers, content, repeatable, limit)
            place = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not place:
                return answer
            following = self._target(_joined(target, place), allowed)
            elsewhere = _origin(following) != _origin(target)
            if answer.status in (307, 308):
                if elsewhere and content is not None:
                    raise BadUrl(why="it redirects what was sent to another host")
            elif method != "HEAD":
                method, content = "GET", None
            if elsewhere:
                # Credentials belong to the host they were given for; so does anything that might be one.
                headers = {k: v for k, v in headers.items() if k.casefold() in HOPS_KEEP}
            target = following
        raise TooManyRedirects

    def _target(self, url: str, allowed: tuple[str, ...]) -> httpx.URL:
        """Check an address before anything is resolved: scheme, host, port, nothing hidden in it."""
        if len(url) > 8000 or any(c.isspace() or not c.isprintable() for c in url) or "\\" in url:
            raise BadUrl(why="it holds characters that do not belong there")
        try:
            target = httpx.URL(url)
            host = host_of(target.raw_host.decode("ascii"))
        except (httpx.InvalidURL, UnicodeError, BadHost):
            raise BadUrl(why="it has no proper host name") from None
        if target.userinfo:
            raise BadUrl(why="it carries a user name")
        if target.port is not None and not 0 < target.port < 65_536:
            raise BadUrl(why="there is no such port")
        if target.scheme != "https" and not (target.scheme == "http" and self._private and is_inner(host)):
            raise BadUrl(why="only https is allowed")
        if PUBLIC not in allowed and not any(matches(host, one) for one in allowed):
            raise HostNotAllowed(host=host)
        return target.copy_with(host=host, fragment=None)

    async def _attempt(
        self, method: str, url: httpx.URL, headers: dict[str, str], content: bytes | None, repeatable: bool, limit: int
    ) -> Answer:
        """Make one call; again after a pause if it may be repeated and the server was busy or broke off."""
        for number in range(RETRIES + 1):
            last = number == RETRIES or not repeatable
            try:
                answer = await self._once(method, url, headers, content, limit)
                if last or answer.status not in _BUSY:
                    return answer
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last:
                    raise Unreachable from None
            except (AnswerTooLarge, NoAnswer):
                # It answered, so it has done something; for what may not happen twice that is all one can say.
                if repeatable:
                    raise
                raise AnswerLost from None
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, zlib.error):
                if not repeatable:
                    raise AnswerLost from None
                if last:
                    raise NoAnswer from None
            await asyncio.sleep(self._pause * 3**number)
        raise NoAnswer

    async def _once(
        self, method: str, url: httpx.URL, headers: dict[str, str], content: bytes | None, limit: int
    ) -> Answer:
        # No compression is asked for: a small answer that unfolds into a huge one is never welcome.
        sent = {"user-agent": "colleague", **headers, "accept-encoding": "identity"}
        request = self._client.build_request(method, url, headers=sent, content=content)
        request.extensions["timeout"] = {"connect": 10.0, "read": None, "write": None, "pool": 10.0}
        answer = await self._client.send(request, stream=True)
        # No cookie of one call is carried to the next.
        self._client.cookies.clear()
        try:
            body = await _bounded(answer, limit) if method != "HEAD" else b""
        finally:
            await answer.aclose()
        return Answer(answer.status_code, dict(answer.headers), body, str(url))


async def _bounded(answer: httpx.Response, limit: int) -> bytes:
    """Read a body up to `limit` bytes, also when it unfolds; NoAnswer for an encoding that is not known."""
    encoding = answer.headers.get("content-encoding", "identity").strip().casefold()
    if encoding not in ("identity", "", "gzip", "deflate"):
        raise NoAnswer
    unfold = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in ("gzip", "deflate") else None
    content = bytearray()
    async for chunk in answer.aiter_raw():
        content += unfold.decompress(chunk, limit + 1 - len(content)) if unfold else chunk
        if len(content) > limit or (unfold and unfold.unconsumed_tail):
            raise AnswerTooLarge(limit=limit)
    if unfold and not unfold.eof and content:
        raise NoAnswer
    return bytes(content)


def _joined(base: httpx.URL, place: str) -> str:
    try:
        return str(base.join(place))
    except (httpx.InvalidURL, UnicodeError):
        raise BadUrl(why="it redirects to what is no address") from None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
