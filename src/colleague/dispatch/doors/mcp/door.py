"""POST /mcp: an MCP client speaks for the owner of its token, through the same pipeline as every other channel."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from colleague import __version__
from colleague.dispatch.doors.mcp.tools import TOOLS, Talk, call
from colleague.dispatch.doors.parts import TheDoors, TooOften
from colleague.identity.actor import Actor
from colleague.kit.doors import NotSignedIn, part
from colleague.kit.errors import Forbidden
from colleague.tasks.parts import Parts

router = APIRouter(include_in_schema=False)
BODY = 100_000


class ForeignOrigin(Forbidden):
    """A page of another site may not speak to this address."""


class _Exchange(Response):
    """The SDK's transport as the response: it reads the request and answers it."""

    def __init__(self, talk: Talk) -> None:
        super().__init__()
        self._talk = talk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Here, not at the top: the SDK would make every start of the server slower.
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        manager = StreamableHTTPSessionManager(
            _server(self._talk), json_response=True, stateless=True, max_request_body_size=BODY
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)


@router.post("/mcp")
async def exchange(
    request: Request, doors: TheDoors, parts: Annotated[Parts, Depends(part(Parts))]
) -> Response:  # fmt: skip
    """Answer one message of an MCP client. It needs a token of its own; a browser's session is none."""
    actor = getattr(request.state, "actor", None)
    if not request.headers.get("authorization") or not isinstance(actor, Actor):
        raise NotSignedIn
    origin, own = request.headers.get("origin"), urlsplit(doors.settings.url)
    # Against pages that let a name point here (DNS rebinding); the Host header is checked before (web/guard.py).
    if origin is not None and origin != f"{own.scheme}://{own.netloc}":
        raise ForeignOrigin
    actor.require("own:dispatch:use")
    if not doors.callers.allows(actor.id):
        raise TooOften
    return _Exchange(Talk(actor, doors, parts))


def _server(talk: Talk) -> Any:
    """Return the SDK's server for one request of one person."""
    import mcp_types as types
    from mcp.server import Server

    async def list_tools(_: Any, __: Any) -> Any:
        return types.ListToolsResult(tools=[_listed(name, types) for name in TOOLS])

    async def call_tool(_: Any, params: Any) -> Any:
        went_well, text = await call(talk, params.name, params.arguments or {})
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=not went_well)

    return Server("colleague", version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


def _listed(name: str, types: Any) -> Any:
    kind, tool, reads = TOOLS[name]
    hints = {"readOnlyHint": reads, "destructiveHint": False, "idempotentHint": reads, "openWorldHint": False}
    return types.Tool.model_validate(
        {"name": name, "description": tool.__doc__, "inputSchema": kind.model_json_schema(), "annotations": hints}
    )
