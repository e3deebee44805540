"""Pages of identity: signing in and out, first owner, invitations, oneself."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity import passkeys
from colleague.identity.cookies import COOKIES, device_of, own_path, set_cookie, welcome
from colleague.identity.current import Current
from colleague.identity.demo import demo_people, demo_sign_in
from colleague.identity.links.first_run import accept, become_owner, check_link
from colleague.identity.local_routes import current_mode
from colleague.identity.passwords import change_own_password, sign_in
from colleague.identity.permissions import PERMISSIONS
from colleague.identity.sessions import close_all, close_session, list_sessions
from colleague.identity.sso.logout import farewell
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.providers import links_of, list_providers
from colleague.identity.tokens import create_token, list_tokens, revoke_token
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
Parts = Annotated[SignOn, Depends(part(SignOn))]


@router.get("/sign-in")
async def sign_in_page(request: Request, page: Page, db: Db, settings: Config, next: str = "/") -> HTMLResponse:
    """Show the ways to sign in."""
    async with db.transaction() as session:
        mode = await current_mode(session)
        people = [] if mode.closed else await demo_people(session, request, settings)
        providers = await list_providers(session, enabled=True)
    return page.show(
        request, "identity/sign_in.html", next=own_path(next), people=people, providers=providers, closed=mode.closed
    )


@router.post("/sign-in")
async def sign_in_with_password(
    request: Request, db: Db, ledger: TheLedger, clock: Time, settings: Config, parts: Parts,
    email: Annotated[str, Form(max_length=254)], password: Annotated[str, Form(max_length=500)],
    next: Annotated[str, Form()] = "/",
) -> Response:  # fmt: skip
    """Sign in with a password."""
    address = request.client.host if request.client else ""
    cookie = await sign_in(
        db, email, password, address=address, device=device_of(request), ledger=ledger, clock=clock, tell=parts.tell
    )
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
async def sign_out(request: Request, page: Page, db: Db, ledger: TheLedger, parts: Parts) -> Response:
    """Sign out; where a provider signed the person in, offer to end their session there too."""
    held = [request.cookies[name] for name in COOKIES if request.cookies.get(name)]
    there = next(filter(None, [await farewell(parts, cookie) for cookie in held]), None)
    async with db.transaction() as session:
        for cookie in held:
            await close_session(session, cookie, ledger=ledger)
    response: Response = RedirectResponse("/sign-in", 303)
    if there is not None:
        # A page with a link: our content policy lets no form lead to another site, not even by a redirect.
        request.state.actor = None
        response = page.show(request, "identity/signed_out.html", farewell=there)
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
    return await _me(request, page, db, actor, clock)


async def _me(request: Request, page: Any, db: Any, actor: Any, clock: Any, fresh: str = "") -> HTMLResponse:
    async with db.transaction() as session:
        sessions = await list_sessions(session, actor, clock=clock)
        tokens = await list_tokens(session, actor)
        keys = await passkeys.list_passkeys(session, actor)
        links, mode = await links_of(session, actor.id), await current_mode(session)
        linked = {provider.key for _, provider in links}
        others = [p for p in await list_providers(session) if p.key not in linked]
    mine = {p: PERMISSIONS[p] for p in sorted(actor.permissions)}
    shown: HTMLResponse = page.show(
        request, "identity/me.html", sessions=sessions, tokens=tokens, passkeys=keys, permissions=mine, fresh=fresh,
        links=links, others=others, closed=mode.closed,
    )  # fmt: skip
    return shown


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
    return await _me(request, page, db, actor, clock, text)


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
