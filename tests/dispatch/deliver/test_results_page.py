"""A person finds where each answer went, how much of it, and why not more; others do not."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from colleague.agent.messages import Turn
from colleague.identity.tokens import create_token
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def door(post: Any) -> AsyncIterator[Any]:
    house, clients = post.house, []
    app = create_app(house.by_type(), settings=house.settings, lifespan=None)

    async def enter(who: str, *permissions: str) -> httpx.AsyncClient:
        async with house.database.transaction() as session:
            token = await create_token(
                session, post.home.people[who], "t", permissions, days=1, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080",
            headers={"authorization": f"Bearer {token}"},
        )  # fmt: skip
        clients.append(client)
        return client

    yield enter
    for client in clients:
        await client.aclose()


async def test_the_page_and_the_api_say_what_became_of_a_result(post: Any, door: Any) -> None:
    task = await post.run(Turn("The price is 420."))
    await post.rests_on(task, "restricted")
    await post.deliver(task, "sms")
    await post.deliver(task, "email")
    ana = await door("ana", "own:dispatch:use")
    page = await ana.get("/dispatch/results")
    assert page.status_code == 200
    assert "never goes into a text message" in page.text
    assert f"/tasks/{task}" in page.text
    assert "420" not in page.text
    found = (await ana.get("/api/v1/dispatch/results", params={"task": task})).json()
    assert {(f["target"], f["state"], f["form"]) for f in found} == {
        ("sms", "withheld", "nothing"), ("email", "delivered", "link"),
    }  # fmt: skip
    ben, tom = await door("ben", "own:dispatch:use"), await door("tom", "org:dispatch:read")
    assert (await ben.get("/api/v1/dispatch/results")).json() == []
    assert (await ben.get("/api/v1/dispatch/results", params={"everybody": True})).status_code == 403
    others = (await tom.get("/api/v1/dispatch/results", params={"everybody": True})).json()
    assert [o["person"]["name"] for o in others] == ["Ana Ruiz", "Ana Ruiz"]
