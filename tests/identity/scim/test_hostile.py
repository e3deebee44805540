"""A provisioning token opens one door, and what comes through it is bounded, refused in words, and never half done."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.identity.scim.conftest import Idp

from colleague.channels.tables import NoticeRow
from colleague.identity.actor import SYSTEM
from colleague.identity.groups.rules import set_rule
from colleague.identity.people import ManagedElsewhere, remove_role, set_active
from colleague.identity.scim.faults import list_faults
from colleague.identity.scim.normal import DEEPEST, Malformed, checked, operations, truth
from colleague.identity.scim.tokens import revoke_token
from colleague.identity.sessions import actor_of_cookie, open_session
from colleague.identity.tokens import actor_of_token, create_token
from colleague.kit.rate import Rate

pytestmark = pytest.mark.anyio
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["op", "Op", "path", "value", "Operations", "active", "x.y"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_operations_or_malformed(message: object) -> None:
    try:
        found = operations(checked(message))
    except Malformed:
        return
    for one in found:
        assert one["op"] in ("add", "replace", "remove")
        assert isinstance(one["path"], str)
        # Brought into its proper form again it stays as it is.
        assert operations({"Operations": [one]}) == [one]


@given(JSON)
def test_truth_is_true_or_false_or_left_alone(value: object) -> None:
    assert truth(truth(value)) == truth(value)


def test_what_is_too_deep_is_refused() -> None:
    deep: object = 1
    for _ in range(DEEPEST + 2):
        deep = {"a": deep}
    with pytest.raises(Malformed):
        checked(deep)


async def test_the_token_opens_nothing_else_and_nothing_else_opens_the_door(idp: Idp) -> None:
    headers = {"Authorization": f"Bearer {idp.token}"}
    for path in ("/api/v1/people", "/api/v1/me", "/api/v1/groups"):
        assert (await idp.http.get(path, headers=headers)).status_code == 401
    house, owner = idp.home.house, idp.home.people["owner"]
    async with house.database.transaction() as session:
        other = await create_token(
            session, owner, "mine", ["org:people:manage"], days=1, ledger=house.ledger, clock=house.clock
        )
    for wrong in (other, "scim_" + "x" * 43, "", "scim_", "x" * 5000):
        answer = await idp.http.get("/scim/v2/Users", headers={"Authorization": f"Bearer {wrong}"})
        # Strangers are slowed down after a few tries.
        assert answer.status_code in (401, 429)
        if wrong == other:
            assert answer.status_code == 401
            assert answer.json()["detail"].startswith("This needs a provisioning token")
    async with house.database.transaction() as session:
        await revoke_token(session, owner, idp.token_id, ledger=house.ledger, clock=house.clock)
    assert (await idp.send("GET", "/Users")).status_code in (401, 429)


async def test_an_expired_token_is_no_token(idp: Idp) -> None:
    idp.clock.advance(days=31)
    assert (await idp.send("GET", "/Users")).status_code == 401


async def test_what_cannot_be_used_is_refused_and_changes_nothing(idp: Idp) -> None:
    user = await idp.user("kim")
    group = await idp.group("Legal", user)
    before = await idp.ok("GET", f"/Users/{user}"), await idp.members(group)
    headers = {"Authorization": f"Bearer {idp.token}"}
    for raw in (b"", b"{", b"[]", b"\xff", b"1" * 5_000_000, b'{"a":' * 3000 + b"1" + b"}" * 3000):
        answer = await idp.http.post("/scim/v2/Users", content=raw, headers=headers)
        assert answer.status_code in (400, 413), answer.text
    many = [{"op": "add", "path": "title", "value": "x"}] * 1001
    assert (await idp.patch(f"/Users/{user}", *many)).status_code == 400
    for change in (
        {"op": "replace", "path": "userName", "value": ""}, {"op": "replace", "path": "emails", "value": []},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "x' OR 1=1 --"},
        {"op": "explode", "path": "title", "value": "x"}, {"op": "replace", "path": "a" * 9000 + "[", "value": "x"},
        {"op": "replace", "path": "emails", "value": [{"value": "break-glass@localhost", "primary": True}]},
        {"op": "replace", "path": "userName", "value": "a\x01b"}, {"op": "replace", "value": "x"},
        {"op": "replace", "path": "title", "value": "x" * 20_000}, {"op": "remove"},
    ):  # fmt: skip
        answer = await idp.patch(f"/Users/{user}", {"op": "replace", "path": "title", "value": "Half"}, change)
        assert answer.status_code == 400, (change, answer.text)
        assert answer.json()["detail"]
    for members in ([{"value": "person_nobody"}], [{"value": 7}], [{}], [{"value": group, "type": "Group"}]):
        answer = await idp.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": members})
        assert answer.status_code == 400
    for bad in ("userName eq", 'userName eq "x', "(" * 30, "x" * 2000, 'nothing eq "x"', "emails[", "active gt true"):
        answer = await idp.send("GET", "/Users", params={"filter": bad})
        assert answer.status_code in (200, 400), bad
    for harmless in ('userName eq "x\\" or userName pr"', 'userName eq "\'; drop table people; --"'):
        found = (await idp.send("GET", "/Users", params={"filter": harmless})).json()
        assert found["totalResults"] == 0
    assert (await idp.ok("GET", f"/Users/{user}"), await idp.members(group)) == before
    async with idp.home.house.database.transaction() as session:
        faults = await list_faults(session, idp.home.people["owner"], 100)
    assert 20 < len(faults) <= 100
    assert not any("kim@" in fault.words + fault.call for fault in faults)


async def test_the_same_person_twice_at_once_is_one_person(idp: Idp) -> None:
    body = {"userName": "kim@aldermoor.example", "displayName": "Kim"}
    answers = await asyncio.gather(*(idp.send("POST", "/Users", body) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
    assert answers[0].headers["content-type"] == "application/scim+json"
    assert {a.json().get("scimType") for a in answers if a.status_code == 409} == {"uniqueness"}


async def test_who_is_deactivated_is_out_at_once_and_their_record_stays(idp: Idp) -> None:
    house = idp.home.house
    user = await idp.user("kim")
    async with house.database.transaction() as session:
        cookie = await open_session(session, user, how="demo", device="x", ledger=house.ledger, clock=house.clock)
        kim = await actor_of_cookie(session, cookie, clock=house.clock)
        assert kim is not None
        text = await create_token(
            session, kim, "t", ["own:tasks:use"], days=1, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
    await idp.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})
    async with house.database.transaction() as session:
        assert await actor_of_cookie(session, cookie, clock=house.clock) is None
        assert await actor_of_token(session, text, clock=house.clock) is None
    await idp.ok("DELETE", f"/Users/{user}")
    assert (await idp.send("GET", f"/Users/{user}")).status_code == 404
    assert (await idp.send("DELETE", f"/Users/{user}")).status_code == 404
    assert (await idp.person(user)).email == "kim@aldermoor.example"
    # Made again, it is the same person.
    assert await idp.user("kim") == user
    assert (await idp.person(user)).active
    assert await idp.verbs() == [
        "person.added", "person.provisioned", "seat.given", "person.changed", "person.deactivated",
        "person.deprovisioned",
        "person.provisioned", "person.reactivated", "seat.given",
    ]  # fmt: skip


async def test_the_last_owner_stays_and_owners_are_told_once(idp: Idp) -> None:
    house, owner = idp.home.house, idp.home.people["owner"]
    made = await idp.ok("POST", "/Users", {"userName": "owner@aldermoor.example", "displayName": "Olga Owner"})
    assert made["id"] == owner.id
    group = await idp.group("Owners", owner.id)
    async with house.database.transaction() as session:
        await set_rule(session, SYSTEM, group, "role", "owner", gives=True, ledger=house.ledger, clock=house.clock)
        await remove_role(session, SYSTEM, owner.id, "owner", ledger=house.ledger)
    for _ in range(2):
        for answer in (
            await idp.patch(f"/Users/{owner.id}", {"op": "replace", "path": "active", "value": False}),
            await idp.send("DELETE", f"/Users/{owner.id}"),
            await idp.patch(f"/Groups/{group}", {"op": "remove", "path": "members"}),
            await idp.send("DELETE", f"/Groups/{group}"),
        ):
            assert answer.status_code == 409
            assert "last owner" in answer.json()["detail"]
    person = await idp.person(owner.id)
    assert person.active
    assert "owner" in person.roles
    async with house.database.transaction() as session:
        assert len((await session.scalars(select(NoticeRow))).all()) == 1
    assert (await idp.verbs()).count("provisioning.refused") == 8


async def test_who_comes_from_there_is_not_deactivated_here(idp: Idp) -> None:
    house, owner = idp.home.house, idp.home.people["owner"]
    user = await idp.user("kim")
    for after, refused in ((False, True), (True, False)):
        async with house.database.transaction() as session:
            if after:
                await revoke_token(session, owner, idp.token_id, ledger=house.ledger, clock=house.clock)
            if refused:
                with pytest.raises(ManagedElsewhere):
                    await set_active(session, owner, user, active=False, ledger=house.ledger, clock=house.clock)
            else:
                await set_active(session, owner, user, active=False, ledger=house.ledger, clock=house.clock)


def test_the_rate_is_held() -> None:
    rate = Rate(0.001)
    rate.per_second = 1
    assert [rate.allows("a") for _ in range(4)] == [True, True, False, False]
    assert rate.allows("b")
