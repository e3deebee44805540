"""End sessions on both sides: the provider tells us (back-channel), or we send the browser there (RP-initiated)."""

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from colleague.audit.event import Event
from colleague.identity.sessions import sha256
from colleague.identity.sso import saml_logout
from colleague.identity.sso.discover import metadata_of, verify_with_keys
from colleague.identity.sso.flows import remember
from colleague.identity.sso.jose import LEEWAY, check_claims, header_of, number, word
from colleague.identity.sso.model import Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.providers import end_sessions, provider_by_id
from colleague.identity.sso.refusals import Expired, Malformed
from colleague.identity.tables import SsoSessionRow
from colleague.kit.errors import Failure

EVENT, FRESH = "http://schemas.openid.net/event/backchannel-logout", timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Farewell:
    """Where a person may end their session at the provider too."""

    title: str
    url: str


async def back_channel(parts: SignOn, provider: Provider, token: str) -> int:
    """Take a logout token and end the sessions it names; return how many (OIDC Back-Channel Logout 1.0, 2.6).

    Raises SignOnRefused in its kinds, and ProviderFailed.
    """
    claims = await _logout_claims(parts, provider, token)
    now = parts.clock.now()
    async with parts.database.transaction() as session:
        await remember(session, "logout", provider, word(claims["jti"]), now + 2 * FRESH)
        ended = await end_sessions(
            session, provider.id, subject=word(claims.get("sub")), sid=word(claims.get("sid"))
        )  # fmt: skip
        facts = {"provider": provider.key, "sessions": ended, "how": "back-channel"}
        await parts.ledger.record(session, Event("sign_on.sessions_ended", "system", subject=provider.id, data=facts))
    return ended


async def _logout_claims(parts: SignOn, provider: Provider, token: str) -> Mapping[str, Any]:
    # An ID token that leaked must not serve as a logout token, nor the other way round.
    if str(header_of(token).get("typ", "logout+jwt")).casefold() not in ("logout+jwt", "jwt"):
        raise Malformed(what="a logout token")
    claims = await verify_with_keys(parts, provider, token)
    now = parts.clock.now()
    claims = {"exp": (now + FRESH).timestamp(), **claims}
    check_claims(claims, issuer=provider.oidc.issuer, client=provider.oidc.client_id, now=now)
    if number(claims, "iat") < now.timestamp() - FRESH.total_seconds() - LEEWAY:
        raise Expired
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict) or "nonce" in claims:
        raise Malformed(what="a logout token")
    if not word(claims.get("jti")) or not (word(claims.get("sub")) or word(claims.get("sid"))):
        raise Malformed(what="jti, sub or sid")
    return claims


async def farewell(parts: SignOn, cookie: str) -> Farewell | None:
    """Return where the session of `cookie` can be ended at its provider; None if there is no such place."""
    async with parts.database.transaction() as session:
        row = await session.get(SsoSessionRow, sha256(cookie))
        provider = await provider_by_id(session, row.provider_id) if row else None
    if row is None or provider is None or not provider.enabled:
        return None
    try:
        hint = parts.secrets.open(row.sealed, context=f"sso_sessions.sealed:{row.token_sha256}")
        if provider.kind == "saml":
            url = await saml_logout.ask(parts, provider, hint, row.sid)
        else:
            url = await _end_session(parts, provider, hint)
    except Failure:
        # Signing out here must never fail because the provider is away.
        return None
    return Farewell(provider.title, url) if url else None


async def _end_session(parts: SignOn, provider: Provider, hint: str) -> str:
    """Return where a session ends at an OIDC provider (RP-Initiated Logout 1.0); "" if it has no such place."""
    about = await metadata_of(parts, provider)
    if not about.end_session:
        return ""
    asked = {
        "client_id": provider.oidc.client_id, "post_logout_redirect_uri": f"{parts.settings.url}/signed-out",
        "state": random.token_urlsafe(16), "id_token_hint": hint,
    }  # fmt: skip
    return about.end_session + ("&" if "?" in about.end_session else "?") + urlencode(asked)
