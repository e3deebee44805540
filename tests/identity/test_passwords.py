"""Passwords are strong, kept as Argon2id, compared in the same time for nobody, and guessed at only a few times."""

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from colleague.audit.tables import EntryRow
from colleague.identity import passwords
from colleague.identity.actor import SignInYourself
from colleague.identity.passwords import (
    PER_ACCOUNT,
    PER_ADDRESS,
    SignInFailed,
    TooManyTries,
    WeakPassword,
    change_own_password,
    check_strength,
    normal,
    set_password,
    sign_in,
)
from colleague.identity.people import set_active
from colleague.identity.sessions import actor_of_cookie, open_session
from colleague.identity.tables import FailureRow, PersonRow
from colleague.identity.tokens import create_token
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
PASSWORD, ANA = "four green ladders 9", "ana@aldermoor.example"


async def give(home: TestHouse, who: str = "ana", password: str = PASSWORD, keep: str = "") -> None:
    person = home.people[who].id
    async with home.house.database.transaction() as session:
        await set_password(session, person, password, by=person, ledger=home.house.ledger, keep=keep)


async def enter(home: TestHouse, email: str = ANA, password: str = PASSWORD, address: str = "10.0.0.1") -> str:
    house = home.house
    return await sign_in(
        house.database, email, password, address=address, device="t", ledger=house.ledger, clock=house.clock
    )


async def count(home: TestHouse, what: Any) -> int:
    async with home.house.database.transaction() as session:
        return int(await session.scalar(select(func.count()).select_from(what)) or 0)


WEAK = [
    "",
    "short",
    "a" * 12,
    "aaaabbbbcccc",
    "abcabcabcabc",
    "password1234",
    "Passwort12345",
    "qwerty123456",
    "colleague123",
    "welcome12345",
    "anaruiz12345",
    "a" * 201,
    "xy9!" * 51,
    "four green l\ud800",
]


@pytest.mark.parametrize("password", WEAK, ids=lambda p: ascii(p)[:20])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_strength(password, name="Anaruiz Person", email="ana@x.example")


@given(st.text(st.characters(codec=None), max_size=260))
def test_no_text_breaks_the_check(password: str) -> None:
    try:
        check_strength(password, name="Ana", email="ana@x.example")
    except WeakPassword:
        return
    assert 12 <= len(normal(password)) <= 200


async def test_it_is_kept_as_argon2id_and_never_in_the_ledger(home: TestHouse) -> None:
    await give(home)
    async with home.house.database.transaction() as session:
        stored = await session.scalar(select(PersonRow.password).where(PersonRow.email == ANA))
        bodies = "".join(await session.scalars(select(EntryRow.body)))
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$")
    assert PASSWORD not in bodies + stored
    assert stored not in bodies


async def test_one_enters_with_the_right_one_however_it_is_typed(home: TestHouse) -> None:
    await give(home, password="vier grüne Leitern")
    assert await enter(home, " ANA@Aldermoor.Example ", "vier gru\u0308ne Leitern")
    long = "e\u0301àòù-" * 33
    await give(home, password=long)
    assert await enter(home, password=long)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ANA, PASSWORD + "x"),
        (ANA, PASSWORD.upper()),
        (ANA, ""),
        (ANA, PASSWORD + "\x00"),
        (ANA, "\ud800"),
        (ANA, "x" * 100_000),
        ("nobody@x.example", PASSWORD),
        ("", ""),
        ("a\x00b", PASSWORD),
        ("ben@aldermoor.example", ""),
    ],
    ids=lambda v: ascii(v)[:18],
)
async def test_all_failures_read_the_same(home: TestHouse, email: str, password: str) -> None:
    await give(home)
    with pytest.raises(SignInFailed) as refused:
        await enter(home, email, password)
    assert refused.value.message == SignInFailed().message


async def test_a_try_for_nobody_is_compared_at_the_cost_of_a_stored_password(home: TestHouse) -> None:
    """Argon2's parameters stand in front of the salt: those of the written-down hash are those of new ones."""
    await give(home)
    async with home.house.database.transaction() as session:
        stored = await session.scalar(select(PersonRow.password).where(PersonRow.email == ANA))
    assert stored
    assert stored.split("$")[:4] == passwords._NOBODY.split("$")[:4]
    assert [len(part) for part in stored.split("$")] == [len(part) for part in passwords._NOBODY.split("$")]


async def test_who_is_not_active_does_not_enter(home: TestHouse) -> None:
    await give(home)
    async with home.house.database.transaction() as session:
        await set_active(
            session,
            home.people["owner"],
            home.people["ana"].id,
            active=False,
            ledger=home.house.ledger,
            clock=home.house.clock,
        )
    with pytest.raises(SignInFailed):
        await enter(home)


