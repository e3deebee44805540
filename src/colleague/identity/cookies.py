"""The cookie of a session, and the small things every way of signing in says to a browser."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from colleague.kit.settings import Settings

COOKIES = ("__Host-colleague", "colleague")


def own_path(text: str) -> str:
    """Return `text` if it is a path on this site, else the start page (no open redirect)."""
    parts = urlsplit(text)
    safe = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return text if safe and "\n" not in text and "\\" not in text else "/"


def device_of(request: Request) -> str:
    """Return what the browser calls itself."""
    return request.headers.get("user-agent", "")[:200]


def welcome(settings: Settings, cookie: str, to: str) -> RedirectResponse:
    """Return a redirect that carries the new session's cookie."""
    response = RedirectResponse(own_path(to), 303)
    set_cookie(response, settings, cookie)
    return response


def set_cookie(response: Response, settings: Settings, cookie: str) -> None:
    """Set the session cookie: not for scripts, this site only, https only where we are served so."""
    secure = settings.url.startswith("https:")
    name = COOKIES[0] if secure else COOKIES[1]
    response.set_cookie(name, cookie, httponly=True, samesite="lax", secure=secure, path="/", max_age=7 * 24 * 3600)
