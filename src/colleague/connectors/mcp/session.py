"""One conversation with a server: open, list, call, close; and from every way it can end to one of our own words.

The SDK is imported here only, and only when a server is spoken to. What a server asks of us in the middle of a call
(to fill in a form, to run our model) is refused: the SDK answers so, because nothing of it is offered.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import anyio

from colleague.connectors.connector import AccountExpired, OutcomeUnknown, ToolFailed
from colleague.connectors.mcp.definition import MOST
from colleague.connectors.mcp.stdio import Program, talking
from colleague.connectors.mcp.words import plain
from colleague.kit.errors import Failure, Unavailable
from colleague.kit.http import Egress, Unreachable
from colleague.kit.http_client import Door
from colleague.kit.sandbox.box import Sandbox

T = TypeVar("T")
SIZE, PAGES = 12_000_000, 40
ASKS = "The server wants something from a person or a model in the middle of the call. That is refused here."
# Codes of the SDK for what no server said: the connection closed, nothing came in time.
_CUT = frozenset({-32000, -32001})


class ServerSilent(Unavailable):
    """The server does not answer as an MCP server does ({why}); nothing was done."""


class Refused(Unavailable):
    """The server refuses the connection (status {status}); nothing was done."""


class Cut(OutcomeUnknown):
    """The connection to the server broke in the middle of the call: it is not known whether it took effect."""


@dataclass(frozen=True, slots=True)
class Line:
    """How to reach a server: by address with headers and named hosts, or as a program."""

    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: tuple[str, ...] = ()
    program: Program | None = None


class Trouble(Protocol):
    """Why a conversation broke, as the way to the server saw it."""

    failure: Failure | None


@dataclass
class Conversation:
    """An open conversation. `sent` turns true when a call that may take effect leaves."""

    client: Any
    seconds: float
    sent: bool = False

    async def tools(self) -> list[dict[str, Any]]:
        """Return the tools the server lists, as JSON; it stops after 300 tools or 40 pages."""
        from mcp_types import PaginatedRequestParams

        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page = await self.client.session.list_tools(params=PaginatedRequestParams(cursor=cursor))
            found += [t.model_dump(by_alias=True, mode="json", exclude_none=True) for t in page.tools]
            cursor = page.next_cursor
            if not cursor or len(found) >= MOST:
                break
        return found[:MOST]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a tool and return its result as JSON. The server's own error is a result that says so."""
        from mcp.shared.exceptions import MCPError
        from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult, InputRequiredResult
        from pydantic import TypeAdapter

        kinds: TypeAdapter[Any] = TypeAdapter(CallToolResult | InputRequiredResult)
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=dict(arguments)))
        self.sent = True
        try:
            # Not `call_tool`: that would run the server's own output schema in this process.
            result = await self.client.session.send_request(request, kinds)
        except MCPError as error:
            if error.code in _CUT:
                raise
            words = {"type": "text", "text": plain(error.message, 2000)}
            return {"content": [words], "isError": True}
        if isinstance(result, InputRequiredResult):
            return {"content": [{"type": "text", "text": ASKS}], "isError": True}
        return dict(result.model_dump(by_alias=True, mode="json", exclude_none=True))


async def converse(
    line: Line, work: Callable[[Conversation], Awaitable[T]], *, egress: Egress, sandbox: Sandbox, seconds: float,
    harmless: bool = True,
) -> T:  # fmt: skip
    """Open a conversation, do `work` in it, close it. `harmless`: what is called may simply be repeated.

    Raises AccountExpired, Refused, ServerSilent, ToolFailed, what Egress and the sandbox raise, and Cut where a call
    that is not harmless may have happened.
    """
    talk: list[Conversation] = []
    trouble: list[Any] = []
    try:
        # Of our own clock: a server that keeps a stream open must not hold a worker.
        with anyio.fail_after(seconds):
            async with _opened(line, egress, sandbox, seconds, trouble) as client:
                talk.append(Conversation(client, seconds))
                return await work(talk[0])
    except Exception as error:
        raise _in_words(error, trouble[0] if trouble else None, bool(talk and talk[0].sent), harmless) from None


@asynccontextmanager
async def _opened(
    line: Line, egress: Egress, sandbox: Sandbox, seconds: float, trouble: list[Any]
) -> AsyncIterator[Any]:
    silence_sdk()
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp_types import Implementation

    about = Implementation(name="colleague", version="1")
    async with contextlib.AsyncExitStack() as stack:
        if line.program is not None:
            talk, transport = await stack.enter_async_context(
                talking(sandbox, line.program, size_limit=SIZE, seconds=seconds)
            )
            trouble.append(talk)
        else:
            door = Door(egress, line.hosts, size_limit=SIZE, silence=seconds)
            trouble.append(door)
            http = await stack.enter_async_context(door.client(dict(line.headers)))
            transport = streamable_http_client(line.url, http_client=http, max_sse_event_size=SIZE)
        client = Client(transport, read_timeout_seconds=seconds, cache=None, client_info=about)
        yield await stack.enter_async_context(client)


def silence_sdk() -> None:
    """Keep the SDK from logging: its lines hold messages, addresses and tokens of other people."""
    for name in ("mcp", "client", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _in_words(error: Exception, trouble: Any, sent: bool, harmless: bool) -> Failure:
    """Return what to raise for `error`: the first reason that is known, in our own words."""
    failures = [e for e in _all(error) if isinstance(e, Failure)]
    met: Failure | None = getattr(trouble, "failure", None)
    status = int(getattr(trouble, "status", 0))
    if failures:
        return failures[0]
    if status == 401:
        return AccountExpired()
    if sent and not isinstance(met, Unreachable):
        if harmless:
            return ToolFailed("The connection to the server broke, or it did not answer in time. It only reads.")
        return Cut()
    if met is not None:
        return met
    if status >= 400:
        return Refused(status=status)
    if any(isinstance(e, TimeoutError) for e in _all(error)):
        return ServerSilent(why="it did not answer in time")
    return ServerSilent(why="what it says cannot be read")


def _all(error: BaseException) -> Sequence[BaseException]:
    """Return an error and everything in it, if it is a group."""
    if isinstance(error, BaseExceptionGroup):
        return [error, *(e for inner in error.exceptions for e in _all(inner))]
    return [error]
