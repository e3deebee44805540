"""A session ends when it is idle, old, closed, or its person is gone; a cookie is a secret that nobody can make up."""

import hashlib
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from colleague.identity.people import set_active
from colleague.identity.sessions import actor_of_cookie, close_all, close_session, list_sessions, open_session
from colleague.identity.tables import SignInRow
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio


async def enter(home: TestHouse, who: str = "ana") -> str:
    house = home.house
    async with house.database.transaction() as session:
        return await open_session(session, home.people[who].id, how="password", device="test", ledger=house.ledger,
                                  clock=house.clock)  # fmt: skip


async def who_is(home: TestHouse, cookie: str) -> str | None:
    async with home.house.database.transaction() as session:
        actor = await actor_of_cookie(session, cookie, clock=home.house.clock)
    return actor.name if actor else None


async def test_a_cookie_speaks_for_its_person_and_only_its_hash_is_kept(home: TestHouse) -> None:
    cookie = await enter(home)
    assert await who_is(home, cookie) == "Ana Ruiz"
    async with home.house.database.transaction() as session:
        rows = (await session.scalars(select(SignInRow))).all()
    assert [r.token_sha256 for r in rows] == [hashlib.sha256(cookie.encode()).hexdigest()]
    assert len(cookie) >= 43
    assert len({await enter(home) for _ in range(50)}) == 50


async def test_it_ends_when_idle_for_eight_hours_and_is_kept_by_use(home: TestHouse, clock: TestClock) -> None:
    used, left = await enter(home), await enter(home)
    clock.advance(hours=7, minutes=59)
    assert await who_is(home, used) == "Ana Ruiz"
    clock.advance(minutes=1)
    assert await who_is(home, left) is None
    clock.advance(hours=7, minutes=58)
    assert await who_is(home, used) == "Ana Ruiz"
    clock.advance(hours=8)
    assert await who_is(home, used) is None


async def test_it_ends_after_a_week_however_much_it_is_used(home: TestHouse, clock: TestClock) -> None:
    cookie = await enter(home)
    for _ in range(7 * 24 - 1):
        clock.advance(hours=1)
        assert await who_is(home, cookie) == "Ana Ruiz"
    clock.advance(hours=1)
    assert await who_is(home, cookie) is None


async def test_ended_ones_are_neither_shown_nor_kept(home: TestHouse, clock: TestClock) -> None:
    await enter(home)
    clock.advance(hours=9)
    await enter(home)
    async with home.house.database.transaction() as session:
        assert len(await list_sessions(session, home.people["ana"], clock=clock)) == 1
        assert await session.scalar(select(func.count()).select_from(SignInRow)) == 1


async def test_signing_out_ends_this_one_and_everywhere_ends_all(home: TestHouse) -> None:
    first, second, third, bens = await enter(home), await enter(home), await enter(home), await enter(home, "ben")
    async with home.house.database.transaction() as session:
        await close_session(session, first, ledger=home.house.ledger)
    assert [await who_is(home, c) for c in (first, second)] == [None, "Ana Ruiz"]
    async with home.house.database.transaction() as session:
        await close_all(session, home.people["ana"], ledger=home.house.ledger)
    assert [await who_is(home, c) for c in (second, third, bens)] == [None, None, "Ben Carter"]


async def test_who_is_deactivated_is_out_at_once_and_stays_out_when_let_in_again(home: TestHouse) -> None:
    cookie, house = await enter(home), home.house
    for active in (False, True):
        async with house.database.transaction() as session:
            await set_active(
                session,
                home.people["owner"],
                home.people["ana"].id,
                active=active,
                ledger=house.ledger,
                clock=house.clock,
            )
        assert await who_is(home, cookie) is None
    assert await who_is(home, await enter(home)) == "Ana Ruiz"


@given(place=st.integers(0, 200), other=st.characters(codec="latin-1"))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_changed_cookie_opens_nothing(home: TestHouse, place: int, other: str) -> None:
    cookie = await enter(home)
    place %= len(cookie)
    if other == cookie[place]:
        return
    assert await who_is(home, cookie[:place] + other + cookie[place + 1 :]) is None


@pytest.mark.parametrize(
    "cookie", ["", "x", "a" * 43, "a" * 101, "\x00" * 43, "ä" * 43, "' OR 1=1 --" * 4, "a" * 100_000]
)
async def test_a_made_up_cookie_opens_nothing(home: TestHouse, cookie: str) -> None:
    await enter(home)
    assert await who_is(home, cookie) is None


async def test_a_hash_is_no_cookie(home: TestHouse) -> None:
    """Who reads the database cannot sign in with what they find."""
    cookie = await enter(home)
    assert await who_is(home, hashlib.sha256(cookie.encode()).hexdigest()) is None


async def test_a_cookie_from_before_signing_in_is_never_taken_over(home: TestHouse, client: httpx.AsyncClient) -> None:
    """Session fixation: the browser brings a cookie of the attacker's choice; signing in gives another one."""
    await give_password(home, "ana")
    chosen = "a" * 43
    form: dict[str, Any] = {"email": "ana@aldermoor.example", "password": PASSWORD}
    answer = await client.post("/sign-in", data=form, headers={"Cookie": f"colleague={chosen}"})
    assert answer.status_code == 303
    cookie = answer.cookies["colleague"]
    assert cookie != chosen
    assert await who_is(home, chosen) is None
    said = answer.headers["set-cookie"].casefold()
    assert "httponly" in said
    assert "samesite=lax" in said
    assert "path=/" in said


PASSWORD = "four green ladders 9"


async def give_password(home: TestHouse, who: str) -> None:
    from colleague.identity.passwords import set_password

    person = home.people[who].id
    async with home.house.database.transaction() as session:
        await set_password(session, person, PASSWORD, by=person, ledger=home.house.ledger)
