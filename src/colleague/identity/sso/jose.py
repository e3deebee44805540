"""Signed tokens (JWS, RFC 7515): the algorithms a provider is pinned to, its own keys, nothing else. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry, deserialize_compact, extract_compact

from colleague.identity.sso.model import ALGORITHMS
from colleague.identity.sso.refusals import (
    BadSignature,
    ClockSkew,
    Expired,
    Malformed,
    UnknownKey,
    Unsigned,
    WrongAlgorithm,
    WrongAudience,
    WrongIssuer,
)

LONGEST, LEEWAY = 64_000, 60.0
Key = RSAKey | ECKey


class _Registry(JWSRegistry):
    # Some providers put a whole certificate into the header.
    max_header_length = 16_000


def read_keys(document: Mapping[str, Any]) -> list[Key]:
    """Return the public keys of a JWK set that may verify signatures; others, symmetric ones above all, are left out.

    Malformed for what is no key set.
    """
    given = document.get("keys")
    if not isinstance(given, list) or len(given) > 100:
        raise Malformed(what="keys")
    found: list[Key] = []
    for one in given:
        if not isinstance(one, dict) or one.get("kty") not in ("RSA", "EC") or one.get("use", "sig") != "sig":
            continue
        try:
            public = {k: v for k, v in one.items() if k not in ("d", "p", "q", "dp", "dq", "qi", "oth", "key_ops")}
            (key,) = KeySet.import_key_set({"keys": [public]}).keys
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, ECKey) or (isinstance(key, RSAKey) and key.raw_value.key_size >= 2048):
            found.append(key)
    return found


def header_of(token: str) -> dict[str, Any]:
    """Return the header of a token before anything is believed. Malformed, Unsigned."""
    if not token or len(token) > LONGEST or token.count(".") != 2 or not token.isascii():
        raise Malformed(what="a signed token")
    try:
        header = extract_compact(token.encode(), registry=_Registry()).headers()
    except (JoseError, ValueError, TypeError):
        raise Malformed(what="a signed token") from None
    if str(header.get("alg", "none")).casefold() == "none":
        raise Unsigned
    return dict(header)


def verify_token(token: str, keys: Sequence[Key], algorithms: Collection[str]) -> dict[str, Any]:
    """Return the claims of a token that one of `keys` signed with one of `algorithms`.

    Raises Malformed, Unsigned, WrongAlgorithm, UnknownKey, BadSignature.
    """
    header = header_of(token)
    allowed = [a for a in algorithms if a in ALGORITHMS]
    if header["alg"] not in allowed:
        raise WrongAlgorithm
    if "crit" in header or "b64" in header:
        raise Malformed(what="a header that is understood")
    registry = _Registry(algorithms=allowed, strict_check_header=False)
    payload = None
    for key in fitting(header, keys):
        try:
            payload = deserialize_compact(token.encode(), key, algorithms=allowed, registry=registry).payload
            break
        except BadSignatureError:
            continue
        except (JoseError, ValueError, TypeError):
            # A key of another kind than the algorithm: as bad as a wrong signature.
            continue
    if payload is None:
        raise BadSignature
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        raise Malformed(what="claims") from None
    if not isinstance(claims, dict):
        raise Malformed(what="claims")
    return claims


def fitting(header: Mapping[str, Any], keys: Sequence[Key]) -> list[Key]:
    """Return the keys that a token may be signed with: that of its `kid`, or every one if it names none; UnknownKey."""
    kind = "EC" if str(header["alg"]).startswith("ES") else "RSA"
    found = [k for k in keys if k.key_type == kind and k.get("alg", header["alg"]) == header["alg"]]
    if header.get("kid") is not None:
        found = [k for k in found if k.kid == header["kid"]]
    if not found:
        raise UnknownKey
    return found[:10]


def check_claims(claims: Mapping[str, Any], *, issuer: str, client: str, now: datetime) -> None:
    """Check issuer, audience and times of verified claims (OIDC Core 3.1.3.7).

    Raises WrongIssuer, WrongAudience, Expired, ClockSkew, Malformed.
    """
    if claims.get("iss") != issuer:
        raise WrongIssuer
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client not in audiences:
        raise WrongAudience
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client:
        raise WrongAudience
    at = now.timestamp()
    issued, ends = number(claims, "iat"), number(claims, "exp")
    if issued > at + LEEWAY or ("nbf" in claims and number(claims, "nbf") > at + LEEWAY):
        raise ClockSkew
    if ends <= at - LEEWAY:
        raise Expired


def number(claims: Mapping[str, Any], name: str) -> float:
    """Return a time among claims; Malformed if it is none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**11:
        raise Malformed(what=name)
    return float(value)


def word(value: object, longest: int = 255) -> str:
    """Return a claim that should be a short printable text; "" for anything else."""
    return value.strip() if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""
