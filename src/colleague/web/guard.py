"""Plain ASGI middleware: which hosts we answer to, where unsafe requests come from, their size, safe headers."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


class Guard:
    """Stands before everything else."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], limit: int, secure: bool) -> None:
        """Take the host names we answer to, the largest request body in bytes, and whether we are served by https."""
        self._app, self._hosts, self._limit = app, frozenset(h.casefold() for h in hosts), limit
        self._headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what must not come in; add safe headers to what goes out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    sent.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, out)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                return {"type": "http.disconnect"}
            return message

        await self._app(scope, bounded, out)

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if host.casefold() not in self._hosts:
            return PlainTextResponse("This server does not answer to that host name.", 421)
        if int(headers.get("content-length") or 0) > self._limit:
            return PlainTextResponse("The request is too large.", 413)
        if scope["method"] in SAFE or headers.get("authorization", "").startswith("Bearer "):
            return None
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site in ("same-origin", "none"):
            return None
        if site is None and origin is None and "cookie" not in headers:
            return None  # A program without cookies: there is nothing to ride on.
        if site is None and origin is not None and urlsplit(origin).netloc == headers.get("host"):
            return None
        return PlainTextResponse("This came from another site and was refused.", 403)
