"""Plain ASGI middleware: which hosts we answer to, where unsafe requests come from, their size, safe headers."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from colleague.web.errors import answer

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Where others send what is no form of ours: identity providers by the browser, the services of Dispatch, MCP clients
# and exporters of telemetry by themselves. What counts there is a signature or a token; the doors behind look at no
# cookie.
FOREIGN = re.compile(
    r"/sign-in/saml/[a-z][a-z0-9-]{1,29}/(acs|slo)|/dispatch/in/(sms|slack/(commands|interactions|events))|/mcp|/v1/logs"
)
PROBES = frozenset({"/healthz", "/readyz"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HEADERS = {
    # Tabler draws arrows and check marks as data: pictures.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not «no-referrer»: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    "Cache-Control": "no-store",
}
WRONG_HOST = "This server does not answer to that host name. Its administrator can add it: COLLEAGUE_ALLOWED_HOSTS."
ANOTHER_SITE = "This request came from another site, or a program hid where it came from. Open the page and try again."


class BodyTooLarge(HTTPException):
    """The request is larger than we take. An HTTP exception, so that no parser of bodies swallows it."""

    def __init__(self, limit: int) -> None:
        """Take the limit in bytes."""
        super().__init__(413, f"This is too large: at most {limit // 1_000_000} MB can be sent at once.")


def host_of(authority: str) -> str:
    """Return the lower-case host name of `host:port`; an empty text if it is malformed."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def same_origin(headers: Headers, own: str) -> bool:
    """Say whether an unsafe request comes from our own pages, by what browsers themselves say of it.

    `Sec-Fetch-Site` where it is sent (trustworthy origins); `Origin` elsewhere, against the Host header or `own`.
    Neither: refused.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    if origin is None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc != "" and parts.netloc in (headers.get("host"), own)


class Guard:
    """Stands before everything else."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], url: str, upload: int, body: int = 5_000_000) -> None:
        """Take the host names we answer to besides loopback, our own address, and the largest bodies in bytes."""
        self._app, self._own = app, urlsplit(url).netloc
        self._hosts = LOOPBACK | {h.strip().casefold() for h in hosts if h.strip()} | {host_of(self._own)}
        self._upload, self._body = upload, body
        self._headers = HEADERS | (
            {"Strict-Transport-Security": "max-age=31536000"} if url.startswith("https:") else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what must not come in; add safe headers to what goes out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        form = headers.get("content-type", "").casefold().startswith("multipart/form-data")
        limit, taken = self._upload if form else self._body, 0

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    sent.setdefault(name, value)
            await send(message)

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise BodyTooLarge(limit)
            return message

        if scope["path"] not in PROBES and host_of(headers.get("host", "")) not in self._hosts:
            words = (
                "This server does not answer to that host name. Its administrator can add it: COLLEAGUE_ALLOWED_HOSTS."
            )
            await PlainTextResponse(words, 421)(scope, receive, out)
        elif not self._length(headers, limit):
            refusal = BodyTooLarge(limit)
            await answer(Request(scope), 413, "BodyTooLarge", refusal.detail)(scope, receive, out)
        elif scope["method"] not in SAFE and not self._trusted(scope, headers):
            await answer(Request(scope), 403, "AnotherSite", ANOTHER_SITE)(scope, receive, out)
        else:
            await self._app(scope, bounded, out)

    def _length(self, headers: Headers, limit: int) -> bool:
        length = headers.get("content-length", "0")
        return length.isascii() and length.isdigit() and len(length) < 16 and int(length) <= limit

    def _trusted(self, scope: Scope, headers: Headers) -> bool:
        if headers.get("authorization"):
            # web/actor.py never looks at the cookie of such a request: there is nothing to ride on.
            return True
        if scope["path"].startswith("/api/") and "cookie" not in headers:
            return True
        return bool(FOREIGN.fullmatch(scope["path"])) or same_origin(headers, self._own)
