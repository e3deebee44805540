"""The only place that knows status codes: the five kinds of refusal, as a page for people and as JSON for programs."""

import secrets
import traceback
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from colleague.kit.doors import NotSignedIn
from colleague.kit.errors import Conflict, Failure, Forbidden, Invalid, NotFound, Unavailable
from colleague.kit.log import get_log
from colleague.kit.page import Pages

log = get_log("web")

STATUS = {NotFound: 404, Forbidden: 403, Conflict: 409, Invalid: 422, Unavailable: 503}
TITLES = {
    400: "That could not be read", 403: "You may not do this", 404: "There is nothing here", 405: "Not this way",
    409: "This has changed meanwhile", 413: "Too large", 422: "That cannot be used", 500: "Something went wrong here",
    503: "Not right now",
}  # fmt: skip
WORDS = {
    404: "The address is wrong, or what was here is gone, or you may not see it.",
    405: "This address does not take that kind of request.",
}


class DatabaseAway(Unavailable):
    """The database does not answer. Nothing was changed; try again in a minute."""


def status_of(failure: Failure) -> int:
    """Return the HTTP status of a refusal."""
    return next((status for kind, status in STATUS.items() if isinstance(failure, kind)), 500)


def for_programs(request: Request) -> bool:
    """Say whether the caller reads JSON rather than pages."""
    wants = f"{request.headers.get('content-type', '')} {request.headers.get('accept', '')}"
    return (
        request.url.path.startswith(("/api/", "/scim/", "/v1/logs", "/dispatch/in/", "/mcp"))
        or "application/json" in wants
    )


def answer(request: Request, status: int, code: str, message: str) -> Response:
    """Return a refusal in the form the caller reads: JSON, a whole page, or the fragment that HTMX swaps in."""
    if for_programs(request):
        return JSONResponse({"code": code, "message": message}, status)
    pages: Pages = request.app.state.parts[Pages]
    referer = urlsplit(request.headers.get("referer", ""))
    back = referer.path if referer.netloc == request.headers.get("host") and referer.path else "/"
    part = "frame/refusal.html" if request.headers.get("hx-request") == "true" else "frame/error.html"
    title = TITLES.get(status, "That did not work")
    return pages.show(
        request, part, status=status, title=title, code=status, message=message, back=back,
        refused=code if status in (403, 409, 422) else "",
    )  # fmt: skip


def sign_in_first(request: Request, error: NotSignedIn) -> Response:
    """Send a person to the sign-in page and back to where they were; tell a program that it needs a token."""
    if for_programs(request):
        return JSONResponse({"code": error.code, "message": error.message}, 401, {"WWW-Authenticate": "Bearer"})
    fragment = request.headers.get("hx-request") == "true"
    place = urlsplit(request.headers.get("hx-current-url", "/")) if fragment else urlsplit(str(request.url))
    wanted = place.path + (f"?{place.query}" if place.query else "")
    if request.method != "GET":
        wanted = "/"
    to = f"/sign-in?next={quote(wanted or '/')}"
    return Response(status_code=401, headers={"HX-Redirect": to}) if fragment else RedirectResponse(to, 303)


def install(app: FastAPI) -> None:
    """Teach the app to answer every failure that a route raises."""

    @app.exception_handler(NotSignedIn)
    async def signed_out(request: Request, error: NotSignedIn) -> Response:
        return sign_in_first(request, error)

    @app.exception_handler(Failure)
    async def refused(request: Request, error: Failure) -> Response:
        return answer(request, status_of(error), error.code, error.message)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        # Where and what, never the value: it may be somebody's secret.
        faults = "; ".join(f"{'.'.join(str(p) for p in e['loc'][1:])}: {e['msg']}" for e in error.errors()[:5])
        return answer(request, 422, "Invalid", f"Some of what was sent does not fit: {faults}.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = {404: "NotFound", 413: "BodyTooLarge"}.get(error.status_code, "Invalid")
        return answer(request, error.status_code, code, WORDS.get(error.status_code, str(error.detail)))


class CatchAll:
    """Plain ASGI: what nobody expected becomes a page with a reference; the log has where, never what."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the rest of the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the rest; answer for it if it breaks before it has said anything."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as error:
            if scope["type"] != "http":
                raise
            response = self._answer(Request(scope), error)
            if not started:
                await response(scope, receive, send)

    def _answer(self, request: Request, error: Exception) -> Response:
        if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
            log.error("database away", error=type(error).__name__)
            away = DatabaseAway()
            return answer(request, 503, away.code, away.message)
        if isinstance(error, DataError):
            # A character or number that the database cannot hold came in from outside.
            log.warning("not storable", error=type(error).__name__)
            return answer(request, 422, "Invalid", "What was sent holds a character or number that cannot be kept.")
        if isinstance(error, Failure):
            return answer(request, status_of(error), error.code, error.message)
        if isinstance(error, HTTPException):
            return answer(request, error.status_code, "Invalid", str(error.detail))
        reference = secrets.token_hex(4)
        frames = traceback.extract_tb(error.__traceback__)[-6:]
        where = [f"{frame.filename.rpartition('/colleague/')[2]}:{frame.lineno}" for frame in frames]
        log.error("request failed", reference=reference, error=type(error).__name__, where=where)
        words = f"It is our fault, nothing you did. Tell your administrator this reference: {reference}."
        return answer(request, 500, "Failure", words)
