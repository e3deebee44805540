"""A house that may call this machine, a provider in memory, and clients that sign in through it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from colleague.identity.sessions import open_session
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.idp import FakeIdp
from colleague.web.app import create_app

BASE = "http://127.0.0.1:8080"
Browser = Callable[..., Awaitable[httpx.AsyncClient]]


class World:
    """The house, its provider «corp», and browsers."""

    def __init__(self, home: TestHouse, idp: FakeIdp, app: Any) -> None:
        self.home, self.idp, self.app = home, idp, app
        self.browsers: list[httpx.AsyncClient] = []

    async def browser(self, who: str = "") -> httpx.AsyncClient:
        """Return a browser; with a name, one where that person of the house is signed in with a local session."""
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 5), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE})
        self.browsers.append(client)
        if who:
            house = self.home.house
            async with house.database.transaction() as session:
                cookie = await open_session(
                    session, self.home.people[who].id, how="password", device="t", ledger=house.ledger,
                    clock=house.clock,
                )  # fmt: skip
            client.cookies.set("colleague", cookie)
        return client

    async def set_up(self, **changes: Any) -> httpx.AsyncClient:
        """Let the owner set the provider up and open it; return their browser."""
        owner = await self.browser("owner")
        form = {
            "kind": "oidc", "key": "corp", "title": "Corp", "issuer": self.idp.url, "client_id": self.idp.client,
            "secret": self.idp.secret, "domains": "aldermoor.example", "joining": "provisioned", **changes,
        }  # fmt: skip
        answer = await owner.post("/sign-on", data=form)
        assert answer.status_code == 303, answer.text
        assert (await owner.post("/sign-on/corp/switch", data={"on": "true"})).status_code == 303
        return owner

    async def there(self, client: httpx.AsyncClient, name: str, path: str = "/sign-in/with/corp") -> str:
        """Go to the provider as `name`; return the address they come back to."""
        gone = await client.get(path)
        assert gone.status_code == 303, gone.text
        return f"/sign-in/oidc/corp/callback?{self.idp.agree(gone.headers['location'], name)}"

    async def sign_in(self, name: str, client: httpx.AsyncClient | None = None) -> httpx.Response:
        client = client or await self.browser()
        return await client.get(await self.there(client, name))

    async def connect(self, who: str, client: httpx.AsyncClient) -> None:
        """Link a person who is signed in."""
        back = await client.get(await self.there(client, who, "/me/sign-on/corp/connect"))
        assert (back.status_code, back.headers.get("location")) == (303, "/me"), back.text

    async def ledger(self, verb: str) -> list[str]:
        async with self.home.house.database.transaction() as session:
            query = text("SELECT body FROM ledger_entries WHERE verb = :verb ORDER BY id")
            return [row.body for row in await session.execute(query, {"verb": verb})]

    async def scalar(self, query: str) -> Any:
        async with self.home.house.database.transaction() as session:
            return await session.scalar(text(query))


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[World]:
    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    home = await furnish(database_url, tmp_path, connectors=(), clock=clock, egress_private=True)
    app = create_app(home.house.by_type(), settings=home.house.settings, lifespan=quiet)
    idp = FakeIdp(clock)
    for name in home.people:
        idp.person(name, f"{name}@aldermoor.example", groups=["Staff"])
    with idp.serving():
        world = World(home, idp, app)
        yield world
        for client in world.browsers:
            await client.aclose()
    await home.house.close()


@pytest.fixture
def idp(world: World) -> FakeIdp:
    return world.idp
