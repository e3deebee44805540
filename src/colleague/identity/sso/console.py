"""Pages of signing in through a provider: there and back, and signing out on both sides."""

import secrets as random
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.identity.actor import Actor
from colleague.identity.cookies import device_of, own_path, welcome
from colleague.identity.current import Current
from colleague.identity.sso import oidc, saml_flow, saml_logout, saml_wire
from colleague.identity.sso.arrive import enter, link_oneself, refusals_on_record
from colleague.identity.sso.flows import LINK, SIGN_IN, TRY, Flow
from colleague.identity.sso.model import Principal, Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.providers import get_provider
from colleague.identity.sso.refusals import FlowSpent, NoSuchProvider
from colleague.identity.sso.trial import try_out
from colleague.kit.doors import Config, part
from colleague.kit.page import Page
from colleague.kit.settings import Settings

router = APIRouter(include_in_schema=False)
Parts = Annotated[SignOn, Depends(part(SignOn))]
COOKIES = ("__Host-colleague-way", "colleague-way")


def way_cookie(request: Request) -> str:
    """Return what binds a sign-in under way to this browser; "" if nothing does."""
    return next((request.cookies[name] for name in COOKIES if request.cookies.get(name)), "")


def bind(response: Response, settings: Settings, value: str) -> None:
    """Bind a sign-in under way to this browser, for as long as it may take."""
    secure = settings.url.startswith("https:")
    response.set_cookie(
        COOKIES[0] if secure else COOKIES[1], value, httponly=True, samesite="lax", secure=secure, path="/", max_age=600
    )


async def leave(
    request: Request, parts: SignOn, key: str, *, purpose: str, person: str = "", then: str = "/"
) -> Response:
    """Send the browser to a provider, by a link: a form's redirect would be held back by our own content policy."""
    async with parts.database.transaction() as session:
        provider = await get_provider(session, key, enabled=purpose != TRY)
    value = way_cookie(request)
    value = value if 20 <= len(value) <= 100 else random.token_urlsafe(32)
    begin = saml_flow.begin if provider.kind == "saml" else oidc.begin
    async with refusals_on_record(parts, provider, how="begin"):
        url = await begin(parts, provider, purpose=purpose, browser=value, person=person, then=own_path(then))
    response = RedirectResponse(url, 303)
    bind(response, parts.settings, value)
    return response


@router.get("/sign-in/with/{key}")
async def there(request: Request, parts: Parts, key: str, next: str = "/") -> Response:
    """Go to a provider to sign in."""
    return await leave(request, parts, key, purpose=SIGN_IN, then=next)


@router.get("/me/sign-on/{key}/connect")
async def connect(request: Request, parts: Parts, actor: Current, key: str) -> Response:
    """Go to a provider to link one's own account."""
    actor.require_presence()
    return await leave(request, parts, key, purpose=LINK, person=actor.id, then="/me")


@router.get("/sign-on/{key}/try")
async def attempt(request: Request, parts: Parts, actor: Current, key: str) -> Response:
    """Go to a provider for a test that signs nobody in."""
    actor.require("org:settings:manage")
    actor.require_presence()
    return await leave(request, parts, key, purpose=TRY, person=actor.id)


@router.get("/sign-in/oidc/{key}/callback")
async def back(request: Request, page: Page, parts: Parts, settings: Config, key: str) -> Response:
    """Come back from an OIDC provider."""
    async with parts.database.transaction() as session:
        provider = await get_provider(session, key)
    given = {name: request.query_params[name][:4000] for name in ("state", "code", "iss", "error")
             if name in request.query_params}  # fmt: skip
    async with refusals_on_record(parts, provider, how="oidc"):
        if provider.kind != "oidc":
            raise NoSuchProvider
        flow, principal = await oidc.finish(parts, provider, given, way_cookie(request))
        return await arrive(request, page, parts, settings, provider, flow, principal)


