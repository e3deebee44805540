"""The page «Sign-on»: identity providers, their tests, and whether passwords are switched off."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.identity.current import Current
from colleague.identity.local_routes import current_mode
from colleague.identity.sso.console import Parts
from colleague.identity.sso.model import ALGORITHMS
from colleague.identity.sso.oidc import callback
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.passwords_off import close_passwords, open_passwords, seal_again
from colleague.identity.sso.providers import (
    add_provider,
    change_provider,
    get_provider,
    list_providers,
    remove_provider,
    switch_provider,
    unlink,
)
from colleague.identity.sso.saml_flow import acs_of, entity_of, read_metadata, slo_of
from colleague.identity.sso.trial import Check, examine
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)


def given_of(form: Any) -> dict[str, Any]:
    """Return what an owner typed as a description of a provider; fields of the other kind are left out."""
    names = {
        "oidc": ("issuer", "client_id", "scopes", "algorithms"),
        "saml": ("entity_id", "sso_url", "slo_url", "certificates", "mail_claim", "name_claim", "unsolicited", "relay"),
    }
    kind = str(form.get("kind", ""))
    common = ("domains", "groups_claim")
    config = {n: str(form[n]) for n in (*names.get(kind, ()), *common) if str(form.get(n, "")).strip()}
    return {
        "kind": kind, "title": str(form.get("title", "")), "joining": str(form.get("joining", "provisioned")),
        "secret": str(form.get("secret", "")), "config": config,
    }  # fmt: skip


async def described(parts: SignOn, form: Any) -> dict[str, Any]:
    """Return the description an owner typed; metadata (their text, or an address of them) go before single fields."""
    given, text = given_of(form), str(form.get("metadata", "")).strip()
    if given["kind"] != "saml" or not text:
        return given
    if text.startswith("http"):
        host = urlsplit(text).hostname or ""
        answer = await parts.egress.request("GET", text, hosts=[host], seconds=15, size_limit=1_000_000)
        text = answer.content.decode("utf-8", "replace") if answer.status == 200 else ""
    given["config"] |= read_metadata(text)
    return given


@router.get("/sign-on")
async def index(request: Request, page: Page, parts: Parts, actor: Current) -> HTMLResponse:
    """Show all providers, and whether passwords are switched off."""
    actor.require("org:settings:manage")
    return await _index(request, page, parts)


async def _index(request: Request, page: Any, parts: Parts, fresh: str = "") -> HTMLResponse:
    async with parts.database.transaction() as session:
        providers, mode = await list_providers(session), await current_mode(session)
    shown: HTMLResponse = page.show(
        request, "identity/sign_on.html", providers=providers, mode=mode, fresh=fresh, algorithms=ALGORITHMS
    )
    return shown


@router.post("/sign-on")
async def add(request: Request, parts: Parts, actor: Current) -> Response:
    """Set a provider up."""
    form = await request.form(max_fields=40, max_files=1)
    key = str(form.get("key", ""))
    actor.require("org:roles:own")
    given = await described(parts, form)
    async with parts.database.transaction() as session:
        made = await add_provider(
            session, actor, key, given, secrets=parts.secrets, ledger=parts.ledger, clock=parts.clock
        )
    return RedirectResponse(f"/sign-on/{made.key}", 303)


@router.post("/sign-on/passwords")
async def passwords(
    request: Request, page: Page, parts: Parts, actor: Current, deed: Annotated[str, Form(max_length=20)]
) -> Response:
    """Switch passwords off or on, or seal the break-glass account again; a new password is shown this once."""
    ledger, clock = parts.ledger, parts.clock
    async with parts.database.transaction() as session:
        if deed == "open":
            await open_passwords(session, actor, ledger=ledger)
            return RedirectResponse("/sign-on", 303)
        change = seal_again if deed == "seal" else close_passwords
        fresh = await change(session, actor, ledger=ledger, clock=clock)
    return await _index(request, page, parts, fresh)


@router.get("/sign-on/{key}")
async def show(request: Request, page: Page, parts: Parts, actor: Current, key: str) -> HTMLResponse:
    """Show one provider."""
    actor.require("org:settings:manage")
    return await _show(request, page, parts, key, [])


async def _show(request: Request, page: Any, parts: Parts, key: str, checks: list[Check]) -> HTMLResponse:
    async with parts.database.transaction() as session:
        provider = await get_provider(session, key)
    if provider.kind == "saml":
        addresses = [("Our entity id, and our metadata", entity_of(parts, provider)),
                     ("Assertion consumer service (ACS)", acs_of(parts, provider)),
                     ("Single logout (HTTP Redirect)", slo_of(parts, provider))]  # fmt: skip
    else:
        back = f"{parts.settings.url}/api/v1/sign-on/{provider.key}/backchannel-logout"
        addresses = [("Redirect URI (sign-in)", callback(parts, provider)), ("Back-channel logout URI", back),
                     ("Post-logout redirect URI", f"{parts.settings.url}/signed-out")]  # fmt: skip
    shown: HTMLResponse = page.show(
        request, "identity/sign_on_provider.html", provider=provider, config=dict(provider.config), checks=checks,
        addresses=addresses, algorithms=ALGORITHMS,
    )  # fmt: skip
    return shown


@router.post("/sign-on/{key}")
async def change(request: Request, parts: Parts, actor: Current, key: str) -> Response:
    """Change a provider."""
    form = await request.form(max_fields=40, max_files=1)
    actor.require("org:roles:own")
    given = await described(parts, form)
    async with parts.database.transaction() as session:
        await change_provider(session, actor, key, given, secrets=parts.secrets, ledger=parts.ledger)
    return RedirectResponse(f"/sign-on/{key}", 303)


@router.post("/sign-on/{key}/check")
async def check(request: Request, page: Page, parts: Parts, actor: Current, key: str) -> HTMLResponse:
    """Look at what the provider publishes and say what is wrong."""
    actor.require("org:settings:manage")
    async with parts.database.transaction() as session:
        provider = await get_provider(session, key)
    return await _show(request, page, parts, key, await examine(parts, actor, provider))


@router.post("/sign-on/{key}/switch")
async def switch(parts: Parts, actor: Current, key: str, on: Annotated[bool, Form()]) -> Response:
    """Let a provider sign people in, or no more."""
    async with parts.database.transaction() as session:
        await switch_provider(session, actor, key, on=on, ledger=parts.ledger)
    return RedirectResponse(f"/sign-on/{key}", 303)


@router.post("/sign-on/{key}/remove")
async def remove(parts: Parts, actor: Current, key: str) -> Response:
    """Take a provider away."""
    async with parts.database.transaction() as session:
        await remove_provider(session, actor, key, ledger=parts.ledger)
    return RedirectResponse("/sign-on", 303)


@router.post("/me/sign-on/{key}/remove")
async def disconnect(parts: Parts, actor: Current, key: str) -> Response:
    """Remove one's own link to a provider."""
    async with parts.database.transaction() as session:
        await unlink(session, actor, key, ledger=parts.ledger)
    return RedirectResponse("/me", 303)
