"""The way to a provider and back, kept on the server: good once, ten minutes, in the browser that began it."""

import json
import secrets as random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from colleague.identity.sessions import sha256
from colleague.identity.sso.model import Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.refusals import FlowSpent, OtherBrowser, Replayed
from colleague.identity.tables import SsoFlowRow, SsoSeenRow
from colleague.kit.db import Session

LIFE = timedelta(minutes=10)
SIGN_IN, LINK, TRY, LOGOUT = "sign_in", "link", "try", "logout"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in under way: for what, of whom (where somebody is signed in already), and what only we know of it."""

    provider_id: str
    purpose: str
    person_id: str
    data: dict[str, Any] = field(repr=False)
    binding: str = field(default="", repr=False)


async def open_flow(
    parts: SignOn, provider: Provider, *, purpose: str, browser: str, person: str, data: dict[str, Any],
    handle: str = "", binding: str = "",
) -> str:  # fmt: skip
    """Keep a sign-in that begins now, sealed, and return its handle (the OIDC state, or a SAML request's id).

    `binding` carries an earlier one's browser on, where no cookie could come.
    """
    handle, now = handle or random.token_urlsafe(32), parts.clock.now()
    row = SsoFlowRow(
        handle_sha256=sha256(handle), provider_id=provider.id, purpose=purpose,
        browser_sha256=binding or sha256(browser),
        person_id=person or None, expires_at=now + LIFE,
        sealed=parts.secrets.seal(json.dumps(data), context=f"sso_flows.sealed:{sha256(handle)}"),
    )  # fmt: skip
    async with parts.database.transaction() as session:
        # Anybody may begin one: those that have ended do not pile up.
        await session.execute(delete(SsoFlowRow).where(SsoFlowRow.expires_at <= now))
        await session.execute(delete(SsoSeenRow).where(SsoSeenRow.until <= now))
        session.add(row)
    return handle


async def take_flow(parts: SignOn, provider: Provider, handle: str, browser: str | None) -> Flow:
    """Use up a sign-in that was begun here with this provider in this browser. FlowSpent, OtherBrowser.

    `browser` is None where no cookie can come (a form that another site sends): who calls looks at it afterwards.
    """
    key = sha256(handle)
    async with parts.database.transaction() as session:
        row = await session.get(SsoFlowRow, key, with_for_update=True)
        now = parts.clock.now()
        if row is None or row.provider_id != provider.id or row.used_at is not None or now >= row.expires_at:
            raise FlowSpent
        if browser is not None and row.browser_sha256 != sha256(browser):
            # Not used up: somebody who only saw the address must not spoil it for the one it belongs to.
            raise OtherBrowser
        row.used_at = now
    data = json.loads(parts.secrets.open(row.sealed, context=f"sso_flows.sealed:{key}"))
    return Flow(row.provider_id, row.purpose, row.person_id or "", data, row.browser_sha256)


async def remember(session: Session, kind: str, provider: Provider, identifier: str, until: Any) -> None:
    """Note that something was used; Replayed if it was before. Two at once: one of them is refused."""
    row = {"id_sha256": sha256(f"{kind}:{provider.id}:{identifier}"), "until": until}
    added = insert(SsoSeenRow).values(**row).on_conflict_do_nothing().returning(SsoSeenRow.id_sha256)
    if not await session.scalar(added):
        raise Replayed