@router.post("/sign-in/saml/{key}/acs")
async def response(
    request: Request, parts: Parts, settings: Config, key: str,
    answer: Annotated[str, Form(alias="SAMLResponse", max_length=500_000)],
    relay: Annotated[str, Form(alias="RelayState", max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Take a SAML response. Another site sends this form, so no cookie comes with it: it is finished by a way back."""
    provider = await _saml(parts, key)
    async with refusals_on_record(parts, provider, how="saml"):
        place, principal = await saml_flow.take_response(parts, provider, answer, relay)
        if principal is None:
            return RedirectResponse(f"/sign-in/saml/{key}/finish?ticket={place}", 303)
        return welcome(settings, await enter(parts, provider, principal, device=device_of(request)), place)


@router.get("/sign-in/saml/{key}/finish")
async def finished(
    request: Request,
    page: Page,
    parts: Parts,
    settings: Config,
    key: str,
    ticket: Annotated[str, Query(max_length=100)],
) -> Response:
    """Finish a SAML sign-in in the browser that began it."""
    provider = await _saml(parts, key)
    async with refusals_on_record(parts, provider, how="saml"):
        flow, principal = await saml_flow.finish(parts, provider, ticket, way_cookie(request))
        return await arrive(request, page, parts, settings, provider, flow, principal)


@router.get("/sign-in/saml/{key}/metadata")
async def metadata(parts: Parts, key: str) -> Response:
    """Say what a SAML provider must know of us."""
    text = await saml_flow.our_metadata(parts, await _saml(parts, key))
    return Response(text, media_type="application/samlmetadata+xml")


@router.get("/sign-in/saml/{key}/slo")
async def single_logout(request: Request, page: Page, parts: Parts, key: str) -> Response:
    """Take a provider's sign-out, or its answer to ours. By its signature alone: no cookie has a say here."""
    provider = await _saml(parts, key)
    async with refusals_on_record(parts, provider, how="saml-logout"):
        place = await saml_logout.take(parts, provider, saml_wire.hear(request.url.query, provider))
    return RedirectResponse(place or "/signed-out", 303)


@router.post("/sign-in/saml/{key}/slo")
async def single_logout_form(
    parts: Parts, key: str, request_form: Annotated[str, Form(alias="SAMLRequest", max_length=500_000)] = "",
    response_form: Annotated[str, Form(alias="SAMLResponse", max_length=500_000)] = "",
    relay: Annotated[str, Form(alias="RelayState", max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Take the same from a form that the provider's page sends."""
    provider = await _saml(parts, key)
    kind = "SAMLRequest" if request_form else "SAMLResponse"
    async with refusals_on_record(parts, provider, how="saml-logout"):
        heard = saml_wire.hear_form(kind, request_form or response_form, relay, provider)
        place = await saml_logout.take(parts, provider, heard)
    return RedirectResponse(place or "/signed-out", 303)


async def _saml(parts: SignOn, key: str) -> Provider:
    async with parts.database.transaction() as session:
        provider = await get_provider(session, key)
    if provider.kind != "saml":
        raise NoSuchProvider
    return provider


async def arrive(
    request: Request, page: Any, parts: SignOn, settings: Settings, provider: Provider, flow: Flow, principal: Principal
) -> Response:
    """Do what a way to the provider was begun for: sign in, link oneself, or show what a test found."""
    if flow.purpose == SIGN_IN:
        cookie = await enter(parts, provider, principal, device=device_of(request))
        return welcome(settings, cookie, str(flow.data.get("then", "/")))
    actor = getattr(request.state, "actor", None)
    if not isinstance(actor, Actor) or actor.id != flow.person_id:
        raise FlowSpent
    if flow.purpose == LINK:
        await link_oneself(parts, provider, principal, actor, flow.person_id)
        return RedirectResponse("/me", 303)
    tried = await try_out(parts, actor, provider, principal)
    shown: HTMLResponse = page.show(request, "identity/sign_on_tried.html", provider=provider, tried=tried)
    return shown


@router.get("/signed-out")
async def signed_out(request: Request, page: Page) -> HTMLResponse:
    """Say that one is signed out."""
    return page.show(request, "identity/signed_out.html", farewell=None)
