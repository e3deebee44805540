"""A house whose text messages, Slack and pushes go to fakes on this machine, with its people and its web door."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.messengers import Messengers
from colleague.web.app import create_app

BASE = "http://127.0.0.1:8080"
SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def messengers() -> Iterator[Messengers]:
    with Messengers().serving() as served:
        yield served


@pytest.fixture
async def home(
    database_url: str, tmp_path: Path, clock: TestClock, messengers: Messengers
) -> AsyncIterator[TestHouse]:  # fmt: skip
    settings = messengers.settings()
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock, demo=True, **settings)
    yield home
    await home.house.close()


@pytest.fixture
async def sign_in(home: TestHouse) -> AsyncIterator[SignIn]:
    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    app, clients = create_app(home.house.by_type(), settings=home.house.settings, lifespan=quiet), []

    async def enter(who: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE})
        clients.append(client)
        answer = await client.post("/sign-in/demo", data={"person": f"{who}@aldermoor.example"})
        assert answer.status_code == 303, answer.text
        return client

    yield enter
    for client in clients:
        await client.aclose()
