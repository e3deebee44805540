"""A server that signs people in for an MCP server (OAuth 2.1: discovery, registration, PKCE, rotation), in memory."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from colleague.testing.serving import json_app, serving


class FakeSignIn:
    """Signs everybody in who comes by; `tokens` are the access tokens that hold, `refreshed` counts refreshes.

    A refresh token is good once: spending an old one ends the grant, as real servers do it.
    """

    def __init__(self, resource: str, *, life: int = 3600) -> None:
        """Take the address that it protects, and how many seconds a token holds."""
        self.resource, self.life, self.port = resource, life, 0
        self.tokens: set[str] = set()
        self.refresh: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self.clients: list[dict[str, Any]] = []
        self.refreshed = 0
        self.asked: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """Return its address: the issuer."""
        return f"http://127.0.0.1:{self.port}"

    def guard(self, headers: dict[str, str]) -> tuple[int, dict[str, str]] | None:
        """Say, for `FakeMcp.refuse`, whether a request of the MCP server is refused."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind == "Bearer" and token in self.tokens:
            return None
        return 401, {"www-authenticate": f'Bearer resource_metadata="{self.url}/resource"'}

    def agree(self, url: str) -> str:
        """Do what a person does at `/authorize`: agree; return the query they come back with."""
        asked = dict(parse_qsl(url.partition("?")[2]))
        self.asked.append(asked)
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return urlencode({"code": code, "state": asked["state"], "iss": self.url})

    def _grant(self) -> dict[str, Any]:
        token, again = secrets.token_hex(16), secrets.token_hex(16)
        self.tokens.add(token)
        self.refresh.add(again)
        return {"access_token": token, "refresh_token": again, "token_type": "Bearer", "expires_in": self.life}

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("grant_type") == "refresh_token":
            if form["refresh_token"] not in self.refresh:
                self.tokens.clear()
                return 400, {"error": "invalid_grant"}
            self.refresh.discard(form["refresh_token"])
            self.tokens.clear()
            self.refreshed += 1
            return 200, self._grant()
        asked = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        shown = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        if asked is None or shown != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, self._grant()

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one request."""
        if path == "/resource":
            return 200, {"resource": self.resource, "authorization_servers": [self.url], "scopes_supported": ["notes"]}
        if path.startswith("/.well-known/oauth-authorization-server"):
            return 200, {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "scopes_supported": ["notes"],
                "token_endpoint": f"{self.url}/token", "registration_endpoint": f"{self.url}/register",
                "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
            }  # fmt: skip
        if path == "/register":
            self.clients.append({**json.loads(body), "client_id": f"client-{len(self.clients)}"})
            return 201, self.clients[-1]
        if path == "/token":
            return self._token({k: v[0] for k, v in parse_qs(body.decode()).items()})
        return 404, {"error": "not_found"}

    @contextmanager
    def serving(self) -> Iterator["FakeSignIn"]:
        """Serve on a free port of this machine, from a thread of its own, while the context lasts."""
        with serving(json_app(lambda path, body, _: self.answer(path, body))) as self.port:
            yield self
