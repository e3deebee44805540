"""Nobody is active beyond what the phase allows; who comes too early waits, visibly (R80, PH-1, MI-1)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from colleague.adoption.facts.read import seats as seats_on_record
from colleague.adoption.facts.roll_up import roll_up
from colleague.audit.seal import seal
from colleague.identity.actor import SYSTEM, PermissionMissing
from colleague.identity.directory import actor_of, departments_of, get_person, list_waiting
from colleague.identity.links.first_run import invite
from colleague.identity.people import (
    BadDepartment,
    LastOwner,
    NoSeatHeld,
    NotOneself,
    assign_role,
    create_person,
    set_active,
    set_department,
    take_seat_back,
)
from colleague.identity.seats.hold import (
    AboveYourself,
    Limit,
    NoSeat,
    NotWaiting,
    WaitsForSeat,
    current_limit,
    give_seats,
    seats_held,
    set_limit,
)
from colleague.identity.tables import PersonRow
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    home = await furnish(database_url, tmp_path, connectors=(), demo=True)
    yield home
    await home.house.close()


async def add(home: TestHouse, name: str, **more: Any) -> str:
    house = home.house
    async with house.database.transaction() as session:
        return await create_person(
            session, SYSTEM, f"{name}@aldermoor.example", name, ledger=house.ledger, clock=house.clock, **more
        )  # fmt: skip


async def limit_to(home: TestHouse, most: int | None, *, by_hand: bool = False) -> None:
    house = home.house
    async with house.database.transaction() as session:
        await set_limit(session, SYSTEM, Limit(most, "the pilot", by_hand), ledger=house.ledger, clock=house.clock)


async def held(home: TestHouse) -> int:
    async with home.house.database.transaction() as session:
        return await seats_held(session)


async def give(home: TestHouse, *people: str, actor: Any = None) -> int:
    house = home.house
    async with house.database.transaction() as session:
        return await give_seats(
            session, actor or home.people["owner"], people, ledger=house.ledger, clock=house.clock
        )  # fmt: skip


async def test_without_a_programme_there_are_the_forty_of_a_pilot(home: TestHouse) -> None:
    async with home.house.database.transaction() as session:
        assert await current_limit(session) == Limit(40, "the pilot", by_hand=False)
    for n in range(40 - await held(home)):
        await add(home, f"p{n}")
    with pytest.raises(NoSeat, match="All 40 seats of the pilot"):
        await add(home, "one-too-many")
    assert await held(home) == 40


async def test_who_comes_too_early_waits_and_is_told_why(home: TestHouse) -> None:
    await limit_to(home, await held(home))
    eve = await add(home, "eve", without="wait")
    house = home.house
    async with house.database.transaction() as session:
        assert [p.id for p in await list_waiting(session)] == [eve]
        person = await get_person(session, eve)
        assert (person.active, person.waiting_since is not None) == (False, True)
        with pytest.raises(WaitsForSeat, match="waiting for a seat"):
            await invite(
                session,
                home.people["owner"],
                eve,
                invitations=house.invitations,
                ledger=house.ledger,
                clock=house.clock,
            )
    with pytest.raises(NoSeat):
        await give(home, eve)
    await limit_to(home, await held(home) + 1)
    assert await give(home, eve) == 1
    with pytest.raises(NotWaiting):
        await give(home, eve)
    async with house.database.transaction() as session:
        assert (await get_person(session, eve)).active


async def test_all_get_their_seats_or_none(home: TestHouse) -> None:
    await limit_to(home, await held(home) + 2, by_hand=True)
    people = [await add(home, f"w{n}", without="wait") for n in range(3)]
    with pytest.raises(NoSeat):
        await give(home, *people)
    for nonsense in ("person_nobody", "x\x00", ""):
        with pytest.raises(NotWaiting):
            await give(home, people[0], nonsense)
    async with home.house.database.transaction() as session:
        assert len(await list_waiting(session)) == 3
    assert await give(home, *people[:2], people[0]) == 2


async def test_two_who_race_for_the_last_seat(home: TestHouse) -> None:
    before = await held(home)
    await limit_to(home, before + 1)
    got = await asyncio.gather(*(add(home, f"r{n}") for n in range(6)), return_exceptions=True)
    assert sum(isinstance(one, str) for one in got) == 1
    assert all(isinstance(one, str | NoSeat) for one in got)
    assert await held(home) == before + 1


async def test_a_seat_is_taken_back_and_what_was_open_ends(home: TestHouse) -> None:
    house, ana = home.house, home.people["ana"].id
    async with house.database.transaction() as session:
        await take_seat_back(session, home.people["owner"], ana, ledger=house.ledger, clock=house.clock)
        with pytest.raises(NoSeatHeld):
            await take_seat_back(session, home.people["owner"], ana, ledger=house.ledger, clock=house.clock)
        with pytest.raises(NotOneself):
            await take_seat_back(
                session, home.people["owner"], home.people["owner"].id, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        with pytest.raises(LastOwner):
            await take_seat_back(session, SYSTEM, home.people["owner"].id, ledger=house.ledger, clock=house.clock)
        assert [p.id for p in await list_waiting(session)] == [ana]
    await give(home, ana)


async def test_who_leads_the_programme_moves_no_seat_of_somebody_who_may_do_more(home: TestHouse) -> None:
    """An administrator's seat is neither taken by the lead nor, once it was taken, given back."""
    house, ana, owner = home.house, home.people["ana"].id, home.people["owner"]
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["rita"].id, "programme_lead", ledger=house.ledger)
        await assign_role(session, SYSTEM, ana, "administrator", ledger=house.ledger)
        lead = await actor_of(session, person_id=home.people["rita"].id, via="page")
        with pytest.raises(AboveYourself):
            await take_seat_back(session, lead, ana, ledger=house.ledger, clock=house.clock)
        await take_seat_back(session, owner, ana, ledger=house.ledger, clock=house.clock)
        with pytest.raises(AboveYourself):
            await give_seats(session, lead, [ana], ledger=house.ledger, clock=house.clock)
        ben = home.people["ben"].id
        await take_seat_back(session, lead, ben, ledger=house.ledger, clock=house.clock)
        assert await give_seats(session, lead, [ben], ledger=house.ledger, clock=house.clock) == 1


