"""Sign-on for programs: the providers, their checks, and the door where a provider tells that a session ended."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import JSONResponse, Response

from colleague.identity.current import Current
from colleague.identity.local_routes import current_mode
from colleague.identity.sso.arrive import put_refusal_on_record
from colleague.identity.sso.console import Parts
from colleague.identity.sso.logout import back_channel
from colleague.identity.sso.model import Provider
from colleague.identity.sso.providers import get_provider, list_providers
from colleague.identity.sso.refusals import SignOnRefused
from colleague.identity.sso.trial import examine

router = APIRouter(prefix="/api/v1/sign-on", tags=["sign-on"])


def shown(provider: Provider) -> dict[str, Any]:
    """Return a provider without its secret, which nobody is shown again."""
    return {
        "key": provider.key, "kind": provider.kind, "title": provider.title, "enabled": provider.enabled,
        "joining": provider.joining, "config": dict(provider.config), "has_secret": provider.has_secret,
        "tried": provider.tried,
    }  # fmt: skip


@router.get("")
async def providers(parts: Parts, actor: Current) -> dict[str, Any]:
    """List identity providers, and say whether passwords are switched off. Changes are an owner's, on the page."""
    actor.require("org:settings:manage")
    async with parts.database.transaction() as session:
        found, mode = await list_providers(session), await current_mode(session)
    return {"passwords": not mode.closed, "break_glass_used_at": mode.broken_at, "providers": [shown(p) for p in found]}


@router.post("/{key}/check")
async def check(parts: Parts, actor: Current, key: str) -> list[dict[str, Any]]:
    """Look at what a provider publishes; each entry says whether it is well and what helps."""
    actor.require("org:settings:manage")
    async with parts.database.transaction() as session:
        provider = await get_provider(session, key)
    return [{"title": c.title, "good": c.good, "words": c.words} for c in await examine(parts, actor, provider)]


@router.post("/{key}/backchannel-logout", response_model=None)
async def logged_out(parts: Parts, key: str, logout_token: Annotated[str, Form(max_length=64_000)]) -> Response:
    """For identity providers: a session ended there, so it ends here (OpenID Connect Back-Channel Logout 1.0)."""
    async with parts.database.transaction() as session:
        provider = await get_provider(session, key, enabled=True)
    try:
        await back_channel(parts, provider, logout_token)
    except SignOnRefused as failure:
        await put_refusal_on_record(parts, provider, failure, how="back-channel")
        # The protocol names this status and this form (2.8); everywhere else web/errors.py answers.
        return JSONResponse({"error": "invalid_request", "error_description": failure.message}, 400)
    return Response(status_code=200)
