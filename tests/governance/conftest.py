"""An office whose rules two people may change, and a hand that drafts, signs and publishes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.tasks.conftest import desk  # noqa: F401

from colleague.audit.tables import EntryRow
from colleague.governance.document.draft import write_draft
from colleague.governance.document.model import PARTS, Document
from colleague.governance.document.publish import publish
from colleague.governance.document.sign import sign
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, furnish, open_connector

SHELVES = {"bids": {"plan": "A plan."}}


@dataclass
class Office:
    """Olga owns, Ben administers; Ana and Rita are to sign."""

    home: TestHouse
    clock: TestClock
    ben: Actor

    @property
    def house(self) -> Any:
        return self.home.house

    def person(self, name: str) -> Actor:
        return self.ben if name == "ben" else self.home.people[name]

    async def do(self, deed: Any, who: str, *args: Any, **more: Any) -> Any:
        async with self.house.database.transaction() as session:
            return await deed(session, self.person(who), *args, ledger=self.house.ledger, **more)

    async def draft(self, who: str = "owner", owners: str = "ana rita ben owner", **answers: Any) -> Document:
        named = dict(zip(PARTS, (self.person(n).id for n in owners.split()), strict=True))
        made = await self.do(write_draft, who, {"owners": named, **answers}, engine=self.house.engine, clock=self.clock)
        assert isinstance(made, Document)
        return made

    async def sign_all(self, draft: Document, owners: str = "ana rita ben owner") -> None:
        for part, who in zip(PARTS, owners.split(), strict=True):
            await self.do(sign, who, part, draft.digest, clock=self.clock)

    async def publish(self, digest: str, who: str = "owner") -> Document:
        h = self.house
        return await publish(
            self.person(who), digest, database=h.database, engine=h.engine, ledger=h.ledger, clock=self.clock
        )

    async def published(self, **answers: Any) -> Document:
        draft = await self.draft(**answers)
        await self.sign_all(draft)
        return await self.publish(draft.digest)

    async def force(self) -> Governance:
        async with self.house.database.transaction() as session:
            return await current_governance(session)

    async def verbs(self) -> list[str]:
        async with self.house.database.transaction() as session:
            query = select(EntryRow.verb).where(EntryRow.verb.like("governance.%")).order_by(EntryRow.id)
            return list(await session.scalars(query))


@pytest.fixture
async def office(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Office]:
    home = await furnish(database_url, tmp_path, connectors=[FakeConnector(SHELVES)], clock=clock, demo=True)
    await open_connector(home, "fake", ["bids"], config={})
    house = home.house
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["ben"].id, "administrator", ledger=house.ledger)
        ben = await actor_of(session, person_id=home.people["ben"].id, via="page")
    yield Office(home, clock, ben)
    await house.close()
