"""Grants of people at servers that sign them in (OAuth 2.1): kept sealed per person and connection, refreshed by one.

The grant is a secret of the person's account: token, refresh token, end, and where to refresh it. Who refreshes holds
the account's row meanwhile: another process waits, and finds the fresh token instead of spending the old one twice.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.accounts import open_secret, seal_secret
from colleague.connectors.connector import Account, AccountExpired
from colleague.connectors.mcp.full_access import excepted, opens_everything
from colleague.connectors.mcp.server import hosts_of
from colleague.connectors.tables import AccountRow
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.errors import Unavailable
from colleague.kit.http import Answer, Egress
from colleague.kit.secrets import Secrets

SECRET, MARGIN, SECONDS = "oauth", 30.0, 20.0


class RefreshFailed(Unavailable):
    """The server that signs people in does not answer properly (status {status}); nothing was done."""


class Grants:
    """Gives tokens that hold now."""

    def __init__(self, *, database: Database, secrets: Secrets, egress: Egress, ledger: Ledger, clock: Clock) -> None:
        """Take what a refresh needs."""
        self._database, self._secrets, self._egress = database, secrets, egress
        self._ledger, self._clock = ledger, clock

    async def token(self, account: Account, stale: str = "") -> str:
        """Return an access token of `account` that is not `stale`, refreshed if need be.

        Raises AccountExpired if only the person can help, RefreshFailed and what Egress raises if it may work later.
        """
        grant = _read(account.secrets.get(SECRET, ""))
        if opens_everything(str(grant.get("scope", "")).split()) and not excepted(account.config, self._clock.now()):
            # The exception has ended: the person signs in again, and is told which scopes were too wide.
            raise AccountExpired
        if self._holds(grant, stale):
            return str(grant["access_token"])
        async with self._database.transaction() as session:
            row = await session.get(AccountRow, account.id, with_for_update=True)
            if row is None or not row.active or SECRET not in row.sealed:
                raise AccountExpired
            grant = _read(open_secret(row, SECRET, secrets=self._secrets))
            if self._holds(grant, stale):
                return str(grant["access_token"])
            fresh = await self._refresh(grant, account.config)
            if fresh is not None:
                seal_secret(row, SECRET, json.dumps(fresh), secrets=self._secrets)
                event = Event("account.refreshed", actor="system", subject=row.id, person=row.person_id or "")
                await self._ledger.record(session, event)
                return str(fresh["access_token"])
        raise AccountExpired

    def _holds(self, grant: Mapping[str, Any], stale: str) -> bool:
        if not grant.get("access_token") or grant["access_token"] == stale:
            return False
        end = grant.get("expires_at")
        return end is None or float(end) > self._clock.now().timestamp() + MARGIN

    async def _refresh(self, grant: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the grant with a new token; None if the server says that it is over."""
        if not grant.get("refresh_token") or not grant.get("token_endpoint"):
            return None
        form = {"grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}
        form |= {"resource": grant["resource"]} if grant.get("resource") else {}
        sent, headers = authenticated(form, grant.get("client") or {})
        answer = await self._egress.request(
            "POST", str(grant["token_endpoint"]), headers=headers, content=urlencode(sent).encode(),
            hosts=hosts_of(str(config["url"]), config.get("auth_hosts")), idempotent=False, seconds=SECONDS,
            size_limit=200_000,
        )  # fmt: skip
        if answer.status in (400, 401, 403):
            return None
        if answer.status != 200:
            raise RefreshFailed(status=answer.status)
        return {**grant, **granted(_json(answer), self._clock)}


def authenticated(form: Mapping[str, str], client: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return form and headers of a token request as this client authenticates itself (RFC 6749, 2.3.1)."""
    from mcp.client.auth.oauth2 import OAuthContext
    from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

    context = OAuthContext("", OAuthClientMetadata(redirect_uris=None), _NO_STORAGE, None, None)
    context.client_info = OAuthClientInformationFull.model_validate(client)
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    return context.prepare_token_auth({**form, "client_id": context.client_info.client_id or ""}, headers)


_NO_STORAGE: Any = None


def granted(answer: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what a token answer changes in a grant; a refresh token that was not given anew stays."""
    seconds = answer.get("expires_in")
    fit = isinstance(seconds, int | float | str) and str(seconds).replace(".", "", 1).isdigit()
    end = clock.now() + timedelta(seconds=min(float(seconds or 0), 10**8)) if fit else None
    kept = {k: answer[k] for k in ("access_token", "refresh_token", "scope") if isinstance(answer.get(k), str)}
    return {**kept, "expires_at": end.timestamp() if end else None}


def _read(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _json(answer: Answer) -> dict[str, Any]:
    value = _read(answer.content.decode("utf-8", "replace"))
    if not isinstance(value.get("access_token"), str):
        raise RefreshFailed(status=answer.status)
    return value
