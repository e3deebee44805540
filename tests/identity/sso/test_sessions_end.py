"""A session that ends at the provider ends here (back-channel logout), and one that ends here can be ended there."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.identity.sso.conftest import World

from colleague.testing.clock import TestClock
from colleague.testing.idp import FakeIdp

pytestmark = pytest.mark.anyio
DOOR = "/api/v1/sign-on/corp/backchannel-logout"


async def inside(client: httpx.AsyncClient) -> bool:
    return (await client.get("/api/v1/me")).status_code == 200


async def tell(world: World, token: str) -> httpx.Response:
    """Call as a provider's server does: no cookie, no origin."""
    transport = httpx.ASGITransport(world.app, client=("127.0.0.1", 6), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as server:
        return await server.post(DOOR, data={"logout_token": token})


async def test_a_logout_token_ends_the_sessions_it_names_and_no_others(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    ana, again, ben, local = [await world.browser() for _ in range(3)] + [await world.browser("ana")]
    assert (await world.sign_in("ana", ana)).status_code == 303
    idp.bend = lambda claims: {**claims, "sid": "another session"}
    assert (await world.sign_in("ana", again)).status_code == 303
    idp.bend = lambda claims: claims
    assert (await world.sign_in("ben", ben)).status_code == 303
    token = idp.logout_token(sid="session-ana", sub="sub-ana")
    assert (await tell(world, token)).status_code == 200
    assert [await inside(c) for c in (ana, again, ben, local)] == [False, True, True, True], "by sid"
    replay = await tell(world, token)
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_request")
    assert "used already" in replay.json()["error_description"]
    assert (await tell(world, idp.logout_token(sub="sub-ana"))).status_code == 200
    assert [await inside(c) for c in (again, ben, local)] == [False, True, True], "by subject"
    assert len(await world.ledger("sign_on.sessions_ended")) == 2


async def test_a_logout_token_that_does_not_hold_ends_nothing(world: World, idp: FakeIdp, clock: TestClock) -> None:
    await world.set_up()
    ana = await world.browser()
    assert (await world.sign_in("ana", ana)).status_code == 303
    now = int(clock.now().timestamp())
    bent: list[dict[str, Any]] = [
        {"iss": "https://evil.example"}, {"aud": "another"}, {"iat": now - 700, "exp": None}, {"exp": now - 90},
        {"iat": now + 90}, {"jti": None}, {"sub": None}, {"events": {}}, {"events": None}, {"nonce": "x"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": None}},
    ]  # fmt: skip
    for changes in bent:
        token = idp.logout_token(**{"sub": "sub-ana", **changes})
        assert (await tell(world, token)).status_code == 400, changes
    good = idp.logout_token(sub="sub-ana")
    head, body, signature = good.split(".")
    for token in (f"{head}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA", "", "x" * 70_000):
        assert (await tell(world, token)).status_code in (400, 422), token[:20]
    id_token = idp.signed({"iss": idp.url, "aud": idp.client, "iat": now, "exp": now + 99, "sub": "sub-ana"})
    assert (await tell(world, id_token)).status_code == 400, "an ID token is no logout token"
    assert await inside(ana)
    assert (await tell(world, good)).status_code == 200
    assert not await inside(ana)


async def test_signing_out_here_offers_to_sign_out_there(world: World, idp: FakeIdp) -> None:
    await world.set_up()
    ana, local = await world.browser(), await world.browser("ben")
    assert (await world.sign_in("ana", ana)).status_code == 303
    page = await ana.post("/sign-out")
    assert page.status_code == 200
    url = unescape(re.search(r'href="(http://127[^"]*/logout[^"]*)"', page.text)[1])  # type: ignore[index]
    asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    assert asked["post_logout_redirect_uri"] == "http://127.0.0.1:8080/signed-out"
    assert asked["client_id"] == idp.client
    assert asked["id_token_hint"].count(".") == 2
    assert not await inside(ana)
    assert (await ana.get("/signed-out")).status_code == 200
    assert (await local.post("/sign-out")).headers["location"] == "/sign-in", "a local session is not theirs"
    sealed = str(await world.scalar("SELECT count(*) FROM sso_sessions"))
    assert sealed == "0", "nothing of it is kept"
