"""Test users and service accounts are in no number: from then on, with a reason, until they count again (B-0)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from tests.adoption.conftest import Programme

from colleague.adoption.facts.read import actions, runs, seats
from colleague.adoption.facts.recount import Difference, recount
from colleague.adoption.facts.tables import PlaceRow
from colleague.audit.event import Event
from colleague.audit.tables import EntryRow
from colleague.identity.actor import PermissionMissing
from colleague.identity.directory import get_person
from colleague.identity.seats.exclude import NobodyToExclude, WhyExcluded, set_excluded
from colleague.identity.seats.hold import seats_held
from colleague.kit.ids import new_id
from colleague.support.read import tickets

pytestmark = pytest.mark.anyio
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


async def exclude(programme: Programme, who: str = "ben", *, by: str = "owner", **how: Any) -> None:
    people, ledger = programme.home.people, programme.house.ledger
    await programme.do(set_excluded, people[by], people[who].id if who in people else who, **how, ledger=ledger)


async def works(programme: Programme, who: str = "ben") -> None:
    """Let somebody hand a task over that is delivered."""
    run, person = new_id("run"), programme.home.people[who].id
    begun = Event("task.delegated", person, subject=new_id("task"), run=run)
    await programme.do(programme.house.ledger.record, begun)
    await programme.record("run.completed", "agent", run=run)
    programme.clock.advance(hours=1)


async def seen(programme: Programme, at_once: int) -> tuple[int, int, list[bool]]:
    """Return how many actions, runs and seats (open or not) of Ben count; what is counted again is the same."""
    await programme.rolled(at_once)
    assert await recount(programme.house.database) == Difference()
    ben = programme.home.people["ben"].id
    found = (await programme.do(actions, *EVER), await programme.do(runs, *EVER, by=("asked_at",)))
    mine = [[one for one in told if one.person == ben] for told in found]
    held = [one.removed_at is None for one in await programme.do(seats) if one.person == ben]
    return len(mine[0]), len(mine[1]), held


@pytest.mark.parametrize("at_once", [1, 500])
async def test_who_is_excluded_counts_nowhere_from_then_on_and_holds_a_seat(programme: Programme, at_once: int) -> None:
    before = await programme.do(seats_held)
    await works(programme)
    await exclude(programme, excluded=True, why="  test   user ")
    await works(programme)
    assert await seen(programme, at_once) == (1, 1, [False])
    await works(programme)
    assert await seen(programme, at_once) == (1, 1, [False])
    assert await programme.do(seats_held) == before
    assert (await programme.do(get_person, programme.home.people["ben"].id)).excluded == "test user"
    await exclude(programme, excluded=False)
    await works(programme)
    assert await seen(programme, at_once) == (2, 2, [False, True])


async def test_what_was_tampered_with_is_mended(programme: Programme) -> None:
    await exclude(programme, excluded=True, why="service account")
    await programme.rolled()
    async with programme.house.database.transaction() as session:
        (await session.get_one(PlaceRow, "ledger")).excluded = []
    assert await recount(programme.house.database) == Difference(seats=1)
    assert await recount(programme.house.database) == Difference()


async def test_it_needs_a_reason_and_who_looks_after_people(programme: Programme) -> None:
    for why in ("", " \n ", "x" * 201, "a\x00b", "\u2800\u3164"):
        with pytest.raises(WhyExcluded):
            await exclude(programme, excluded=True, why=why)
    with pytest.raises(PermissionMissing):
        await exclude(programme, by="ana", excluded=True, why="test user")
    for who in ("person_nobody", "\x00", new_id("person")):
        with pytest.raises(NobodyToExclude):
            await exclude(programme, who, excluded=True, why="test user")
    for _ in range(2):
        await exclude(programme, excluded=True, why="test user")
    async with programme.house.database.transaction() as session:
        bodies = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb == "person.excluded")))
    assert len(bodies) == 1
    assert "test user" not in bodies[0], "what a person wrote of a person is a personal field"


async def test_on_the_page_and_by_program(programme: Programme) -> None:
    ben = programme.home.people["ben"].id
    async with programme.client(
        programme.home.people["owner"], "org:people:manage", "org:people:read"
    ) as client:  # fmt: skip
        assert "Leave out from now on" in (await client.get(f"/people/{ben}")).text
        put = f"/api/v1/people/{ben}/excluded"
        assert (await client.put(put, json={"excluded": True})).status_code == 422
        assert (await client.put(put, json={"excluded": True, "why": "test user"})).json()["excluded"] == "test user"
        assert "Left out: test user" in (await client.get(f"/people/{ben}")).text
        assert "left out of the numbers" in (await client.get("/people")).text
        form = {"excluded": "false"}
        assert (await client.post(f"/people/{ben}/excluded", data=form)).status_code == 303
        assert "Left out" not in (await client.get(f"/people/{ben}")).text


async def test_how_many_are_left_out_is_told_beside_the_numbers(programme: Programme) -> None:
    await exclude(programme, excluded=True, why="test user")
    async with programme.client(programme.lead, "org:adoption:read") as client:
        assert "1 person with a seat is left out" in (await client.get("/adoption")).text
        assert (await client.get("/api/v1/adoption/weeks")).json()["excluded"] == 1


async def test_their_tickets_are_answered_and_not_counted(programme: Programme) -> None:
    """Who is none of the active people is none of those who write to the desk (B-10)."""
    ben, wish = programme.home.people["ben"], {"title": "It refused my mail", "text": "Twice."}
    async with programme.client(ben, "own:tasks:use") as client:
        for excluded in (True, False):
            await exclude(programme, excluded=excluded, why="test user")
            assert (await client.post("/api/v1/support/tickets", json=wish)).status_code == 201
        assert len((await client.get("/api/v1/support/tickets")).json()) == 2
    assert len(await programme.do(tickets, *EVER)) == 1
