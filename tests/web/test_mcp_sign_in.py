"""A person signs in at an MCP server and sees first what is asked; the grant is theirs, sealed, refreshed by one, and
when it ends they are asked again (R25, R29)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from colleague.bootstrap import build
from colleague.connectors.accounts import account_for, check_account
from colleague.connectors.connector import AccountExpired
from colleague.connectors.mcp.oauth import Grants
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.mcp import FakeMcp, listed
from colleague.testing.oauth import FakeSignIn

pytestmark = pytest.mark.anyio


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, demo=True, egress_private=True, clock=TestClock())
    yield home
    await home.house.close()


@pytest.fixture
def fake() -> Iterator[FakeMcp]:
    with FakeMcp(listed("read_note", readOnlyHint=True)).serving() as fake:
        yield fake


@pytest.fixture
def door(fake: FakeMcp) -> Iterator[FakeSignIn]:
    with FakeSignIn(fake.url).serving() as door:
        fake.refuse = door.guard
        yield door


async def register(client: Any, fake: FakeMcp, hosts: str = "") -> None:
    form = {"name": "notes", "title": "Team notes", "way": "http-oauth", "address": fake.url, "auth_hosts": hosts}
    assert (await client.post("/connectors/mcp", data=form)).status_code == 303


async def consent(client: Any) -> str:
    """Begin a sign-in as a person; return the address they are shown."""
    page = await client.post("/connectors/mcp/notes/sign-in")
    assert page.status_code == 200, page.text
    assert "<code>notes</code>" in page.text, "the scopes are shown"
    return unescape(re.search(r'href="(http://127[^"]*/authorize[^"]*)"', page.text)[1])  # type: ignore[index]


async def signed_in(client: Any, fake: FakeMcp, door: FakeSignIn) -> None:
    back = await client.get(f"/connectors/mcp/signed-in?{door.agree(await consent(client))}")
    assert (back.status_code, back.headers.get("location")) == (303, "/connectors#accounts"), back.text


async def test_what_is_asked_is_shown_then_the_grant_is_kept_sealed(
    sign_in: Any, home: TestHouse, fake: FakeMcp, door: FakeSignIn
) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    await register(owner, fake)
    assert "Each person signs in" in (await owner.get("/connectors/mcp/notes")).text
    assert "Sign in" in (await ana.get("/connectors")).text
    await signed_in(ana, fake, door)
    (asked,) = door.asked
    assert asked["code_challenge_method"] == "S256"
    assert asked["resource"].startswith(fake.url)
    assert asked["redirect_uri"] == "http://127.0.0.1:8080/connectors/mcp/signed-in"
    assert "1 tools (1 new)." in (await ana.get("/connectors")).text
    async with home.house.database.transaction() as session:
        rows = str((await session.execute(text("SELECT config, sealed FROM connector_accounts"))).all())
        ledger = str((await session.execute(text("SELECT body FROM ledger_entries"))).all())
        account = await account_for(session, home.people["ana"].id, "mcp__notes", secrets=home.house.secrets)
        other = await account_for(session, home.people["ben"].id, "mcp__notes", secrets=home.house.secrets)
    assert account is not None
    assert other is None, "a grant is one person's"
    grant = json.loads(account.secrets["oauth"])
    assert grant["access_token"] in door.tokens
    assert grant["issuer"].rstrip("/") == door.url
    for secret in (grant["access_token"], grant["refresh_token"]):
        assert secret not in rows + ledger
    assert grant["access_token"] not in (await owner.get("/connectors/mcp__notes")).text


async def test_one_refreshes_the_others_wait(sign_in: Any, home: TestHouse, fake: FakeMcp, door: FakeSignIn) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    await register(owner, fake)
    await signed_in(ana, fake, door)
    house = home.house
    async with house.database.transaction() as session:
        account = await account_for(session, home.people["ana"].id, "mcp__notes", secrets=house.secrets)
    assert account is not None
    house.clock.advance(hours=2)  # type: ignore[attr-defined]
    other = build(house.settings, clock=house.clock)
    try:
        grants = [
            Grants(
                database=h.database, secrets=h.secrets, egress=h.egress, ledger=h.ledger, clock=h.clock
            )
            for h in (house, other)
        ]  # fmt: skip
        tokens = await asyncio.gather(*(grants[n % 2].token(account) for n in range(10)))
    finally:
        await other.close()
    assert door.refreshed == 1, "a refresh token is good once"
    assert set(tokens) == door.tokens


async def test_a_token_that_was_revoked_is_refreshed_and_an_ended_grant_asks(
    sign_in: Any, home: TestHouse, fake: FakeMcp, door: FakeSignIn
) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    await register(owner, fake)
    await signed_in(ana, fake, door)
    house, actor = home.house, home.people["ana"]
    kw: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}

    async def check() -> tuple[bool, str]:
        async with house.database.transaction() as session:
            account = await account_for(session, actor.id, "mcp__notes", secrets=house.secrets)
        assert account is not None
        return await check_account(house.database, actor, house.registry, account.id, secrets=house.secrets, **kw)

    door.tokens.clear()
    assert (await check())[0]
    assert door.refreshed == 1
    door.tokens.clear()
    door.refresh.clear()
    assert await check() == (False, AccountExpired().message)
    await signed_in(ana, fake, door)
    assert (await check())[0]


async def test_only_the_one_who_began_finishes_and_only_once(sign_in: Any, fake: FakeMcp, door: FakeSignIn) -> None:
    owner, ana, ben = await sign_in("owner"), await sign_in("ana"), await sign_in("ben")
    await register(owner, fake)
    query = door.agree(await consent(ana))
    assert (await ben.get(f"/connectors/mcp/signed-in?{query}")).status_code == 409
    assert (await ana.get(f"/connectors/mcp/signed-in?{query}")).status_code == 303
    assert (await ana.get(f"/connectors/mcp/signed-in?{query}")).status_code == 409
    denied = door.agree(await consent(ana)).replace("code=", "error=access_denied&x=")
    answer = await ana.get(f"/connectors/mcp/signed-in?{denied}")
    assert answer.status_code == 503
    assert "access_denied" in answer.text
    wrong = door.agree(await consent(ana)).replace("code=", "code=0")
    answer = await ana.get(f"/connectors/mcp/signed-in?{wrong}")
    assert answer.status_code == 503
    mixed = re.sub("iss=[^&]*", "iss=http%3A%2F%2Fevil.example", door.agree(await consent(ana)))
    assert (await ana.get(f"/connectors/mcp/signed-in?{mixed}")).status_code == 503, "RFC 9207"


async def test_a_server_may_not_send_people_to_a_host_nobody_named(
    sign_in: Any, fake: FakeMcp, door: FakeSignIn
) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    await register(owner, fake)
    metadata = f'Bearer resource_metadata="http://localhost:{door.port}/resource"'
    fake.refuse = lambda headers: (401, {"www-authenticate": metadata})
    answer = await ana.post("/connectors/mcp/notes/sign-in")
    assert answer.status_code == 503
    assert "localhost" in answer.text
    assert "sign-in hosts" in answer.text
    fake.refuse = lambda headers: None
    assert (await ana.post("/connectors/mcp/notes/sign-in")).status_code == 503, "it asked for no sign-in"
