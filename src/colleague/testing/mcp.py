"""An MCP server on this machine, made with the SDK's own server: honest, or as hostile as a test asks for."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from colleague.testing.serving import serving

Behaviour = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


def listed(name: str, description: str = "", schema: Mapping[str, Any] | None = None, **hints: bool) -> dict[str, Any]:
    """Return a tool as a server lists it."""
    tool: dict[str, Any] = {
        "name": name, "description": description or f"Does {name}.",
        "inputSchema": dict(schema or {"type": "object", "properties": {"text": {"type": "string"}}}),
    }  # fmt: skip
    return {**tool, "annotations": hints} if hints else tool


def said(text: str, **more: Any) -> dict[str, Any]:
    """Return a result with one text."""
    return {"content": [{"type": "text", "text": text}], **more}


class FakeMcp:
    """Serves `tools`; `calls` lists (name, arguments) of each call, `behave` answers them.

    `wait` delays every listing; `pages` cuts it; `token` is the bearer token that must come (401 without it).
    """

    def __init__(self, *tools: dict[str, Any]) -> None:
        """Take the tools as they are listed."""
        self.tools = list(tools)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.listings = 0
        self.wait, self.pages = 0.0, 1000
        self.headers: list[dict[str, str]] = []
        self.refuse: Callable[[dict[str, str]], tuple[int, dict[str, str]] | None] = lambda headers: None
        self.behave: Behaviour = self._echo
        self.port = 0

    @property
    def url(self) -> str:
        """Return the address of the endpoint."""
        return f"http://127.0.0.1:{self.port}/mcp"

    async def _echo(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if name == "picture":
            data = base64.b64encode(b"\x89PNG" + b"\x00" * 100).decode()
            return {"content": [{"type": "image", "data": data, "mimeType": "image/png"}]}
        return said(f"{name} got {arguments}")

    def _app(self) -> Any:
        import mcp_types as types
        from mcp.server import Server

        async def list_tools(_: Any, params: Any) -> Any:
            self.listings += 1
            await asyncio.sleep(self.wait)
            start = int(getattr(params, "cursor", None) or 0)
            page = [types.Tool.model_validate(t) for t in self.tools[start : start + self.pages]]
            more = str(start + self.pages) if start + self.pages < len(self.tools) else None
            return types.ListToolsResult(tools=page, next_cursor=more)

        async def call_tool(_: Any, params: Any) -> Any:
            self.calls.append((params.name, dict(params.arguments or {})))
            answer = await self.behave(params.name, dict(params.arguments or {}))
            kind = types.InputRequiredResult if "inputRequests" in answer else types.CallToolResult
            return kind.model_validate(answer)

        server = Server("fake", on_list_tools=list_tools, on_call_tool=call_tool)
        inner = server.streamable_http_app(stateless_http=True, json_response=True)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                headers = {k.decode(): v.decode() for k, v in scope["headers"]}
                self.headers.append(headers)
                if refused := self.refuse(headers):
                    status, more = refused
                    pairs = [(k.encode(), v.encode()) for k, v in more.items()]
                    await send({"type": "http.response.start", "status": status, "headers": pairs})
                    await send({"type": "http.response.body", "body": b""})
                    return
            await inner(scope, receive, send)

        return app

    @contextmanager
    def serving(self) -> Iterator["FakeMcp"]:
        """Serve on a free port of this machine, from a thread of its own, while the context lasts."""
        with serving(self._app(), lifespan="on") as self.port:
            yield self
