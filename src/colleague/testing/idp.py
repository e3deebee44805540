"""An OIDC provider in memory: discovery, keys, code with PKCE, userinfo; each of its answers can be bent by a test."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from colleague.kit.clock import Clock
from colleague.testing.serving import json_app, serving

Claims = dict[str, Any]
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


class FakeIdp:
    """Signs people in by name. `bend` changes the claims of the next ID tokens, `sign` how they are signed.

    `fetched` counts how often its keys were asked for, `calls` what came to which path.
    """

    def __init__(self, clock: Clock) -> None:
        """Take the clock that dates what it signs."""
        self.clock, self.port = clock, 0
        self.client, self.secret = "colleague", "a secret of the client, long enough"
        self.people: dict[str, Claims] = {}
        self.codes: dict[str, tuple[str, dict[str, str]]] = {}
        self.bend: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.document: Claims = {}
        self.userinfo: Claims = {}
        self.fetched = 0
        self.calls: list[str] = []
        self.keys: list[RSAKey] = []
        self.rotate("k1")

    @property
    def url(self) -> str:
        """Return its address: the issuer."""
        return f"http://127.0.0.1:{self.port}"

    def rotate(self, kid: str, *, keep: bool = False) -> None:
        """Take a new key, and publish only that one (unless the old ones are kept)."""
        key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
        self.keys = [key, *self.keys] if keep else [key]

    def person(self, who: str, mail: str, **more: Any) -> None:
        """Let somebody have an account here; `who` is part of their subject."""
        self.people[who] = {
            "sub": f"sub-{who}",
            "email": mail,
            "email_verified": True,
            "name": who.title(),
            "groups": [],
            **more,
        }

    def agree(self, url: str, name: str) -> str:
        """Do what a person does at `/authorize`: sign in; return the query they come back with."""
        asked = dict(parse_qsl(url.partition("?")[2]))
        code = secrets.token_hex(8)
        self.codes[code] = (name, asked)
        return urlencode({"code": code, "state": asked["state"], "iss": self.url})

    def signed(self, claims: Claims, header: Claims | None = None) -> str:
        """Return claims signed with the present key."""
        given = {"alg": "RS256", "kid": self.keys[0].kid, **(header or {})}
        return jwt.encode(given, claims, self.keys[0], algorithms=[given["alg"]])

    def logout_token(self, **changes: Any) -> str:
        """Return a logout token; a change to None leaves the claim out."""
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.url, "aud": self.client, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8),
            "events": {LOGOUT: {}}, **changes,
        }  # fmt: skip
        return self.signed({k: v for k, v in claims.items() if v is not None}, {"typ": "logout+jwt"})

    def _token(self, form: dict[str, str], headers: dict[str, str]) -> tuple[int, Claims]:
        pair = base64.b64encode(f"{self.client}:{self.secret.replace(' ', '%20').replace(',', '%2C')}".encode())
        if headers.get("authorization") != f"Basic {pair.decode()}":
            return 401, {"error": "invalid_client"}
        name, asked = self.codes.pop(form.get("code", ""), ("", {}))
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if proof.rstrip("=") != asked.get("code_challenge") or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(self.clock.now().timestamp())
        claims = {"iss": self.url, "aud": self.client, "iat": now, "exp": now + 300, "nonce": asked["nonce"],
                  "sid": f"session-{name}", **self.people[name]}  # fmt: skip
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.sign(self.bend(claims))}

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Claims]:
        """Answer one request."""
        self.calls.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "jwks_uri": f"{self.url}/keys",
                "token_endpoint": f"{self.url}/token", "userinfo_endpoint": f"{self.url}/userinfo",
                "end_session_endpoint": f"{self.url}/logout", "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True, **self.document,
            }  # fmt: skip
        if path == "/keys":
            self.fetched += 1
            return 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/token":
            return self._token({k: v[0] for k, v in parse_qs(body.decode()).items()}, headers)
        if path == "/userinfo" and headers.get("authorization") == "Bearer access":
            return 200, self.userinfo
        return 404, {"error": "not_found"}

    @contextmanager
    def serving(self) -> Iterator["FakeIdp"]:
        """Serve on a free port of this machine, from a thread of its own, while the context lasts."""
        with serving(json_app(self.answer)) as self.port:
            yield self
