"""Pages of identity: signing in and out, first owner, invitations, oneself."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Body, Depends, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity import passkeys
from colleague.identity.current import Current
from colleague.identity.demo import demo_people, demo_sign_in
from colleague.identity.first_run import accept, become_owner, check_link
from colleague.identity.passwords import change_own_password, sign_in
from colleague.identity.permissions import PERMISSIONS
from colleague.identity.sessions import close_all, close_session, list_sessions
from colleague.identity.tokens import create_token, list_tokens, revoke_token
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.page import Page
from colleague.kit.settings import Settings

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
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


@router.get("/sign-in")
async def sign_in_page(request: Request, page: Page, db: Db, settings: Config, next: str = "/") -> HTMLResponse:
    """Show the ways to sign in."""
    async with db.transaction() as session:
        people = await demo_people(session, request, settings)
    return page.show(request, "identity/sign_in.html", next=own_path(next), people=people)


@router.post("/sign-in")
async def sign_in_with_password(
    request: Request, db: Db, ledger: TheLedger, clock: Time, settings: Config,
    email: Annotated[str, Form(max_length=254)], password: Annotated[str, Form(max_length=500)],
    next: Annotated[str, Form()] = "/",
) -> Response:  # fmt: skip
    """Sign in with a password."""
    address = request.client.host if request.client else ""
    cookie = await sign_in(db, email, password, address=address, device=device_of(request), ledger=ledger, clock=clock)
    return welcome(settings, cookie, next)


@router.post("/sign-in/demo")
async def sign_in_demo(
    request: Request, db: Db, ledger: TheLedger, clock: Time, settings: Config, person: Annotated[str, Form()],
    next: Annotated[str, Form()] = "/",
) -> Response:  # fmt: skip
    """Sign in as an invented person: only in the demo, only from this machine."""
    async with db.transaction() as session:
        cookie = await demo_sign_in(
            session, request, settings, person, device=device_of(request), ledger=ledger, clock=clock
        )
    return welcome(settings, cookie, next)


@router.post("/sign-in/passkey/options")
async def passkey_options(db: Db, clock: Time, settings: Config) -> dict[str, Any]:
    """Begin a sign-in with a passkey."""
    async with db.transaction() as session:
        return await passkeys.sign_in_options(session, url=settings.url, clock=clock)


@router.post("/sign-in/passkey")
async def sign_in_passkey(
    request: Request, db: Db, ledger: TheLedger, clock: Time, settings: Config,
    challenge: Annotated[str, Body()], credential: Annotated[dict[str, Any], Body()], next: Annotated[str, Body()] = "",
) -> Response:  # fmt: skip
    """Finish a sign-in with a passkey."""
    cookie = await passkeys.sign_in_with_passkey(
        db, challenge, credential, url=settings.url, device=device_of(request), ledger=ledger, clock=clock
    )
    response = JSONResponse({"next": own_path(next or "/")})
    set_cookie(response, settings, cookie)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, db: Db, ledger: TheLedger) -> Response:
    """Sign out."""
    async with db.transaction() as session:
        for name in COOKIES:
            if request.cookies.get(name):
                await close_session(session, request.cookies[name], ledger=ledger)
    response = RedirectResponse("/sign-in", 303)
    for name in COOKIES:
        response.delete_cookie(name, path="/", secure=name.startswith("__Host"))
    return response


@router.get("/first-run/{token}")
async def first_run(request: Request, page: Page, db: Db, clock: Time, token: str) -> HTMLResponse:
    """Show the form of the first owner."""
    async with db.transaction() as session:
        await check_link(session, token, "first_run", clock=clock)
    return page.show(request, "identity/first_run.html", token=token, purpose="first_run")


@router.post("/first-run/{token}")
async def first_owner(
    request: Request, db: Db, ledger: TheLedger, clock: Time, settings: Config, token: str,
    name: Annotated[str, Form()], email: Annotated[str, Form()], password: Annotated[str, Form()],
) -> Response:  # fmt: skip
    """Become the owner."""
    async with db.transaction() as session:
        cookie = await become_owner(
            session, token, email, name, password, device=device_of(request), ledger=ledger, clock=clock
        )
    return welcome(settings, cookie, "/set-up")


@router.get("/invite/{token}")
async def invited(request: Request, page: Page, db: Db, clock: Time, token: str) -> HTMLResponse:
    """Show the form of an invitation."""
    async with db.transaction() as session:
        await check_link(session, token, "invite", clock=clock)
    return page.show(request, "identity/first_run.html", token=token, purpose="invite")


@router.post("/invite/{token}")
async def accept_invitation(
    request: Request, db: Db, ledger: TheLedger, clock: Time, settings: Config, token: str,
    password: Annotated[str, Form()],
) -> Response:  # fmt: skip
    """Set the password and sign in."""
    async with db.transaction() as session:
        cookie = await accept(session, token, password, device=device_of(request), ledger=ledger, clock=clock)
    return welcome(settings, cookie, "/")


@router.get("/me")
async def me(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show one's sessions, passkeys and tokens."""
    async with db.transaction() as session:
        sessions = await list_sessions(session, actor, clock=clock)
        tokens = await list_tokens(session, actor)
        keys = await passkeys.list_passkeys(session, actor)
    mine = {p: PERMISSIONS[p] for p in sorted(actor.permissions)}
    return page.show(
        request, "identity/me.html", sessions=sessions, tokens=tokens, passkeys=keys, permissions=mine, fresh=""
    )


