"""A passkey signs in its person, here, now, once; anything else that looks like one is refused and on record."""

import asyncio
import copy
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from colleague.audit.tables import EntryRow
from colleague.identity.links.first_run import LinkSpent
from colleague.identity.passkeys import (
    NoSuchPasskey,
    PasskeyRefused,
    PasskeyUnusable,
    add_passkey,
    list_passkeys,
    registration_options,
    remove_passkey,
    sign_in_options,
    sign_in_with_passkey,
)
from colleague.identity.people import set_active
from colleague.identity.sessions import actor_of_cookie
from colleague.identity.tables import LinkRow, PasskeyRow
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
URL = "https://colleague.aldermoor.example"
_spec = importlib.util.spec_from_file_location("authenticator", Path(__file__).with_name("authenticator.py"))
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)


def device(origin: str = URL, rp: str = "colleague.aldermoor.example") -> Any:
    return _module.Authenticator(origin=origin, rp=rp)


async def begin(home: TestHouse, who: str = "") -> dict[str, Any]:
    async with home.house.database.transaction() as session:
        if who:
            return await registration_options(session, home.people[who], url=URL, clock=home.house.clock)
        return await sign_in_options(session, url=URL, clock=home.house.clock)


async def add(home: TestHouse, options: Any, credential: Any, who: str = "ana") -> None:
    house = home.house
    async with house.database.transaction() as session:
        await add_passkey(session, home.people[who], options["challenge"], credential, name="Key", url=URL,
                          ledger=house.ledger, clock=house.clock)  # fmt: skip


async def enter(home: TestHouse, handle: str, credential: Any) -> str:
    house = home.house
    return await sign_in_with_passkey(house.database, handle, credential, url=URL, device="t", ledger=house.ledger,
                                      clock=house.clock)  # fmt: skip


async def with_passkey(home: TestHouse, who: str = "ana") -> Any:
    key, options = device(), await begin(home, who)
    await add(home, options, key.register(options), who)
    return key


async def refused(home: TestHouse) -> int:
    async with home.house.database.transaction() as session:
        query = select(func.count()).where(EntryRow.verb == "sign_in.failed")
        return int(await session.scalar(query) or 0)


async def test_it_signs_in_its_person(home: TestHouse) -> None:
    key = await with_passkey(home)
    for _ in range(2):
        options = await begin(home)
        cookie = await enter(home, options["challenge"], key.sign(options))
        async with home.house.database.transaction() as session:
            actor = await actor_of_cookie(session, cookie, clock=home.house.clock)
        assert actor is not None
        assert actor.id == home.people["ana"].id


async def test_an_answer_is_good_once_also_when_it_comes_twice_at_once(home: TestHouse) -> None:
    key, options = await with_passkey(home), await begin(home)
    answer = key.sign(options)
    given = await asyncio.gather(*(enter(home, options["challenge"], answer) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(g, str) for g in given) == 1
    assert sum(isinstance(g, LinkSpent) for g in given) == 3
    fresh = await begin(home)
    with pytest.raises(PasskeyRefused):
        await enter(home, fresh["challenge"], answer)
    with pytest.raises(LinkSpent):
        await enter(home, fresh["challenge"], key.sign(fresh))
    assert await refused(home) == 1


async def test_a_challenge_lasts_five_minutes_and_does_not_pile_up(home: TestHouse, clock: TestClock) -> None:
    key, options = await with_passkey(home), await begin(home)
    clock.advance(minutes=5)
    with pytest.raises(LinkSpent):
        await enter(home, options["challenge"], key.sign(options))
    for _ in range(5):
        await begin(home)
        clock.advance(minutes=6)
    await begin(home)
    async with home.house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(LinkRow)) == 1


