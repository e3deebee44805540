"""Sign in at an OIDC provider: code with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207)."""

import base64
import hashlib
import secrets as random
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from colleague.identity.sso.discover import Metadata, metadata_of, read_json, verify_with_keys
from colleague.identity.sso.flows import Flow, open_flow, take_flow
from colleague.identity.sso.jose import check_claims, header_of, word
from colleague.identity.sso.model import Principal, Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.providers import open_secret
from colleague.identity.sso.refusals import Malformed, NonceMismatch, ProviderFailed, ProviderSaysNo, WrongIssuer

SECONDS, LIMIT, MOST_GROUPS = 15.0, 500_000, 1001


def callback(parts: SignOn, provider: Provider) -> str:
    """Return the redirect URI of a provider: one of its own, so that answers of two cannot be mixed up."""
    return f"{parts.settings.url}/sign-in/oidc/{provider.key}/callback"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


async def begin(
    parts: SignOn, provider: Provider, *, purpose: str, browser: str, person: str = "", then: str = "/"
) -> str:
    """Return where the browser goes to sign in. Raises ProviderFailed and what Egress refuses."""
    about = await metadata_of(parts, provider)
    nonce, verifier = random.token_urlsafe(24), random.token_urlsafe(48)
    data = {"nonce": nonce, "verifier": verifier, "then": then}
    state = await open_flow(parts, provider, purpose=purpose, browser=browser, person=person, data=data)
    asked = {
        "response_type": "code", "client_id": provider.oidc.client_id, "redirect_uri": callback(parts, provider),
        "scope": provider.oidc.scopes, "state": state, "nonce": nonce,
        "code_challenge": _b64(hashlib.sha256(verifier.encode()).digest()), "code_challenge_method": "S256",
    }  # fmt: skip
    if purpose != "sign_in":
        # To link or to try, the person shows themselves anew; an open session of somebody else must not do.
        asked["prompt"] = "login"
    return about.authorization + ("&" if "?" in about.authorization else "?") + urlencode(asked)


async def finish(parts: SignOn, provider: Provider, given: Mapping[str, str], browser: str) -> tuple[Flow, Principal]:
    """Take back a browser from the provider: return what was begun, and whom the provider has signed in.

    Raises SignOnRefused in its kinds, ProviderFailed, and what Egress refuses.
    """
    flow = await take_flow(parts, provider, given.get("state", ""), browser)
    about = await metadata_of(parts, provider)
    # RFC 9207: an answer that another server sent must not make us give this one's code away.
    if given.get("iss", about.issuer if not about.names_itself else "") != about.issuer:
        raise WrongIssuer
    if given.get("error") or not given.get("code"):
        raise ProviderSaysNo(word=word(given.get("error"), 60) or "no code")
    tokens = await _exchange(parts, provider, about, given["code"], str(flow.data["verifier"]))
    return flow, await read_id_token(parts, provider, about, tokens, str(flow.data["nonce"]))


async def _exchange(
    parts: SignOn, provider: Provider, about: Metadata, code: str, verifier: str
) -> dict[str, Any]:  # fmt: skip
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback(parts, provider),
            "code_verifier": verifier}  # fmt: skip
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    secret, client = open_secret(provider, parts.secrets), provider.oidc.client_id
    if secret and ("client_secret_basic" in about.methods or "client_secret_post" not in about.methods):
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
    answer = await parts.egress.request(
        "POST", about.token, headers=headers, content=urlencode(form).encode(), hosts=about.hosts, idempotent=False,
        seconds=SECONDS, size_limit=LIMIT,
    )  # fmt: skip
    if answer.status in (400, 401, 403):
        said = _error(answer.content)
        raise ProviderFailed(why=f"it did not take the code («{said}»; look at client id, secret and redirect URI)")
    return read_json(answer, "its token endpoint")


def _error(content: bytes) -> str:
    import json

    try:
        return word(json.loads(content).get("error"), 60) or "no reason"
    except (ValueError, AttributeError, RecursionError):
        return "no reason"


async def read_id_token(
    parts: SignOn, provider: Provider, about: Metadata, tokens: Mapping[str, Any], nonce: str
) -> Principal:
    """Verify an ID token (OIDC Core 3.1.3.7) and return whom it speaks of; claims it lacks come from userinfo."""
    token = tokens.get("id_token")
    if not isinstance(token, str):
        raise Malformed(what="an ID token")
    claims = await verify_with_keys(parts, provider, token)
    check_claims(claims, issuer=about.issuer, client=provider.oidc.client_id, now=parts.clock.now())
    if not isinstance(claims.get("nonce"), str) or not random.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise NonceMismatch
    access = tokens.get("access_token")
    if "at_hash" in claims and isinstance(access, str) and claims["at_hash"] != _at_hash(token, access):
        raise Malformed(what="the hash of its access token")
    groups = provider.oidc.groups_claim
    if ("email" not in claims or (groups and groups not in claims)) and about.userinfo and isinstance(access, str):
        claims = {**await _userinfo(parts, about, access, claims.get("sub")), **claims}
    return principal_of(claims, groups, token)


def _at_hash(token: str, access: str) -> str:
    size = str(header_of(token)["alg"])[-3:]
    digest = hashlib.new(f"sha{size}", access.encode()).digest()
    return _b64(digest[: len(digest) // 2])


async def _userinfo(parts: SignOn, about: Metadata, access: str, subject: object) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {access}", "accept": "application/json"}
    answer = await parts.egress.request(
        "GET", about.userinfo, headers=headers, hosts=about.hosts, seconds=SECONDS, size_limit=LIMIT
    )
    found = read_json(answer, "its userinfo endpoint")
    if found.get("sub") != subject:
        # OIDC Core 5.3.2: another subject's claims must not be used.
        raise Malformed(what="the same subject everywhere")
    return found


def principal_of(claims: Mapping[str, Any], groups_claim: str, token: str) -> Principal:
    """Return the principal that verified claims describe; Malformed without a subject."""
    subject = word(claims.get("sub"))
    if not subject:
        raise Malformed(what="a subject")
    verified = claims.get("email_verified")
    # Some providers send the word instead of the value.
    verified = {"true": True, "false": False}.get(verified, False) if isinstance(verified, str) else verified
    given = claims.get(groups_claim) if groups_claim else None
    groups = [word(g) for g in (given if isinstance(given, list) else [given] if given else [])][:MOST_GROUPS]
    name = word(claims.get("name"), 120) or word(claims.get("preferred_username"), 120)
    return Principal(
        subject, word(claims.get("email"), 254), verified if isinstance(verified, bool) else None, name,
        tuple(g for g in groups if g), word(claims.get("sid")), token,
    )  # fmt: skip