@router.post("/me/password")
async def change_password(
    request: Request, db: Db, actor: Current, ledger: TheLedger, password: Annotated[str, Form()],
    current: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Set one's own password; every other session of one's own ends."""
    keep = next((request.cookies[name] for name in COOKIES if request.cookies.get(name)), "")
    async with db.transaction() as session:
        await change_own_password(session, actor, password, current=current, keep=keep, ledger=ledger)
    return RedirectResponse("/me", 303)


@router.post("/me/passkeys/options")
async def new_passkey_options(db: Db, actor: Current, clock: Time, settings: Config) -> dict[str, Any]:
    """Begin to add a passkey."""
    async with db.transaction() as session:
        return await passkeys.registration_options(session, actor, url=settings.url, clock=clock)


@router.post("/me/passkeys")
async def new_passkey(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config,
    challenge: Annotated[str, Body()], credential: Annotated[dict[str, Any], Body()],
) -> dict[str, str]:  # fmt: skip
    """Keep a passkey."""
    async with db.transaction() as session:
        await passkeys.add_passkey(
            session, actor, challenge, credential, name="Passkey", url=settings.url, ledger=ledger, clock=clock
        )
    return {"next": "/me"}


@router.post("/me/passkeys/{passkey_id}/remove")
async def drop_passkey(db: Db, actor: Current, ledger: TheLedger, passkey_id: str) -> Response:
    """Remove a passkey."""
    async with db.transaction() as session:
        await passkeys.remove_passkey(session, actor, passkey_id, ledger=ledger)
    return RedirectResponse("/me", 303)


@router.post("/me/tokens")
async def new_token(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time,
    name: Annotated[str, Form()], days: Annotated[int, Form()] = 90,
    permissions: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:  # fmt: skip
    """Make a token and show it, this once."""
    async with db.transaction() as session:
        text = await create_token(session, actor, name, permissions or [], days=days, ledger=ledger, clock=clock)
    async with db.transaction() as session:
        tokens = await list_tokens(session, actor)
        sessions = await list_sessions(session, actor, clock=clock)
        keys = await passkeys.list_passkeys(session, actor)
    mine = {p: PERMISSIONS[p] for p in sorted(actor.permissions)}
    return page.show(
        request, "identity/me.html", sessions=sessions, tokens=tokens, passkeys=keys, permissions=mine, fresh=text
    )


@router.post("/me/tokens/{token_id}/revoke")
async def end_token(db: Db, actor: Current, ledger: TheLedger, clock: Time, token_id: str) -> Response:
    """Revoke a token."""
    async with db.transaction() as session:
        await revoke_token(session, actor, token_id, ledger=ledger, clock=clock)
    return RedirectResponse("/me", 303)


@router.post("/me/sessions/end")
async def end_sessions(db: Db, actor: Current, ledger: TheLedger) -> Response:
    """Sign out everywhere."""
    async with db.transaction() as session:
        await close_all(session, actor, ledger=ledger)
    return RedirectResponse("/sign-in", 303)
