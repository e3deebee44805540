"""A house with its people, and the same through the web door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.web.app import create_app

BASE = "http://127.0.0.1:8080"


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock)
    yield home
    await home.house.close()


@pytest.fixture
async def client(home: TestHouse) -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def quiet(app: Any) -> AsyncIterator[None]:
        yield

    app = create_app(home.house.by_type(), settings=home.house.settings, lifespan=quiet)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE}) as client:
        yield client
