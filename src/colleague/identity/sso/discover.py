"""What an OIDC provider publishes of itself: where its doors are, and its keys. Both are kept for a while.

A key that is not known yet is looked for once a minute at most: a forged token must not make us call out at will.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from colleague.identity.sso.jose import Key, fitting, header_of, read_keys, verify_token
from colleague.identity.sso.model import DISCOVERY, Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.refusals import ProviderFailed, UnknownKey
from colleague.kit.errors import Failure
from colleague.kit.http import Answer

KEEP, THROTTLE, SECONDS, LIMIT = 600.0, 60.0, 15.0, 1_000_000


@dataclass(frozen=True, slots=True)
class Metadata:
    """The doors of a provider (OpenID Connect Discovery 1.0). `date` is its own clock, as its answer says it."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    userinfo: str = ""
    end_session: str = ""
    names_itself: bool = False
    methods: tuple[str, ...] = ("client_secret_basic",)
    algorithms: tuple[str, ...] = ()
    date: str = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the hosts that calls to this provider may reach: those its own document names."""
        places = (self.issuer, self.token, self.jwks, self.userinfo)
        return tuple({urlsplit(place).hostname or "" for place in places if place})


@dataclass(slots=True)
class _Keys:
    keys: list[Key]
    fetched: float
    asked: float


def read_json(answer: Answer, what: str) -> dict[str, Any]:
    """Return the JSON object of an answer with status 200; ProviderFailed otherwise, without repeating what it said."""
    if answer.status != 200:
        raise ProviderFailed(why=f"{what} answers with status {answer.status}")
    try:
        value = json.loads(answer.content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ProviderFailed(why=f"{what} is not a JSON document")
    return value


async def metadata_of(parts: SignOn, provider: Provider, *, fresh: bool = False) -> Metadata:
    """Return a provider's metadata, read anew after ten minutes or if `fresh`.

    Raises ProviderFailed and what Egress refuses.
    """
    name, now = f"metadata:{provider.id}:{provider.version}", parts.clock.now().timestamp()
    held = parts.known.get(name)
    if held is not None and not fresh and 0 <= now - held[0] < KEEP:
        return _metadata(held[1])
    issuer = provider.oidc.issuer
    answer = await parts.egress.request(
        "GET", issuer.rstrip("/") + DISCOVERY, headers={"accept": "application/json"},
        hosts=[urlsplit(issuer).hostname or ""], seconds=SECONDS, size_limit=LIMIT,
    )  # fmt: skip
    found = read_metadata(read_json(answer, "its discovery document"), issuer, answer.headers.get("date", ""))
    parts.known[name] = (now, found)
    return found


def _metadata(value: object) -> Metadata:
    assert isinstance(value, Metadata)
    return value


def read_metadata(document: Mapping[str, Any], issuer: str, date: str = "") -> Metadata:
    """Return the metadata that a discovery document holds; ProviderFailed if it lacks or contradicts something."""
    if document.get("issuer") != issuer:
        named = str(document.get("issuer"))[:200]
        raise ProviderFailed(why=f"its discovery document names the issuer «{named}», not the one that is set up")
    doors = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"):
        value = document.get(name) or ""
        required = name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        # TLS all the way, unless the issuer itself is on this machine or a private one (tests).
        schemes = ("https",) if issuer.startswith("https") else ("https", "http")
        good = isinstance(value, str) and urlsplit(value).scheme in schemes and value.isprintable()
        if (required or value) and not (good and urlsplit(value).hostname):
            raise ProviderFailed(why=f"its discovery document has no proper {name}")
        doors[name] = value
    methods = document.get("token_endpoint_auth_methods_supported")
    algorithms = document.get("id_token_signing_alg_values_supported")
    return Metadata(
        issuer, doors["authorization_endpoint"], doors["token_endpoint"], doors["jwks_uri"],
        doors["userinfo_endpoint"], doors["end_session_endpoint"],
        document.get("authorization_response_iss_parameter_supported") is True,
        tuple(map(str, methods)) if isinstance(methods, list) else ("client_secret_basic",),
        tuple(map(str, algorithms)) if isinstance(algorithms, list) else (), date,
    )  # fmt: skip


async def keys_of(parts: SignOn, provider: Provider, *, fresh: bool = False) -> list[Key]:
    """Return a provider's published keys, kept for ten minutes. ProviderFailed and what Egress refuses."""
    name = f"keys:{provider.id}:{provider.version}"
    async with parts.locks.setdefault(name, asyncio.Lock()):
        now = parts.clock.now().timestamp()
        held = parts.known.get(name)
        if isinstance(held, _Keys) and not fresh and 0 <= now - held.fetched < KEEP:
            return held.keys
        return (await _fetch(parts, provider, name)).keys


async def _fetch(parts: SignOn, provider: Provider, name: str, *, asked: float = 0) -> _Keys:
    about = await metadata_of(parts, provider)
    answer = await parts.egress.request(
        "GET", about.jwks, headers={"accept": "application/json"}, hosts=about.hosts, seconds=SECONDS, size_limit=LIMIT
    )
    now = parts.clock.now().timestamp()
    try:
        keys = read_keys(read_json(answer, "its key set"))
    except Failure as failure:
        raise ProviderFailed(why="its key set cannot be read") from failure
    if not keys:
        raise ProviderFailed(why="its key set holds no key that can verify signatures")
    found = _Keys(keys, now, asked)
    parts.known[name] = found
    return found


async def verify_with_keys(parts: SignOn, provider: Provider, token: str) -> dict[str, Any]:
    """Return the verified claims of a provider's token; an unknown key is looked for anew, once a minute at most.

    Raises what jose.verify_token raises, and ProviderFailed.
    """
    algorithms = provider.oidc.algorithms
    keys = await keys_of(parts, provider)
    header = header_of(token)
    if header["alg"] in algorithms:
        try:
            fitting(header, keys)
        except UnknownKey:
            keys = await _again(parts, provider) or keys
    return verify_token(token, keys, algorithms)


async def _again(parts: SignOn, provider: Provider) -> list[Key]:
    name = f"keys:{provider.id}:{provider.version}"
    async with parts.locks.setdefault(name, asyncio.Lock()):
        held = parts.known.get(name)
        now = parts.clock.now().timestamp()
        if isinstance(held, _Keys) and 0 <= now - held.asked < THROTTLE:
            # Somebody else may have fetched while this one waited for the lock.
            return held.keys
        if isinstance(held, _Keys):
            held.asked = now
        return (await _fetch(parts, provider, name, asked=now)).keys
