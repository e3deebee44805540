"""From a request to who is asking: the cookie of a session, or a bearer token. Plain ASGI."""

from datetime import datetime

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from colleague.identity.actor import Actor
from colleague.identity.cookies import COOKIES
from colleague.identity.local_routes import alarm
from colleague.identity.sessions import actor_of_cookie
from colleague.identity.tokens import actor_of_token
from colleague.kit.clock import Clock
from colleague.kit.db import Database

PUBLIC = ("/assets/", "/healthz", "/readyz", "/manifest.webmanifest", "/favicon.ico", "/sw.js", "/offline")
BACKGROUND = "cl-background"


class _OnlyLooking(Exception):
    """Ends a transaction that must not leave a trace."""


class WhoAsks:
    """Puts the actor on `request.state.actor` (or None), and on `request.state.still` a way to ask again."""

    def __init__(self, app: ASGIApp, *, database: Database, clock: Clock) -> None:
        """Take what is needed to look the asker up."""
        self._app, self._database, self._clock = app, database, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the actor. A request with an Authorization header speaks by that alone, never by its cookie."""
        if scope["type"] == "http" and not scope["path"].startswith(PUBLIC):
            headers = Headers(scope=scope)
            given = headers.get("authorization")
            cookies = cookie_parser(headers.get("cookie", ""))
            cookie = next((cookies[name] for name in COOKIES if name in cookies), "")
            # A page that refreshes itself is no sign of a person: it must not keep an idle session open.
            quiet = BACKGROUND in headers or "text/event-stream" in headers.get("accept", "")
            state = scope.setdefault("state", {})
            state["actor"], state["alarm"] = await self._find(given, cookie, quiet=quiet)

            async def still() -> bool:
                actor, _ = await self._find(given, cookie, quiet=True)
                return actor is not None

            state["still"] = still
        await self._app(scope, receive, send)

    async def _find(
        self, authorization: str | None, cookie: str, *, quiet: bool
    ) -> tuple[Actor | None, datetime | None]:
        """Return who asks and, for an owner's page, since when the break-glass account is in use."""
        actor, since = None, None
        if not authorization and not cookie:
            return actor, since
        try:
            async with self._database.transaction() as session:
                if authorization:
                    scheme, _, token = authorization.partition(" ")
                    if scheme.casefold() == "bearer":
                        actor = await actor_of_token(session, token.strip(), clock=self._clock)
                else:
                    actor = await actor_of_cookie(session, cookie, clock=self._clock)
                    if actor is not None and actor.may("org:roles:own"):
                        since = await alarm(session)
                if quiet:
                    raise _OnlyLooking
        except _OnlyLooking:
            pass
        return actor, since
