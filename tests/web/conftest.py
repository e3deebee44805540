"""A whole web application in process, and clients that are signed in as the people of the test house."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from colleague.identity.people import remove_role
from colleague.testing.house import TestHouse, furnish
from colleague.web.app import create_app

BASE = "http://127.0.0.1:8080"
SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@asynccontextmanager
async def quiet(app: Any) -> AsyncIterator[None]:
    yield


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, demo=True)
    async with home.house.database.transaction() as session:
        # An auditor reads everything and does nothing.
        await remove_role(session, home.people["owner"], home.people["tom"].id, "member", ledger=home.house.ledger)
    yield home
    await home.house.close()


@pytest.fixture
def app(home: TestHouse) -> Any:
    return create_app(home.house.by_type(), settings=home.house.settings, lifespan=quiet)


@pytest.fixture
async def sign_in(app: Any) -> AsyncIterator[SignIn]:
    clients: list[httpx.AsyncClient] = []

    async def enter(who: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE})
        clients.append(client)
        if who:
            answer = await client.post("/sign-in/demo", data={"person": f"{who}@aldermoor.example"})
            assert answer.status_code == 303, answer.text
        return client

    yield enter
    for client in clients:
        await client.aclose()
