"""What Entra, Okta and others send that the RFC does not say is understood, each quirk as it was seen (peers.md)."""

from typing import Any

import pytest
from tests.identity.scim.conftest import ENTERPRISE, USER, Idp

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("op", ["Add", "Replace", "add", "REPLACE"])
async def test_operations_in_capitals(idp: Idp, op: str) -> None:
    user = await idp.user("kim")
    answer = await idp.patch(f"/Users/{user}", {"op": op, "path": "title", "value": "Counsel"})
    assert (answer.status_code, answer.json()["title"]) == (200, "Counsel")
    gone = await idp.patch(f"/Users/{user}", {"op": "Remove", "path": "title"})
    assert "title" not in gone.json()


@pytest.mark.parametrize("value", ["False", "false", False, [{"value": "False"}], ["False"], {"value": "false"}])
@pytest.mark.parametrize("path", ["active", None])
async def test_active_in_every_dress(idp: Idp, value: Any, path: str | None) -> None:
    user = await idp.user("kim")
    change = {"op": "Replace", "path": path, "value": value} if path else {"op": "Replace", "value": {"active": value}}
    answer = await idp.patch(f"/Users/{user}", change)
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert not (await idp.person(user)).active
    # Disabled people stay readable, and come back.
    assert (await idp.ok("GET", f"/Users/{user}"))["active"] is False
    back = await idp.patch(f"/Users/{user}", {"op": "Replace", "path": "active", "value": "True"})
    assert back.json()["active"] is True
    assert (await idp.person(user)).active


async def test_a_replace_without_a_path_with_dotted_and_urn_keys(idp: Idp) -> None:
    boss, user = await idp.user("boss"), await idp.user("kim")
    value = {
        "name.givenName": "Kim", "name.familyName": "Lee", "displayName": "Kim Lee", "active": "True",
        'emails[type eq "work"].value': "kim.lee@aldermoor.example", f"{ENTERPRISE}:department": "Legal",
        f"{ENTERPRISE}:manager": boss, f"{USER}:title": "Counsel", "id": "x", "schemas": [],
    }  # fmt: skip
    answer = await idp.patch(f"/Users/{user}", {"op": "Replace", "value": value})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["name"] == {"givenName": "Kim", "familyName": "Lee"}
    assert shown["title"] == "Counsel"
    assert shown[ENTERPRISE]["department"] == "Legal"
    assert shown[ENTERPRISE]["manager"]["value"] == boss
    person = await idp.person(user)
    assert (person.name, person.email) == ("Kim Lee", "kim.lee@aldermoor.example")
    nested = await idp.patch(f"/Users/{user}", {"op": "replace", "value": {ENTERPRISE: {"costCenter": "7"}}})
    assert nested.json()[ENTERPRISE]["costCenter"] == "7"
    assert nested.json()[ENTERPRISE]["department"] == "Legal"


