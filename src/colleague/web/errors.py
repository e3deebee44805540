"""The only place that knows status codes: the five kinds of refusal, as a page for people and as JSON for programs."""

import secrets
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from colleague.kit.doors import NotSignedIn
from colleague.kit.errors import Conflict, Failure, Forbidden, Invalid, NotFound, Unavailable
from colleague.kit.log import get_log
from colleague.kit.page import Pages

log = get_log("web")

STATUS = {NotFound: 404, Forbidden: 403, Conflict: 409, Invalid: 422, Unavailable: 503}
TITLES = {
    404: "Not here", 403: "Not allowed", 409: "Not any more", 422: "That does not work", 503: "Not right now",
    500: "Something went wrong", 405: "Not this way", 413: "Too large", 400: "That does not work",
}  # fmt: skip


def status_of(failure: Failure) -> int:
    """Return the HTTP status of a refusal."""
    return next((status for kind, status in STATUS.items() if isinstance(failure, kind)), 500)


def answer(request: Request, status: int, code: str, message: str) -> Response:
    """Return the refusal in the form the caller reads."""
    if request.url.path.startswith("/api/") or "application/json" in request.headers.get("content-type", ""):
        return JSONResponse({"code": code, "message": message}, status)
    pages: Pages = request.app.state.parts[Pages]
    referer = urlsplit(request.headers.get("referer", ""))
    back = referer.path if referer.netloc == request.headers.get("host") and referer.path else "/"
    title = TITLES.get(status, "That did not work")
    return pages.show(request, "frame/error.html", status=status, title=title, code=status, message=message, back=back)


def install(app: FastAPI) -> None:
    """Teach the app to answer every failure."""

    @app.exception_handler(NotSignedIn)
    async def signed_out(request: Request, error: NotSignedIn) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"code": error.code, "message": error.message}, 401, {"WWW-Authenticate": "Bearer"})
        wanted = request.url.path if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?next={quote(wanted)}", 303)

    @app.exception_handler(Failure)
    async def refused(request: Request, error: Failure) -> Response:
        return answer(request, status_of(error), error.code, error.message)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        # Where and what, never the value: it may be somebody's secret.
        faults = "; ".join(f"{'.'.join(str(p) for p in e['loc'][1:])}: {e['msg']}" for e in error.errors()[:5])
        return answer(request, 422, "Invalid", f"Some of what was sent does not fit: {faults}")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        words = {404: "There is nothing at this address.", 405: "This address does not take that kind of request."}
        text = words.get(error.status_code, str(error.detail))
        return answer(request, error.status_code, "NotFound" if error.status_code == 404 else "Invalid", text)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        reference = secrets.token_hex(4)
        log.error("request failed", reference=reference, error=type(error).__name__, path=request.url.path)
        return answer(request, 500, "Failure", f"It is our fault and on record as {reference}.")
