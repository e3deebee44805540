"""A house with Dispatch open: triggers switched on, the drill passed, a number bound to Ana, and a hand that sends."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.channels.addresses.tables import AddressRow
from colleague.dispatch.model import Incoming, Reply
from colleague.dispatch.receive.receive import receive
from colleague.dispatch.receive.tables import ContentRow, MessageRow
from colleague.dispatch.triggers.define import activate_trigger
from colleague.dispatch.triggers.model import Trigger
from colleague.dispatch.triggers.standard import activate_reading, add_standard
from colleague.dispatch.triggers.store import list_triggers
from colleague.dispatch.triggers.tables import DrillRow
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role
from colleague.kit.ids import new_id
from colleague.testing.clock import TestClock
from colleague.testing.connector import FakeConnector
from colleague.testing.house import TestHouse, agreed, furnish, open_connector
from colleague.testing.llm import ScriptedLlm
from colleague.testing.worker import work

ANA, BEN = "+447700900001", "+447700900002"
SHELVES = {"bids": {"plan": "The price is 420."}}


@dataclass
class Away:
    """Away from the desk: messages come in, the worker works, and what is on record is read."""

    home: TestHouse
    fake: FakeConnector
    llm: ScriptedLlm
    clock: TestClock
    numbers: Any = field(default_factory=count)

    @property
    def house(self) -> Any:
        return self.home.house

    def message(self, text: str, *, sender: str = ANA, channel: Any = "sms", **more: Any) -> Incoming:
        """Return a fresh message."""
        at = more.pop("at", None) or self.clock.now()
        return Incoming(channel, sender, more.pop("id", None) or f"SM{next(self.numbers):04}", text, at, **more)

    async def say(self, text: str, **more: Any) -> Reply:
        """Send one message and return what its sender is told."""
        return await receive(self.message(text, **more), parts=self.house.dispatch)

    async def work(self) -> int:
        return await work(self.house)

    async def rows(self) -> list[MessageRow]:
        """Return every record, oldest first."""
        async with self.house.database.transaction() as session:
            return list(await session.scalars(select(MessageRow).order_by(MessageRow.received_at, MessageRow.id)))

    async def content(self, message: str) -> ContentRow:
        async with self.house.database.transaction() as session:
            return await session.get_one(ContentRow, message)

    async def entries(self, verb: str) -> list[dict[str, Any]]:
        """Return the facts of every entry of the ledger with this verb."""
        async with self.house.database.transaction() as session:
            rows = await session.scalars(select(EntryRow).where(EntryRow.verb == verb).order_by(EntryRow.id))
            return [json.loads(row.body) for row in rows]

    async def govern(self, **changes: Any) -> None:
        """Set settings of the organisation as two people would have."""
        async with self.house.database.transaction() as session:
            await agreed(session, self.home.people["owner"], changes, ledger=self.house.ledger, clock=self.clock)

    async def switch_on(self, name: str, who: str = "rita") -> Trigger:
        """Switch a standard trigger on, as somebody else than its writer."""
        async with self.house.database.transaction() as session:
            found = next(t for t in await list_triggers(session) if t.wording.name == name)
            return await activate_trigger(
                session, self.home.people[who], found.id, version=found.version, ledger=self.house.ledger,
                clock=self.clock,
            )  # fmt: skip


async def bind(home: TestHouse, who: str, address: str, clock: TestClock, kind: str = "sms") -> None:
    """Bind an address to a person as a passed handshake would have."""
    async with home.house.database.transaction() as session:
        session.add(
            AddressRow(
                id=new_id("addr"), person_id=home.people[who].id, kind=kind, address=address, state="verified",
                code=None, begun_at=clock.now(), expires_at=clock.now(), verified_at=clock.now(),
            )
        )  # fmt: skip
        if await session.get(DrillRow, home.people[who].id) is None:
            session.add(DrillRow(person_id=home.people[who].id, passed_at=clock.now(), tries=1))


@pytest.fixture
async def away(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Away]:
    fake, llm = FakeConnector(SHELVES), ScriptedLlm(name="play")
    home = await furnish(database_url, tmp_path, connectors=[fake], models={"play": llm}, model="play", clock=clock)
    await open_connector(home, "fake", ["*"], config={}, may_write=True)
    owner, ledger = home.people["owner"], home.house.ledger
    async with home.house.database.transaction() as session:
        await assign_role(session, owner, home.people["rita"].id, "administrator", ledger=ledger)
        await add_standard(session, owner, ledger=ledger, clock=clock)
        await activate_reading(session, owner, ledger=ledger, clock=clock)
    async with home.house.database.transaction() as session:
        rita = await actor_of(session, person_id=home.people["rita"].id, via="page")
    home = replace(home, people={**home.people, "rita": rita})
    await bind(home, "ana", ANA, clock)
    yield Away(home, fake, llm, clock)
    await home.house.close()
