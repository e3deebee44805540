"""A link works once, for a day, for one purpose: of two who race one becomes owner, and nobody opens another's link."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from colleague.bootstrap import House, build
from colleague.identity.directory import actor_of, list_people
from colleague.identity.links.first_run import (
    LinkSpent,
    NotFirst,
    accept,
    become_owner,
    check_link,
    first_run_link,
    invite,
)
from colleague.identity.links.invite_all import invite_all, who_cannot_sign_in
from colleague.identity.passkeys import registration_options
from colleague.identity.passwords import WeakPassword
from colleague.identity.people import BadPerson, NoSuchPerson, assign_role, set_active
from colleague.identity.sessions import actor_of_cookie
from colleague.identity.tables import LinkRow
from colleague.kit.settings import Settings
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse
from colleague.testing.programme import program_of

pytestmark = pytest.mark.anyio
PASSWORD = "four green ladders 9"


@pytest.fixture
async def empty(database_url: str, tmp_path: Path, clock: TestClock) -> Any:
    house = build(Settings(data_dir=tmp_path, database_url=database_url), clock=clock, connectors=())
    yield house
    await house.close()


async def first_link(house: House) -> str | None:
    async with house.database.transaction() as session:
        path = await first_run_link(session, ledger=house.ledger, clock=house.clock)
    return path.removeprefix("/first-run/") if path else None


async def own(house: House, token: str, email: str = "olga@x.example", password: str = PASSWORD) -> str:
    async with house.database.transaction() as session:
        return await become_owner(session, token, email, "Olga", password, device="t", ledger=house.ledger,
                                  clock=house.clock)  # fmt: skip


async def test_the_first_link_makes_the_owner_and_is_spent(empty: House) -> None:
    token = await first_link(empty)
    assert token
    cookie = await own(empty, token)
    async with empty.database.transaction() as session:
        actor = await actor_of_cookie(session, cookie, clock=empty.clock)
        kept = (await session.scalars(select(LinkRow.token_sha256))).all()
    assert actor is not None
    assert actor.may("org:roles:own")
    assert token not in kept
    with pytest.raises(LinkSpent):
        await own(empty, token, "eve@x.example")
    assert await first_link(empty) is None


async def test_of_those_who_race_one_becomes_owner(empty: House) -> None:
    one, two = await first_link(empty), await first_link(empty)
    assert one
    assert two
    given = await asyncio.gather(
        *(own(empty, token, f"o{n}@x.example") for n, token in enumerate([one, two, one, two, one])),
        return_exceptions=True,
    )  # fmt: skip
    assert sum(isinstance(g, str) for g in given) == 1
    assert all(isinstance(g, LinkSpent | NotFirst) for g in given if not isinstance(g, str))
    async with empty.database.transaction() as session:
        (person,) = await list_people(session)
    assert person.roles == {"owner", "member"}


async def test_a_refusal_does_not_spend_it(empty: House) -> None:
    token = await first_link(empty)
    assert token
    with pytest.raises(WeakPassword):
        await own(empty, token, password="short")
    with pytest.raises(BadPerson):
        await own(empty, token, email="nobody")
    assert await own(empty, token)


async def test_it_ends_after_a_day(empty: House, clock: TestClock) -> None:
    token = await first_link(empty)
    assert token
    clock.advance(hours=24)
    with pytest.raises(LinkSpent):
        await own(empty, token)


async def invitation(home: TestHouse, who: str = "ana", by: str = "owner") -> str:
    house = home.house
    async with house.database.transaction() as session:
        path = await invite(
            session,
            home.people[by],
            home.people[who].id,
            invitations=house.invitations,
            ledger=house.ledger,
            clock=house.clock,
        )
    return path.removeprefix("/invite/")


async def take(home: TestHouse, token: str, password: str = PASSWORD) -> str:
    house = home.house
    async with house.database.transaction() as session:
        return await accept(session, token, password, device="t", ledger=house.ledger, clock=house.clock)


async def test_an_invitation_signs_in_once_and_spends_the_others_of_that_person(home: TestHouse) -> None:
    first, second, bens = await invitation(home), await invitation(home), await invitation(home, "ben")
    old = await take(home, first)
    for token in (first, second):
        with pytest.raises(LinkSpent):
            await take(home, token)
    new = await take(home, await invitation(home), "five blue kettles 7")
    async with home.house.database.transaction() as session:
        assert await actor_of_cookie(session, old, clock=home.house.clock) is None
        actor = await actor_of_cookie(session, new, clock=home.house.clock)
    assert actor is not None
    assert actor.id == home.people["ana"].id
    assert await take(home, bens)


async def test_of_two_who_open_one_invitation_one_is_in(home: TestHouse) -> None:
    token = await invitation(home)
    given = await asyncio.gather(*(take(home, token) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(g, str) for g in given) == 1
    assert sum(isinstance(g, LinkSpent) for g in given) == 3


async def test_who_is_deactivated_has_no_link_any_more(home: TestHouse) -> None:
    token, house = await invitation(home), home.house
    async with house.database.transaction() as session:
        await set_active(
            session, home.people["owner"], home.people["ana"].id, active=False, ledger=house.ledger, clock=house.clock
        )
    with pytest.raises(LinkSpent):
        await take(home, token)
    with pytest.raises(NoSuchPerson):
        await invitation(home)
    async with house.database.transaction() as session:
        await set_active(
            session, home.people["owner"], home.people["ana"].id, active=True, ledger=house.ledger, clock=house.clock
        )
    with pytest.raises(LinkSpent):
        await take(home, token)


async def test_a_link_is_good_for_its_purpose_only(home: TestHouse) -> None:
    invited, house = await invitation(home), home.house
    async with house.database.transaction() as session:
        options = await registration_options(session, home.people["ana"], url="http://localhost:1", clock=house.clock)
    for token in (options["challenge"], "", "x", "a" * 43, "a\x00b", "ä" * 9):
        with pytest.raises(LinkSpent):
            await take(home, token)
    async with house.database.transaction() as session:
        with pytest.raises(LinkSpent):
            await check_link(session, invited, "first_run", clock=house.clock)
        assert await check_link(session, invited, "invite", clock=house.clock) == home.people["ana"].id
    with pytest.raises(LinkSpent):
        await own(house, invited)


async def test_looking_at_a_link_through_the_door_does_not_spend_it(home: TestHouse, client: Any) -> None:
    token = await invitation(home)
    for _ in range(2):
        assert (await client.get(f"/invite/{token}")).status_code == 200
    assert (await client.get(f"/first-run/{token}")).status_code == 404
    answer = await client.post(f"/invite/{token}", data={"password": PASSWORD})
    assert answer.status_code == 303
    assert (await client.get(f"/invite/{token}")).status_code == 404
    assert (await client.post(f"/invite/{token}", data={"password": PASSWORD})).status_code == 404


async def test_everybody_who_cannot_sign_in_gets_a_link_at_once(
    home: TestHouse, client: Any, clock: TestClock
) -> None:  # fmt: skip
    """Those with a password, a link that holds, or no seat get none, and of who may do more only the name is shown."""
    house, ana, ben = home.house, home.people["ana"], home.people["ben"]
    assert await take(home, await invitation(home))
    held = await invitation(home, "ben")
    async with home.house.database.transaction() as session:
        await assign_role(session, home.people["owner"], home.people["dana"].id, "administrator", ledger=house.ledger)
        before = {row.email for row in await who_cannot_sign_in(session, clock=house.clock)}
        dana = await actor_of(session, person_id=home.people["dana"].id, via="web")
        made = await invite_all(
            session, dana, invitations=house.invitations, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
    assert {one.email for one in made} == before
    assert not {ana.email, ben.email} & before
    assert {one.email for one in made if not one.path} == {home.people["owner"].email}, (
        "an owner's is an owner's to make"
    )
    *spent, last = [one.path.removeprefix("/invite/") for one in made if one.path]
    for token in (*spent, held):
        assert await take(home, token)
    client.cookies.set("colleague", await take(home, await invitation(home, "owner", by="owner")))
    assert "nothing to sign in with" not in (await client.get("/people")).text, "one holds a link"
    assert "holds a link that is not used yet" in (await client.post("/people/links")).text
    clock.advance(hours=25)
    client.cookies.set("colleague", await take(home, await invitation(home, "owner", by="owner")))
    assert "1 person has a seat and nothing to sign in with" in (await client.get("/people")).text
    shown = await client.post("/people/links")
    assert shown.status_code == 200
    assert "\thttp" in shown.text
    with pytest.raises(LinkSpent):
        await take(home, last)
    async with program_of(home, home.people["owner"], "org:people:read") as program:
        assert (await program.post("/people/links")).status_code == 403