async def test_guesses_are_few_for_an_account_wherever_they_come_from(home: TestHouse, clock: TestClock) -> None:
    await give(home)
    for guess in range(PER_ACCOUNT):
        with pytest.raises(SignInFailed):
            await enter(home, password=f"wrong {guess}", address=f"10.0.{guess}.1")
    with pytest.raises(TooManyTries):
        await enter(home, address="10.9.9.9")
    clock.advance(minutes=15, seconds=1)
    assert await enter(home)
    async with home.house.database.transaction() as session:
        failed = await session.scalar(select(func.count()).where(EntryRow.verb == "sign_in.failed"))
    assert failed == PER_ACCOUNT


async def test_guesses_are_few_from_an_address_whomever_they_try(home: TestHouse) -> None:
    await give(home)
    given = await asyncio.gather(
        *(enter(home, f"x{guess}@x.example", "wrong") for guess in range(PER_ADDRESS)), return_exceptions=True
    )
    assert all(isinstance(g, SignInFailed) for g in given)
    with pytest.raises(TooManyTries):
        await enter(home)
    assert await enter(home, address="10.0.0.2")


async def test_guesses_at_once_are_no_more_than_one_after_another(home: TestHouse) -> None:
    await give(home)
    given = await asyncio.gather(
        *(enter(home, password=f"wrong {g}", address=f"10.0.{g}.1") for g in range(40)), return_exceptions=True
    )
    assert sum(isinstance(g, SignInFailed) for g in given) == PER_ACCOUNT
    assert sum(isinstance(g, TooManyTries) for g in given) == 40 - PER_ACCOUNT


async def test_a_right_password_takes_the_guesses_off_and_leaves_no_count(home: TestHouse) -> None:
    await give(home)
    for _ in range(3):
        for _ in range(PER_ACCOUNT - 1):
            with pytest.raises(SignInFailed):
                await enter(home, password="wrong", address="10.1.1.1")
        await enter(home)
    async with home.house.database.transaction() as session:
        left = (await session.scalars(select(FailureRow.key).distinct())).all()
    assert len(left) == 1


async def test_a_new_password_ends_every_other_session(home: TestHouse, client: httpx.AsyncClient) -> None:
    await give(home)
    stolen = await enter(home)
    await client.post("/sign-in", data={"email": ANA, "password": PASSWORD})
    mine = client.cookies["colleague"]
    new = {"password": "five blue kettles 7"}
    for current in ({}, {"current": "wrong"}, {"current": "x" * 10_000}):
        refused = await client.post("/me/password", data=new | current)
        assert refused.status_code == 403
        assert "present password" in refused.text
    answer = await client.post("/me/password", data=new | {"current": PASSWORD})
    assert answer.status_code == 303
    async with home.house.database.transaction() as session:
        assert await actor_of_cookie(session, stolen, clock=home.house.clock) is None
        assert await actor_of_cookie(session, mine, clock=home.house.clock) is not None
    with pytest.raises(SignInFailed):
        await enter(home)


async def test_a_token_sets_no_password(home: TestHouse, client: httpx.AsyncClient) -> None:
    """The narrowest token must not become its owner."""
    house, ana = home.house, home.people["ana"]
    async with house.database.transaction() as session:
        token = await create_token(session, ana, "t", ["own:tasks:use"], days=1, ledger=house.ledger, clock=house.clock)
    client.headers["Authorization"] = f"Bearer {token}"
    for path, body in (
        ("/me/password", {"data": {"password": PASSWORD}}),
        ("/me/passkeys/options", {}),
        ("/me/passkeys", {"json": {"challenge": "x", "credential": {}}}),
        ("/me/passkeys/passkey_x/remove", {}),
        ("/me/tokens", {"data": {"name": "t", "permissions": "own:tasks:use"}}),
        ("/me/sessions/end", {}),
    ):
        answer = await client.post(path, **body)  # type: ignore[arg-type]
        assert answer.status_code == 403, (path, answer.status_code)
    with pytest.raises(SignInFailed):
        await enter(home)


async def test_the_deed_itself_refuses_a_token(home: TestHouse) -> None:
    from dataclasses import replace

    async with home.house.database.transaction() as session:
        with pytest.raises(SignInYourself):
            await change_own_password(
                session, replace(home.people["ana"], via="api"), PASSWORD, current="", keep="", ledger=home.house.ledger
            )


async def test_a_session_opened_by_a_link_holds_too(home: TestHouse) -> None:
    async with home.house.database.transaction() as session:
        cookie = await open_session(
            session,
            home.people["ana"].id,
            how="link",
            device="x" * 500,
            ledger=home.house.ledger,
            clock=home.house.clock,
        )
        assert await actor_of_cookie(session, cookie, clock=home.house.clock) is not None
    assert await count(home, FailureRow) == 0
