"""From a request to who is asking: the cookie of a session, or a bearer token. Plain ASGI."""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from colleague.identity.console import COOKIES
from colleague.identity.sessions import actor_of_cookie
from colleague.identity.tokens import actor_of_token
from colleague.kit.clock import Clock
from colleague.kit.db import Database

PUBLIC = ("/assets/", "/healthz", "/manifest.webmanifest")


class WhoAsks:
    """Puts the actor on `request.state`, or nothing."""

    def __init__(self, app: ASGIApp, *, database: Database, clock: Clock) -> None:
        """Take what is needed to look the asker up."""
        self._app, self._database, self._clock = app, database, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the actor; a token wins over a cookie."""
        if scope["type"] == "http" and not scope["path"].startswith(PUBLIC):
            headers = Headers(scope=scope)
            scheme, _, token = headers.get("authorization", "").partition(" ")
            cookies = cookie_parser(headers.get("cookie", ""))
            cookie = next((cookies[name] for name in COOKIES if name in cookies), "")
            state = scope.setdefault("state", {})
            if scheme.casefold() == "bearer" and token:
                async with self._database.transaction() as session:
                    state["actor"] = await actor_of_token(session, token.strip(), clock=self._clock)
            elif cookie:
                async with self._database.transaction() as session:
                    state["actor"] = await actor_of_cookie(session, cookie, clock=self._clock)
        await self._app(scope, receive, send)
