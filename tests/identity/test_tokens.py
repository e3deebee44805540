"""A token is narrower than its owner is at this moment, ends when it should, and cannot make itself wider."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.identity.actor import PermissionMissing, SignInYourself
from colleague.identity.people import assign_role, remove_role, set_active
from colleague.identity.permissions import PERMISSIONS
from colleague.identity.tables import TokenRow
from colleague.identity.tokens import BadToken, NoSuchToken, actor_of_token, create_token, list_tokens, revoke_token
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio


async def make(
    home: TestHouse, who: str = "ana", permissions: Any = ("own:tasks:use",), days: int = 30, **kw: Any
) -> str:
    house = home.house
    async with house.database.transaction() as session:
        return await create_token(
            session,
            kw.get("actor", home.people[who]),
            kw.get("name", "ci"),
            permissions,
            days=days,
            ledger=house.ledger,
            clock=house.clock,
        )


async def held(home: TestHouse, token: str) -> frozenset[str] | None:
    async with home.house.database.transaction() as session:
        actor = await actor_of_token(session, token, clock=home.house.clock)
    return actor.permissions if actor else None


async def test_it_holds_exactly_what_was_given_and_its_text_is_not_kept(home: TestHouse) -> None:
    token = await make(home, permissions=["own:tasks:use", "own:tasks:use", "own:approvals:answer"])
    assert await held(home, token) == {"own:tasks:use", "own:approvals:answer"}
    async with home.house.database.transaction() as session:
        rows = (await session.scalars(select(TokenRow))).all()
        bodies = "".join(await session.scalars(select(EntryRow.body)))
    assert token not in bodies + "".join(str(vars(r)) for r in rows)


@pytest.mark.parametrize(
    ("permissions", "refusal"),
    [
        ([], BadToken),
        (["nope"], BadToken),
        (["own:tasks:use", "org:all"], BadToken),
        (["org:policy:manage"], PermissionMissing),
        (list(PERMISSIONS), PermissionMissing),
        (["own:tasks:use\x00"], BadToken),
    ],
)
async def test_it_is_never_wider_than_its_owner(home: TestHouse, permissions: list[str], refusal: Any) -> None:
    with pytest.raises(refusal):
        await make(home, permissions=permissions)


@pytest.mark.parametrize(("name", "days"), [("", 30), ("  ", 30), ("ci", 0), ("ci", -1), ("ci", 366), ("c\x00i", 1)])
async def test_it_needs_a_name_and_an_end(home: TestHouse, name: str, days: int) -> None:
    with pytest.raises(BadToken):
        await make(home, name=name, days=days)


async def test_what_its_owner_loses_it_loses_at_once(home: TestHouse) -> None:
    house, owner, ben = home.house, home.people["owner"], home.people["ben"].id
    async with house.database.transaction() as session:
        await assign_role(session, owner, ben, "administrator", ledger=house.ledger)
    from colleague.identity.directory import actor_of

    async with house.database.transaction() as session:
        administrator = await actor_of(session, person_id=ben, via="page")
    token = await make(home, actor=administrator, permissions=["org:people:manage", "own:tasks:use"])
    assert await held(home, token) == {"org:people:manage", "own:tasks:use"}
    async with house.database.transaction() as session:
        await remove_role(session, owner, ben, "administrator", ledger=house.ledger)
    assert await held(home, token) == {"own:tasks:use"}
    async with house.database.transaction() as session:
        await set_active(session, owner, ben, active=False, ledger=house.ledger, clock=house.clock)
    assert await held(home, token) is None
    async with house.database.transaction() as session:
        await set_active(session, owner, ben, active=True, ledger=house.ledger, clock=house.clock)
    assert await held(home, token) is None


async def test_it_ends_on_its_day(home: TestHouse, clock: TestClock) -> None:
    token = await make(home, days=1)
    clock.advance(hours=24, seconds=-1)
    assert await held(home, token)
    clock.advance(seconds=1)
    assert await held(home, token) is None


async def test_revoked_is_revoked_by_its_owner_or_an_administrator_only(home: TestHouse) -> None:
    token, house = await make(home), home.house
    async with house.database.transaction() as session:
        (row,) = await list_tokens(session, home.people["ana"])
    narrow = replace(home.people["ana"], permissions=frozenset({"own:tasks:use"}), via="api")
    for actor in (home.people["ben"], home.people["rita"], home.people["tom"], narrow):
        with pytest.raises(NoSuchToken):
            async with house.database.transaction() as session:
                await revoke_token(session, actor, row.id, ledger=house.ledger, clock=house.clock)
    assert await held(home, token)
    for bad in ("", "token_x", "a\x00b", row.id.upper()):
        with pytest.raises(NoSuchToken):
            async with house.database.transaction() as session:
                await revoke_token(session, home.people["ana"], bad, ledger=house.ledger, clock=house.clock)
    for _ in range(2):
        async with house.database.transaction() as session:
            await revoke_token(session, home.people["owner"], row.id, ledger=house.ledger, clock=house.clock)
        assert await held(home, token) is None
    async with house.database.transaction() as session:
        assert await list_tokens(session, home.people["ana"]) == []
        verbs = (await session.scalars(select(EntryRow.verb).where(EntryRow.subject == row.id))).all()
    assert list(verbs) == ["token.created", "token.revoked"]


async def test_a_token_makes_no_tokens(home: TestHouse) -> None:
    token = await make(home, permissions=["own:tokens:manage", "own:tasks:use"])
    async with home.house.database.transaction() as session:
        actor = await actor_of_token(session, token, clock=home.house.clock)
    assert actor is not None
    with pytest.raises(SignInYourself):
        await make(home, actor=actor, permissions=["own:tasks:use"])


@given(place=st.integers(0, 200), other=st.characters(codec="latin-1"))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_changed_token_opens_nothing(home: TestHouse, place: int, other: str) -> None:
    token = await make(home)
    place %= len(token)
    if other == token[place]:
        return
    assert await held(home, token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize(
    "token", ["", "clg_", "clg_" + "a" * 43, "clg_" + "a" * 100_000, "clg_\x00", "Bearer x", "clg_ä"]
)
async def test_a_made_up_token_opens_nothing(home: TestHouse, token: str) -> None:
    assert await held(home, token) is None


async def test_a_narrow_token_does_through_the_door_only_what_it_may(home: TestHouse, client: Any) -> None:
    """The same person, asked for everything there is, with a token that may only answer approvals."""
    token = await make(home, "owner", ["own:approvals:answer"])
    client.headers["Authorization"] = f"Bearer {token}"
    ben = home.people["ben"].id
    for method, path, body in (
        ("GET", "/api/v1/people", None),
        ("POST", "/api/v1/people", {"name": "X", "email": "x@x.example"}),
        ("POST", f"/api/v1/people/{ben}/deactivate", None),
        ("POST", "/api/v1/teams", {"name": "X"}),
        ("PUT", f"/api/v1/teams/{home.team}/members/{ben}", None),
        ("GET", "/api/v1/policy/rules", None),
        ("PATCH", "/api/v1/policy/settings", {"confirm_internal": False}),
        ("GET", "/api/v1/policy/settings", None),
        ("POST", "/api/v1/tokens", {"name": "x", "permissions": ["own:approvals:answer"]}),
    ):
        answer = await client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "PermissionMissing"), (method, path)
    assert (await client.get("/api/v1/me")).json()["permissions"] == ["own:approvals:answer"]
    assert (await client.get("/api/v1/approvals")).status_code == 200
    client.headers["Authorization"] = "Bearer clg_" + "x" * 43
    assert (await client.get("/api/v1/me")).status_code == 401
