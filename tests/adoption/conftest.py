"""A house whose ledger is sealed and rolled up by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.adoption.telemetry_kit import Fleet

from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.telemetry.sources import create_source
from colleague.audit.event import Event
from colleague.audit.seal import seal
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role
from colleague.identity.tokens import create_token
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.web.app import create_app


@dataclass
class Programme:
    """A house with a programme lead (Rita), and what tests of the numbers do with it."""

    home: TestHouse
    clock: TestClock
    lead: Actor

    @property
    def house(self) -> Any:
        return self.home.house

    @property
    def told(self) -> dict[str, Any]:
        return {"ledger": self.house.ledger, "clock": self.clock}

    async def do(self, deed: Any, *things: Any, **more: Any) -> Any:
        async with self.house.database.transaction() as session:
            return await deed(session, *things, **more)

    async def record(  # `self` is a fact of reviews too.
        self, verb: str, who: str = "ana", /, *, subject: str = "x", run: str = "", **data: Any
    ) -> None:
        person = self.home.people[who].id if who in self.home.people else who
        await self.do(self.house.ledger.record, Event(verb, person, subject=subject, run=run, data=data))

    async def rolled(self, at_once: int = 500) -> int:
        while await seal(self.house.database, signer=self.house.signer, sink=None, clock=self.clock):
            pass
        count = 0
        while took := await roll_up(self.house.database, at_once=at_once):
            count += took
        return count

    @asynccontextmanager
    async def client(self, who: Actor, *permissions: str) -> AsyncIterator[httpx.AsyncClient]:
        token = await self.do(create_token, who, "t", list(permissions), days=1, **self.told)
        app = create_app(self.house.by_type(), settings=self.house.settings, lifespan=None)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080",
            headers={"authorization": f"Bearer {token}"},
        ) as client:  # fmt: skip
            yield client


@pytest.fixture
async def programme(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Programme]:
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock)
    async with home.house.database.transaction() as session:
        rita = home.people["rita"]
        await assign_role(session, home.people["owner"], rita.id, "programme_lead", ledger=home.house.ledger)
    async with home.house.database.transaction() as session:
        lead = await actor_of(session, email=rita.email, via="page")
    yield Programme(home, clock, lead)
    await home.house.close()


@pytest.fixture
async def fleet(programme: Programme) -> AsyncIterator[Fleet]:
    owner = programme.home.people["owner"]
    source, token = await programme.do(create_source, owner, "Laptops", days=30, **programme.told)
    house = programme.house
    app = create_app(house.by_type(), settings=house.settings, lifespan=None)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080"
    ) as client:  # fmt: skip
        yield Fleet(programme, client, source, token, programme.home.people["ana"].email)