async def test_a_seat_given_while_the_person_is_deactivated(home: TestHouse) -> None:
    """Whichever comes last, a deactivated person does not come back by the other's half."""
    await limit_to(home, 100, by_hand=True)
    house = home.house
    for n in range(4):
        eve = await add(home, f"eve{n}", without="wait")

        async def leave(person: str = eve) -> None:
            async with house.database.transaction() as session:
                await set_active(session, SYSTEM, person, active=False, ledger=house.ledger, clock=house.clock)

        await asyncio.gather(give(home, eve), leave(), return_exceptions=True)
        async with house.database.transaction() as session:
            person = await get_person(session, eve)
        assert (person.active, person.waiting_since) == (False, None)


async def test_two_who_give_to_the_same_people_while_others_leave(home: TestHouse) -> None:
    """Whatever is done at once to the same people ends, in whichever order: nobody waits for each other both ways."""
    await limit_to(home, 100, by_hand=True)
    house, people = home.house, [await add(home, f"w{n}", without="wait") for n in range(3)]

    async def leave(person: str) -> None:
        async with house.database.transaction() as session:
            await set_active(session, SYSTEM, person, active=False, ledger=house.ledger, clock=house.clock)

    async def described(person: str) -> None:
        """Provisioning holds the row of a person before it lets them in or out."""
        async with house.database.transaction() as session:
            await session.get_one(PersonRow, person, with_for_update=True)
            await asyncio.sleep(0.01)
            await set_active(session, SYSTEM, person, active=False, ledger=house.ledger, clock=house.clock)

    done = await asyncio.gather(
        give(home, *people), give(home, *reversed(people)), *map(leave, people), *map(described, people),
        return_exceptions=True,
    )  # fmt: skip
    assert all(not isinstance(one, Exception) or isinstance(one, NotWaiting) for one in done), done
    async with house.database.transaction() as session:
        assert not any([(await get_person(session, one)).active for one in people])


async def test_who_may_give_seats(home: TestHouse) -> None:
    await limit_to(home, 100, by_hand=True)
    eve = await add(home, "eve", without="wait")
    with pytest.raises(PermissionMissing):
        await give(home, eve, actor=home.people["ana"])
    house = home.house
    async with house.database.transaction() as session:
        with pytest.raises(PermissionMissing):
            await set_limit(session, home.people["ana"], Limit(None), ledger=house.ledger, clock=house.clock)


async def test_deactivated_while_waiting_they_wait_no_longer(home: TestHouse) -> None:
    await limit_to(home, 100, by_hand=True)
    eve, house = await add(home, "eve", without="wait"), home.house
    async with house.database.transaction() as session:
        await set_active(session, SYSTEM, eve, active=False, ledger=house.ledger, clock=house.clock)
        assert await list_waiting(session) == []
    await limit_to(home, await held(home))
    async with house.database.transaction() as session:
        with pytest.raises(NoSeat):
            await set_active(session, SYSTEM, eve, active=True, ledger=house.ledger, clock=house.clock)


async def test_adoption_counts_a_seat_from_when_it_was_given(home: TestHouse) -> None:
    await limit_to(home, 100, by_hand=True)
    eve, house = await add(home, "eve", without="wait"), home.house

    async def counted() -> list[bool]:
        while await seal(house.database, signer=house.signer, sink=None, clock=house.clock):
            pass
        while await roll_up(house.database):
            pass
        async with house.database.transaction() as session:
            return [seat.removed_at is None for seat in await seats_on_record(session) if seat.person == eve]

    assert await counted() == []
    await give(home, eve)
    assert await counted() == [True]
    async with house.database.transaction() as session:
        await take_seat_back(session, SYSTEM, eve, ledger=house.ledger, clock=house.clock)
    assert await counted() == [False]


async def test_departments(home: TestHouse) -> None:
    house, owner, ana = home.house, home.people["owner"], home.people["ana"].id
    async with house.database.transaction() as session:
        await set_department(session, owner, ana, "  Bids   and Tenders ", ledger=house.ledger)
        assert (await departments_of(session))[ana] == "Bids and Tenders"
        for bad in ("x" * 81, "a\x00b", "a\u202eb"):
            with pytest.raises(BadDepartment):
                await set_department(session, owner, ana, bad, ledger=house.ledger)
        with pytest.raises(PermissionMissing):
            await set_department(session, home.people["ana"], ana, "Sales", ledger=house.ledger)
        await set_department(session, owner, ana, "", ledger=house.ledger)
        assert ana not in await departments_of(session)
