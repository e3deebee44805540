"""The desk of the tests of tasks, and clients that speak for its people with what their roles give."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from tests.tasks.conftest import Desk, desk  # noqa: F401

from colleague.identity.directory import actor_of
from colleague.identity.tokens import create_token
from colleague.web.app import create_app


@asynccontextmanager
async def door(desk: Desk, who: str, *permissions: str) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    """Give the HTTP door with a token of `who`: with these permissions, or with one of one's own."""
    house = desk.house
    app = create_app(house.by_type(), settings=house.settings, lifespan=None)
    async with house.database.transaction() as session:
        person = await actor_of(session, person_id=desk.home.people[who].id, via="page")
        token = await create_token(
            session, person, "t", list(permissions) or ["own:tasks:use"], days=1, ledger=house.ledger,
            clock=desk.clock,
        )  # fmt: skip
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as client:
        yield client