async def test_another_site_another_device_or_nobody_at_it_is_refused(home: TestHouse) -> None:
    key = await with_passkey(home)
    for change in (
        {"origin": "https://colleague.aldermoor.example.evil.example"}, {"origin": URL.replace("https", "http")},
        {"origin": URL + ":8443"}, {"rp": "evil.example"}, {"verified": False}, {"key": device().key},
        {"id": device().id},
    ):  # fmt: skip
        wrong, options = copy.copy(key), await begin(home)
        for name, value in change.items():
            setattr(wrong, name, value)
        with pytest.raises(PasskeyRefused):
            await enter(home, options["challenge"], wrong.sign(options))
    assert await refused(home) == 7


async def test_a_cloned_device_is_noticed_by_its_counter(home: TestHouse) -> None:
    key = await with_passkey(home)
    clone = copy.copy(key)
    options = await begin(home)
    await enter(home, options["challenge"], key.sign(options, steps=5))
    for steps in (1, 4):
        options = await begin(home)
        with pytest.raises(PasskeyRefused):
            await enter(home, options["challenge"], clone.sign(options, steps=steps))
    options = await begin(home)
    assert await enter(home, options["challenge"], key.sign(options))


async def test_a_challenge_is_good_for_its_person_and_purpose_only(home: TestHouse) -> None:
    key, options = device(), await begin(home, "ana")
    with pytest.raises(LinkSpent):
        await add(home, options, key.register(options), "ben")
    entering = await begin(home)
    with pytest.raises(LinkSpent):
        await add(home, entering, key.register(entering))
    with pytest.raises(LinkSpent):
        await enter(home, options["challenge"], key.sign(options))
    await add(home, options, key.register(options))


async def test_a_registration_for_another_site_is_not_kept_nor_is_a_key_twice(home: TestHouse) -> None:
    for wrong in (device(origin="https://evil.example"), device(rp="evil.example")):
        options = await begin(home, "ana")
        with pytest.raises(PasskeyUnusable):
            await add(home, options, wrong.register(options))
    unseen, options = device(), await begin(home, "ana")
    unseen.verified = False
    with pytest.raises(PasskeyUnusable):
        await add(home, options, unseen.register(options))
    key = await with_passkey(home)
    for who in ("ana", "ben"):
        options = await begin(home, who)
        with pytest.raises(PasskeyUnusable):
            await add(home, options, key.register(options), who)
    async with home.house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(PasskeyRow)) == 1


async def test_who_is_deactivated_does_not_enter_and_a_removed_key_opens_nothing(home: TestHouse) -> None:
    house, anas, bens = home.house, await with_passkey(home), await with_passkey(home, "ben")
    async with house.database.transaction() as session:
        await set_active(
            session, home.people["owner"], home.people["ana"].id, active=False, ledger=house.ledger, clock=house.clock
        )
        (row,) = await list_passkeys(session, home.people["ben"])
        for actor, name in ((home.people["ana"], row.id), (home.people["ben"], "x"), (home.people["ben"], "a\x00b")):
            with pytest.raises(NoSuchPasskey):
                await remove_passkey(session, actor, name, ledger=house.ledger)
        await remove_passkey(session, home.people["ben"], row.id, ledger=house.ledger)
    for key in (anas, bens):
        options = await begin(home)
        with pytest.raises(PasskeyRefused):
            await enter(home, options["challenge"], key.sign(options))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40) | st.binary(max_size=60).map(_module.text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6,
)  # fmt: skip


@given(place=st.integers(0, 6), value=JSON)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
async def test_no_made_up_credential_breaks_or_opens_the_door(home: TestHouse, place: int, value: Any) -> None:
    """A right answer with one part replaced by anything at all: refused in words, never an error of ours."""
    key = device()
    options = await begin(home)
    with pytest.raises(PasskeyRefused):
        await enter(home, options["challenge"], spoilt(key.sign(options), place, value))
    options = await begin(home, "ana")
    with pytest.raises(PasskeyUnusable):
        await add(home, options, spoilt(key.register(options), place, value))


def spoilt(credential: dict[str, Any], place: int, value: Any) -> dict[str, Any]:
    """Return the credential with one of its parts replaced."""
    names = [*credential, *credential["response"]]
    name = names[place % len(names)]
    (credential if name in credential else credential["response"])[name] = value
    return credential
