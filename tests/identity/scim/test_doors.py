"""Groups, roles and provisioning through the pages and the API: the same deeds, and no page for who may not."""

import re

import pytest
from tests.identity.scim.conftest import BASE, Idp

from colleague.identity.sessions import open_session

pytestmark = pytest.mark.anyio


async def cookie(idp: Idp, who: str) -> dict[str, str]:
    house = idp.home.house
    async with house.database.transaction() as session:
        text = await open_session(
            session, idp.home.people[who].id, how="demo", device="x", ledger=house.ledger, clock=house.clock
        )
    return {"Cookie": f"colleague={text}", "Origin": BASE}


async def test_a_rule_is_looked_at_and_then_saved_on_the_page(idp: Idp) -> None:
    owner, ana = await cookie(idp, "owner"), await cookie(idp, "ana")
    user = await idp.user("kim")
    group = await idp.group("Legal <counsel>", user)
    page = await idp.http.get("/groups", headers=owner)
    assert "Legal &lt;counsel&gt;" in page.text
    assert "gives nothing yet" in page.text
    looked = await idp.http.post(f"/groups/{group}/preview", data={"what": "role:reviewer"}, headers=owner)
    assert "Kim" in looked.text
    form = dict(re.findall(r'name="(kind|target|gives|seal)" value="([^"]*)"', looked.text))
    unseen = await idp.http.post(f"/groups/{group}/rules", data={**form, "seal": "0" * 64}, headers=owner)
    assert unseen.status_code == 409
    assert (await idp.http.post(f"/groups/{group}/rules", data=form, headers=owner)).status_code == 303
    assert "reviewer" in (await idp.person(user)).roles
    person = await idp.http.get(f"/people/{user}", headers=owner)
    assert "comes from your identity provider" in person.text
    for path in ("/groups", f"/groups/{group}", "/provisioning"):
        assert (await idp.http.get(path, headers=ana)).status_code == 403


async def test_a_role_and_a_token_are_made_and_ended_on_the_page(idp: Idp) -> None:
    owner = await cookie(idp, "owner")
    role = {"name": "desk_lead", "meaning": "Leads a desk.", "permissions": ["org:people:read"]}
    assert (await idp.http.post("/roles", data=role, headers=owner)).status_code == 303
    assert "Leads a desk." in (await idp.http.get("/groups", headers=owner)).text
    assert (await idp.http.post("/roles/desk_lead/retire", headers=owner)).status_code == 303
    made = await idp.http.post("/provisioning", data={"name": "Okta", "days": "30"}, headers=owner)
    assert re.search(r"scim_[\w-]{40,}", made.text)
    again = await idp.http.get("/provisioning", headers=owner)
    assert not re.search(r"scim_[\w-]{40,}", again.text)
    ended = await idp.http.post(f"/provisioning/{idp.token_id}/revoke", headers=owner)
    assert ended.status_code == 303
    assert (await idp.send("GET", "/Users")).status_code == 401


async def test_the_api_does_the_same(idp: Idp) -> None:
    owner = await cookie(idp, "owner")
    user = await idp.user("kim")
    group = await idp.group("Legal", user)
    rule = {"kind": "role", "target": "reviewer"}
    seen = (await idp.http.post(f"/api/v1/groups/{group}/preview", json=rule, headers=owner)).json()
    assert (seen["count"], seen["people"][0]["id"]) == (1, user)
    sealed = {**rule, "seal": seen["seal"]}
    assert (await idp.http.put(f"/api/v1/groups/{group}/rules", json=sealed, headers=owner)).status_code == 204
    shown = (await idp.http.get("/api/v1/groups", headers=owner)).json()
    assert shown[0]["gives"] == [{"kind": "role", "target": "reviewer", "words": "role reviewer"}]
    role = {"name": "desk_lead", "meaning": "Leads a desk.", "permissions": ["org:people:read"]}
    assert (await idp.http.post("/api/v1/roles", json=role, headers=owner)).status_code == 204
    assert any(r["own"] for r in (await idp.http.get("/api/v1/roles", headers=owner)).json())
