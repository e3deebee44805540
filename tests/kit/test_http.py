"""Calls out reach named hosts on the public internet only, whatever a name, a redirect or an answer tries."""

import asyncio
import gzip
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from colleague.kit.addresses import AddressNotAllowed, BadHost, check_address, host_of, matches
from colleague.kit.http import (
    AnswerLost,
    AnswerTooLarge,
    BadUrl,
    Egress,
    HostNotAllowed,
    NoAnswer,
    TooManyRedirects,
    Unreachable,
)

pytestmark = pytest.mark.anyio

Handler = Callable[[str, str, dict[str, str], bytes, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A bare HTTP server: what a test says is what goes over the wire."""

    def __init__(self, handler: Handler) -> None:
        self.handler, self.requests, self.port = handler, [], 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((method, path, headers, body))
            await self.handler(method, path, headers, body, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Server]:
    server = Server(handler)
    running = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = running.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        running.close()
        await running.wait_closed()


def write(writer: asyncio.StreamWriter, status: str, body: bytes = b"", **headers: str) -> None:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


async def hello(method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
    write(writer, "200 OK", b"hello " + body)


@asynccontextmanager
async def egress(**options: object) -> AsyncIterator[Egress]:
    door = Egress(**{"hosts": ["127.0.0.1"], "private": True, "pause": 0.0, **options})  # type: ignore[arg-type]
    try:
        yield door
    finally:
        await door.close()


async def test_an_allowed_host_answers() -> None:
    async with serving(hello) as server, egress() as door:
        answer = await door.request("POST", f"http://127.0.0.1:{server.port}/x", content=b"you")
    assert (answer.status, answer.content) == (200, b"hello you")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",  # not https, and not this machine
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://user:secret@127.0.0.1/",
        "https://127.0.0.1\\@evil.example/",
        "https://evil.example%00.127.0.0.1/",
        "https://127.0.0.1 .evil.example/",
        "https:///x",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://[fe80::1%25eth0]/",
        "https://127.0.0.1/\r\nHost: evil",
        "gopher://127.0.0.1",
        "",
        "https://example.com:65536/",
        "https://example.com:0/",
    ],
)
async def test_odd_addresses_are_refused_before_anything_is_resolved(url: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("resolved")

    async with egress(resolve=resolve, hosts=["*.evil.example", "example.com", "2130706433", "127.0.0.1"]) as door:
        with pytest.raises(BadUrl):
            await door.request("GET", url)


async def test_a_host_that_nobody_named_is_refused() -> None:
    async with egress() as door:
        with pytest.raises(HostNotAllowed, match=r"example\.org"):
            await door.request("GET", "https://example.org/")
        with pytest.raises(HostNotAllowed):
            await door.request("GET", "https://127.0.0.1.evil.example/")


@pytest.mark.parametrize(
    "inner",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "168.63.129.16", "::1", "::",
        "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1:2:3:4:5:6", "2001:db8::1",
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_refused_after_resolving(inner: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", inner]

    async with egress(private=False, hosts=["api.example.com"], resolve=resolve) as door:
        with pytest.raises(AddressNotAllowed):
            await door.request("GET", "https://api.example.com/")


@pytest.mark.parametrize("inner", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1",
                                   "fd00:ec2::254", "192.0.2.1"])  # fmt: skip
def test_metadata_and_link_local_stay_closed_even_where_private_addresses_are_open(inner: str) -> None:
    with pytest.raises(AddressNotAllowed):
        check_address(ipaddress.ip_address(inner), private=True)


@pytest.mark.parametrize("outer", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_open(outer: str) -> None:
    check_address(ipaddress.ip_address(outer), private=False)


async def test_rebinding_finds_no_second_resolution() -> None:
    """The name answers outer first and inner afterwards: it is asked once for a connection, and that answer is used."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def resolve(host: str, port: int) -> list[str]:
        return next(answers)

    async with serving(hello) as server, egress(hosts=["localhost"], resolve=resolve) as door:
        first = await door.request("GET", f"http://localhost:{server.port}/")
        assert first.status == 200
        with pytest.raises(AddressNotAllowed, match="metadata"):
            await door.request("GET", f"http://localhost:{server.port}/")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("place", "refusal"),
    [
        ("http://169.254.169.254/latest/meta-data/", (HostNotAllowed, BadUrl)),
        ("https://evil.example/", HostNotAllowed),
        ("file:///etc/passwd", BadUrl),
        ("//user:pw@127.0.0.1/", BadUrl),
        ("http://0x7f000001/", BadUrl),
        ("http://[::ffff:169.254.169.254]/", (HostNotAllowed, BadUrl)),
    ],
)
async def test_each_redirect_is_checked_like_a_first_call(place: str, refusal: type[Exception]) -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        write(writer, "302 Found", Location=place)

    async with serving(handler) as server, egress() as door:
        with pytest.raises(refusal):
            await door.request("GET", f"http://127.0.0.1:{server.port}/")


async def test_a_redirect_to_metadata_is_refused_even_if_its_host_is_named() -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        write(writer, "302 Found", Location="https://169.254.169.254/")

    async with serving(handler) as server, egress(hosts=["127.0.0.1", "169.254.169.254"]) as door:
        with pytest.raises(AddressNotAllowed, match="metadata"):
            await door.request("GET", f"http://127.0.0.1:{server.port}/")


async def test_credentials_stay_with_the_host_they_were_given_for() -> None:
    async with serving(hello) as other:

        async def handler(
            method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
        ) -> None:
            place = f"http://127.0.0.1:{other.port}/" if path == "/away" else "/away"
            write(writer, "302 Found", Location=place, Set_Cookie="session=1")

        async with serving(handler) as server, egress() as door:
            headers = {"Authorization": "Bearer t", "X-Api-Key": "k", "Accept": "text/plain"}
            await door.request("GET", f"http://127.0.0.1:{server.port}/", headers=headers)
    assert server.requests[1][2]["authorization"] == "Bearer t"
    received = other.requests[0][2]
    assert received["accept"] == "text/plain"
    assert not {"authorization", "x-api-key", "cookie"} & set(received)


async def test_a_body_is_not_sent_on_to_another_host() -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        write(writer, "307 Temporary Redirect", Location="https://127.0.0.1:1/")

    async with serving(handler) as server, egress() as door:
        with pytest.raises(BadUrl, match="another host"):
            await door.request("POST", f"http://127.0.0.1:{server.port}/", content=b"secret")


async def test_redirects_end() -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        write(writer, "302 Found", Location=path + "x")

    async with serving(handler) as server, egress() as door:
        with pytest.raises(TooManyRedirects):
            await door.request("GET", f"http://127.0.0.1:{server.port}/")
    assert len(server.requests) == 6


async def test_an_endless_body_is_cut_off() -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with serving(handler) as server, egress(size_limit=300_000) as door:
        with pytest.raises(AnswerTooLarge):
            await door.request("GET", f"http://127.0.0.1:{server.port}/")


async def test_a_body_that_unfolds_is_cut_off() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        assert headers["accept-encoding"] == "identity"
        write(writer, "200 OK", bomb if path == "/bomb" else gzip.compress(b"fine"), Content_Encoding="gzip")

    async with serving(handler) as server, egress(size_limit=1_000_000) as door:
        assert (await door.request("GET", f"http://127.0.0.1:{server.port}/")).content == b"fine"
        with pytest.raises(AnswerTooLarge):
            await door.request("GET", f"http://127.0.0.1:{server.port}/bomb")


async def test_a_body_that_trickles_ends_in_time() -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(handler) as server, egress(seconds=1.5) as door:
        with pytest.raises(NoAnswer):
            await door.request("GET", f"http://127.0.0.1:{server.port}/")
        with pytest.raises(AnswerLost):
            await door.request("POST", f"http://127.0.0.1:{server.port}/", content=b"once")


async def test_only_what_may_happen_twice_is_tried_again() -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        if len(server.requests) < 3:
            writer.transport.abort()
        else:
            write(writer, "200 OK", b"third")

    async with serving(handler) as server, egress() as door:
        url = f"http://127.0.0.1:{server.port}/"
        with pytest.raises(AnswerLost):
            await door.request("POST", url, content=b"x")
        assert len(server.requests) == 1
        assert (await door.request("GET", url)).content == b"third"
        server.requests.clear()
        assert (await door.request("POST", url, content=b"x", idempotent=True)).content == b"third"


async def test_a_busy_server_is_asked_again_and_its_last_word_is_returned() -> None:
    async def handler(
        method: str, path: str, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        write(writer, "503 Busy")

    async with serving(handler) as server, egress() as door:
        assert (await door.request("GET", f"http://127.0.0.1:{server.port}/")).status == 503
        assert len(server.requests) == 3
        await door.request("POST", f"http://127.0.0.1:{server.port}/", content=b"")
        assert len(server.requests) == 4


async def test_where_nothing_listens_nothing_was_sent() -> None:
    async with serving(hello) as server:
        port = server.port
    async with egress() as door:
        with pytest.raises(Unreachable):
            await door.request("POST", f"http://127.0.0.1:{port}/", content=b"x")


def test_hosts_have_one_spelling() -> None:
    assert host_of("EXAMPLE.com.") == "example.com"
    assert host_of("[::1]") == "::1"
    with pytest.raises(BadHost):
        host_of("a..b")
    assert matches("a.example.com", "*.example.com")
    assert not matches("example.com", "*.example.com")
    assert not matches("badexample.com", "*.example.com")
    assert not matches("example.com", "*")
