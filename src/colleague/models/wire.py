"""The line to providers: a client that connects only to addresses that were checked, within limits.

INVARIANT: the address that was checked is the one that is connected to. A provider on one's own machines is held to
private addresses, every other one to public ones; metadata services and link-local addresses are never called.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2

from colleague.agent.llms.remote.connect import Line
from colleague.kit.addresses import Ip, check_address
from colleague.kit.errors import Forbidden
from colleague.kit.http import Resolver, Unreachable, system_resolver


class PublicAlthoughOwn(Forbidden):
    """It is said to be on your own machines, but its address is on the public internet: choose its true zone."""


def _check(addresses: Sequence[Ip], *, own: bool, private: bool) -> None:
    for address in addresses:
        check_address(address, private=own or private)
        if own and not (address.is_private or address.is_loopback):
            raise PublicAlthoughOwn


async def check_host(url: str, *, own: bool, private: bool, resolve: Resolver = system_resolver) -> None:
    """Refuse an address that may not be called; for the one kind whose package brings its own network (Bedrock)."""
    host = urlsplit(url).hostname or ""
    found = await resolve(host, urlsplit(url).port or 443)
    _check([ipaddress.ip_address(text.partition("%")[0]) for text in found], own=own, private=private)


class _Checked(httpcore2.AsyncNetworkBackend):
    def __init__(self, resolve: Resolver, *, own: bool, private: bool) -> None:
        self._resolve, self._own, self._private = resolve, own, private
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:  # fmt: skip
        """Open a connection to the first address of the host, if all of them may be called."""
        try:
            found: Sequence[str] = [str(ipaddress.ip_address(host))]
        except ValueError:
            found = await self._resolve(host, port)
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
        if not addresses:
            raise Unreachable
        _check(addresses, own=self._own, private=self._private)
        return await self._inner.connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: no provider is a socket of this machine."""
        raise Unreachable

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)


class _Transport(httpx2.AsyncHTTPTransport):
    """httpx2's own transport (it knows how to name errors) over a pool whose network side is the checked one."""

    def __init__(self, backend: httpcore2.AsyncNetworkBackend) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(), max_connections=64, max_keepalive_connections=8,
            keepalive_expiry=20, network_backend=backend,
        )  # fmt: skip


def client(*, own: bool, private: bool, resolve: Resolver = system_resolver) -> httpx2.AsyncClient:
    """Return a client for one provider. `private` opens private addresses to every provider (tests, demo)."""
    return httpx2.AsyncClient(
        transport=_Transport(_Checked(resolve, own=own, private=private)), trust_env=False, follow_redirects=False,
        timeout=httpx2.Timeout(120, connect=10),
    )  # fmt: skip


__all__ = ["Line", "check_host", "client"]
