"""The ledger is rolled up once, whoever is killed or races; and what comes out is what the dictionary counts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, func, select
from tests.adoption.by_scan import sessions

from colleague.adoption.facts.read import actions, runs, seats, visits
from colleague.adoption.facts.roll_up import roll_up
from colleague.adoption.facts.tables import ActionRow, LastRow, PlaceRow, RunFactRow, SeatRow
from colleague.adoption.weekly import numbers
from colleague.audit.event import Event
from colleague.audit.seal import seal
from colleague.identity.actor import PermissionMissing
from colleague.identity.people import set_active
from colleague.identity.tokens import create_token
from colleague.tasks.start import start
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.llm import ScriptedLlm, call
from colleague.testing.worker import work
from colleague.web.app import create_app

pytestmark = pytest.mark.anyio
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
ASKED = partial(runs, by=("asked_at",))
TABLES = (ActionRow, LastRow, PlaceRow, SeatRow, RunFactRow)


@dataclass
class Count:
    """A house whose ledger is sealed and rolled up by hand."""

    home: TestHouse
    clock: TestClock
    llm: ScriptedLlm

    @property
    def house(self) -> Any:
        return self.home.house

    async def record(self, verb: str, who: str = "ana", **data: Any) -> None:
        async with self.house.database.transaction() as session:
            person = self.home.people[who].id if who in self.home.people else who
            await self.house.ledger.record(session, Event(verb, person, subject="x", data=data))

    async def rolled(self, at_once: int = 500) -> int:
        while await seal(self.house.database, signer=self.house.signer, sink=None, clock=self.clock):
            pass
        count = 0
        while took := await roll_up(self.house.database, at_once=at_once):
            count += took
        return count

    async def read(self, what: Any) -> list[Any]:
        async with self.house.database.transaction() as session:
            found = await what(session, *EVER) if what is not seats else await seats(session)
        return list(found)


@pytest.fixture
async def count(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[Count]:
    llm = ScriptedLlm(name="play")
    home = await furnish(
        database_url, tmp_path, connectors=(), models={"play": llm}, model="play", clock=clock, demo=True
    )
    yield Count(home, clock, llm)
    await home.house.close()


async def test_own_doings_count_and_nothing_else(count: Count) -> None:
    for verb in ("task.delegated", "task.steered", "approval.approved", "output.reviewed", "dispatch.refused"):
        await count.record(verb)
    for verb in ("sign_in.succeeded", "ledger.read", "notice.delivered", "call.decided", "run.completed"):
        await count.record(verb)
    await count.record("task.delegated", channel="schedule")
    await count.record("task.delegated", who="system")
    await count.record("task.steered", who="person_nobody")
    await count.rolled()
    assert [a.kind for a in await count.read(actions)] == ["start", "say", "decide", "use", "say"]


async def test_sessions_numbered_as_written_are_those_found_by_a_scan(count: Count) -> None:
    for who, minutes in (("ana", 0), ("ben", 5), ("ana", 29), ("ana", 30.5), ("ben", 31), ("ana", 90), ("ana", 1439)):
        await count.record("task.steered", who)
        count.clock.advance(minutes=minutes)
    await count.rolled(at_once=2)
    assert await count.read(visits) == sessions(await count.read(actions))


async def test_it_is_taken_in_once_by_two_at_once_and_after_a_kill(count: Count) -> None:
    for _ in range(30):
        await count.record("task.steered")
    while await seal(count.house.database, signer=count.house.signer, sink=None, clock=count.clock):
        pass
    database = count.house.database

    class Killed(Exception):
        pass

    async def dying() -> None:
        async with database.transaction() as session:
            session.add(PlaceRow(name="ledger", seq=10**9))
            raise Killed

    with pytest.raises(Killed):
        await dying()
    took = await asyncio.gather(*(roll_up(database, at_once=7) for _ in range(6)))
    await count.rolled()
    assert max(took) == 7
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(ActionRow)) == 30
    assert await count.rolled() == 0


async def test_rolled_up_anew_from_nothing_it_is_the_same(count: Count) -> None:
    """The nightly self-check of the dictionary: a full recomputation gives equal facts."""
    await start(count.home.people["ana"], "Do it.", [], parts=count.house.parts, settings=count.house.settings)
    await work(count.house)
    await count.rolled(at_once=3)
    before = [await count.read(what) for what in (actions, visits, ASKED, seats)]
    async with count.house.database.transaction() as session:
        for table in TABLES:
            await session.execute(delete(table))
    await count.rolled()
    assert [await count.read(what) for what in (actions, visits, ASKED, seats)] == before
    assert all(before)


async def test_a_seat_is_assigned_accepted_and_removed(count: Count) -> None:
    ana = count.home.people["ana"]
    async with count.house.database.transaction() as session:
        await count.house.ledger.record(session, Event("sign_in.succeeded", ana.id, subject=ana.id, person=ana.id))
    count.clock.advance(days=1)
    for active in (False, True):
        async with count.house.database.transaction() as session:
            owner = count.home.people["owner"]
            await set_active(session, owner, ana.id, active=active, ledger=count.house.ledger, clock=count.house.clock)
        count.clock.advance(days=1)
    await count.rolled()
    mine = [s for s in await count.read(seats) if s.person == ana.id]
    assert [(s.accepted_at is not None, s.removed_at is not None) for s in mine] == [(True, True), (False, False)]
    assert len(await count.read(seats)) == 7


async def test_a_run_is_of_the_skill_it_followed_and_ends_as_it_ended(count: Count) -> None:
    count.llm.play(call("use_skill", skill="everyone:policy-qa", arguments="x"))
    for goal in ("Do it.", "/policy-qa travel"):
        await start(count.home.people["ana"], goal, [], parts=count.house.parts, settings=count.house.settings)
        await work(count.house)
    await count.rolled()
    found = await count.read(ASKED)
    assert {r.end for r in found} == {"delivered"}
    assert len(found) == 2
    assert all(r.input_at is not None and r.started_at >= r.input_at for r in found)


async def test_a_week_is_told_together_and_only_to_who_may_and_not_of_a_few(count: Count) -> None:
    for who in ("ana", "ben", "rita"):
        await count.record("task.steered", who)
    await count.rolled()
    async with count.house.database.transaction() as session:
        with pytest.raises(PermissionMissing):
            await numbers(session, count.home.people["ana"], count.house.groups, clock=count.clock)
        found = await numbers(session, count.home.people["owner"], count.house.groups, clock=count.clock)
        assert all(week.suppressed for week in found)
    count.clock.advance(days=7)
    for who in ("ana", "ben", "rita", "tom", "dana"):
        await count.record("task.steered", who)
    await count.rolled()
    app = create_app(count.house.by_type(), settings=count.house.settings, lifespan=None)
    async with count.house.database.transaction() as session:
        token = await create_token(
            session, count.home.people["owner"], "t", ["org:adoption:read"], days=1, ledger=count.house.ledger,
            clock=count.clock,
        )  # fmt: skip
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers) as client:
        weeks = (await client.get("/api/v1/adoption/weeks?count=2")).json()["weeks"]
        page = (await client.get("/adoption")).text
        assert (await client.get("/api/v1/adoption/weeks?count=99")).status_code == 422
    now = weeks[0]
    assert (now["seats"], now["active"], now["frozen"]) == (6, 5, False)
    assert now["wau"]["value"] == pytest.approx(5 / 6)
    assert now["sessions"]["mean"] == 1
    assert {"completion", "breadth"} <= set(now)
    named = [p for who, p in count.home.people.items() if who != "owner" and p.id in str(weeks) + page]
    assert named == []
    assert "83 %" in page


async def test_a_year_later_weeks_are_still_found(count: Count) -> None:
    await count.record("task.steered")
    count.clock.advance(days=370)
    await count.record("task.steered")
    await count.rolled()
    assert timedelta(days=369) < (await count.read(actions))[-1].at - (await count.read(actions))[0].at