@pytest.mark.parametrize("shape", ["object", "text", "list"])
async def test_a_manager_in_every_dress_is_whom_approvals_go_to(idp: Idp, shape: str) -> None:
    from colleague.identity.directory import manager_of

    boss, user = await idp.user("boss"), await idp.user("kim")
    value = {"object": {"value": boss}, "text": boss, "list": [{"$ref": f"../Users/{boss}", "value": boss}]}[shape]
    answer = await idp.patch(f"/Users/{user}", {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": value})
    assert answer.status_code == 200, answer.text
    async with idp.home.house.database.transaction() as session:
        assert await manager_of(session, user) == boss
    for empty in ("", None):
        change = {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": empty}
        assert (await idp.patch(f"/Users/{user}", change)).status_code == 200
    async with idp.home.house.database.transaction() as session:
        assert await manager_of(session, user) is None


async def test_a_manager_who_comes_later_or_by_another_name(idp: Idp) -> None:
    from colleague.identity.directory import manager_of

    user = await idp.user("kim", **{ENTERPRISE: {"manager": {"value": "ext-7"}}})
    boss = await idp.user("boss", externalId="ext-7")
    other = await idp.user("lou", **{ENTERPRISE: {"manager": "boss@aldermoor.example"}})
    async with idp.home.house.database.transaction() as session:
        assert [await manager_of(session, p) for p in (user, other)] == [boss, boss]


async def test_the_address_that_is_not_there_yet_is_made(idp: Idp) -> None:
    user = await idp.user("kim", emails=[{"value": "kim@aldermoor.example", "type": "other"}])
    change = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "kim.work@aldermoor.example"}
    answer = await idp.patch(f"/Users/{user}", change)
    assert answer.status_code == 200, answer.text
    assert {"value": "kim.work@aldermoor.example", "type": "work"} in answer.json()["emails"]
    assert (await idp.person(user)).email == "kim.work@aldermoor.example"


async def test_removing_members_with_a_list_does_not_empty_the_group(idp: Idp) -> None:
    one, two, three = [await idp.user(n) for n in ("one", "two", "three")]
    group = await idp.group("Legal", one, two, three)
    answer = await idp.patch(f"/Groups/{group}", {"op": "Remove", "path": "members", "value": [{"value": two}]})
    assert answer.status_code == 204
    assert await idp.members(group) == {one, three}
    await idp.patch(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{one}"]'})
    assert await idp.members(group) == {three}
    await idp.patch(f"/Groups/{group}", {"op": "Remove", "path": "members"})
    assert await idp.members(group) == set()


async def test_members_added_twice_as_bare_texts_and_removed_twice(idp: Idp) -> None:
    one, two = await idp.user("one"), await idp.user("two")
    group = await idp.group("Legal", one, one)
    for _ in range(2):
        answer = await idp.patch(f"/Groups/{group}", {"op": "Add", "path": "members", "value": [one, two, two]})
        assert answer.status_code == 204
    assert await idp.members(group) == {one, two}
    for _ in range(2):
        gone = {"op": "Remove", "path": "members", "value": [{"value": one}, {"value": "nobody"}]}
        assert (await idp.patch(f"/Groups/{group}", gone)).status_code == 204
    assert await idp.members(group) == {two}
    # One operation a member, as Okta sends them; and the whole list at once.
    await idp.patch(
        f"/Groups/{group}", *({"op": "add", "path": "members", "value": [{"value": p}]} for p in (one, two))
    )
    assert await idp.members(group) == {one, two}
    await idp.patch(f"/Groups/{group}", {"op": "replace", "value": {"members": [{"value": one}], "displayName": "Law"}})
    assert await idp.members(group) == {one}
    some = f'members[value eq "{one}" or value eq "{two}"]'
    assert (await idp.patch(f"/Groups/{group}", {"op": "remove", "path": some})).status_code == 204
    assert await idp.members(group) == set()


async def test_a_put_of_the_whole_object_with_what_is_read_only(idp: Idp) -> None:
    user = await idp.user("kim", title="Counsel")
    whole = await idp.ok("GET", f"/Users/{user}")
    whole |= {"displayName": "Kim Lee", "groups": [{"value": "x"}], "password": "hunter2", "id": "another",
              "photos": [{"value": "https://x"}], "phoneNumbers": [{"value": "1", "type": "work"}]}  # fmt: skip
    shown = await idp.ok("PUT", f"/Users/{user}", whole)
    assert (shown["id"], shown["displayName"], shown["title"]) == (user, "Kim Lee", "Counsel")
    assert not {"password", "photos", "phoneNumbers"} & shown.keys()
    group = await idp.group("Legal", user)
    sent = {**await idp.ok("GET", f"/Groups/{group}"), "displayName": "Law"}
    assert (await idp.ok("PUT", f"/Groups/{group}", sent))["displayName"] == "Law"
    assert await idp.members(group) == {user}


async def test_silence_about_active_lets_nobody_in_again(idp: Idp) -> None:
    user = await idp.user("kim")
    await idp.patch(f"/Users/{user}", {"op": "replace", "path": "active", "value": False})
    await idp.ok("PUT", f"/Users/{user}", {"userName": "kim@aldermoor.example", "displayName": "Kim"})
    assert not (await idp.person(user)).active
    refused = await idp.patch(f"/Users/{user}", {"op": "remove", "path": "active"})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "filter_",
    [
        'userName eq "KIM@Aldermoor.example"', 'USERNAME Eq "kim@aldermoor.example"', 'externalId eq "e1"',
        'emails.value eq "Kim@aldermoor.example"', 'emails[type eq "work"].value eq "kim@aldermoor.example"',
        'emails[type eq "work" and value eq "kim@aldermoor.example"]', 'displayName co "im" and active eq true',
        'userName eq "kim@aldermoor.example" and externalId eq "e1"', 'userName sw "kim" or userName eq "x"',
        f'{ENTERPRISE}:department eq "legal"', 'not (userName eq "lou@aldermoor.example")', 'title pr',
        'meta.lastModified ge "2020-01-01T00:00:00Z" and title pr',
    ],
)  # fmt: skip
async def test_filters_whatever_their_case(idp: Idp, filter_: str) -> None:
    more = {"externalId": "e1", "title": "Counsel", ENTERPRISE: {"department": "Legal"}}
    kim = await idp.user("kim", **more)
    await idp.user("lou")
    found = (await idp.send("GET", "/Users", params={"filter": filter_})).json()
    assert [r["id"] for r in found["Resources"]] == [kim], found


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
async def test_no_hit_is_an_empty_list(idp: Idp, path: str) -> None:
    answer = await idp.send("GET", path, params={"filter": 'externalId eq "nobody"'})
    assert (answer.status_code, answer.json()["totalResults"], answer.json()["Resources"]) == (200, 0, [])


async def test_excluded_members_and_the_flag_of_entra(idp: Idp) -> None:
    user = await idp.user("kim")
    group = await idp.group("Legal", user)
    for path, query in ((f"/Groups/{group}", {}), ("/Groups", {"filter": 'displayName eq "legal"'})):
        asked = {**query, "excludedAttributes": "members", "aadOptscim062020": ""}
        shown = (await idp.send("GET", path, params=asked)).json()
        assert "members" not in shown.get("Resources", [shown])[0]
        assert shown.get("Resources", [shown])[0]["displayName"] == "Legal"
    flagged = await idp.send("PATCH", f"/Users/{user}?aadOptscim062020", {
        "schemas": [], "Operations": [{"op": "Replace", "path": "displayName", "value": "Kim Lee"}]})  # fmt: skip
    assert flagged.json()["displayName"] == "Kim Lee"
    mine = (await idp.send("GET", "/Groups", params={"filter": f'members eq "{user}"', "attributes": "id"})).json()
    assert mine["Resources"] == [{"schemas": mine["Resources"][0]["schemas"], "id": group}]
