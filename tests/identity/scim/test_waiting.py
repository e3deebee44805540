"""Whom a provider brings beyond the phase: they wait, their provider is at peace, and the page shows them."""

import pytest
from tests.identity.scim.conftest import BASE, ENTERPRISE, Idp

from colleague.identity.actor import SYSTEM
from colleague.identity.directory import departments_of, get_person, list_waiting
from colleague.identity.people import ManagedElsewhere, set_department
from colleague.identity.seats.hold import Limit, seats_held, set_limit
from colleague.identity.sessions import open_session

pytestmark = pytest.mark.anyio


async def test_who_comes_beyond_the_phase_waits_and_is_active_to_their_provider(idp: Idp) -> None:
    house = idp.home.house
    async with house.database.transaction() as session:
        limit = Limit(await seats_held(session) + 1, "the pilot")
        await set_limit(session, SYSTEM, limit, ledger=house.ledger, clock=house.clock)
    first, second = await idp.user("first"), await idp.user("second")
    assert (await idp.ok("GET", f"/Users/{second}"))["active"] is True
    async with house.database.transaction() as session:
        assert (await get_person(session, first)).active
        waiting = await get_person(session, second)
        assert (waiting.active, waiting.waiting_since is not None) == (False, True)
    answer = await idp.patch(f"/Users/{second}", {"op": "replace", "path": "active", "value": False})
    assert answer.json()["active"] is False
    answer = await idp.patch(f"/Users/{first}", {"op": "replace", "path": "active", "value": False})
    answer = await idp.patch(f"/Users/{second}", {"op": "replace", "path": "active", "value": True})
    assert answer.json()["active"] is True
    async with house.database.transaction() as session:
        assert (await get_person(session, second)).active
    answer = await idp.patch(f"/Users/{first}", {"op": "replace", "path": "active", "value": True})
    assert (answer.status_code, answer.json()["active"]) == (200, True)
    async with house.database.transaction() as session:
        assert [p.id for p in await list_waiting(session)] == [first]
    await idp.ok("DELETE", f"/Users/{first}")
    async with house.database.transaction() as session:
        assert await list_waiting(session) == []


async def test_the_department_comes_with_the_person_and_stays_where_the_provider_is_silent(idp: Idp) -> None:
    house = idp.home.house
    ana = await idp.user("first", **{ENTERPRISE: {"department": "Bids"}})
    ben = await idp.user("second")
    async with house.database.transaction() as session:
        owner = idp.home.people["owner"]
        with pytest.raises(ManagedElsewhere):
            await set_department(session, owner, ana, "Sales", ledger=house.ledger)
        await set_department(session, owner, ben, "Sales", ledger=house.ledger)
    await idp.patch(f"/Users/{ben}", {"op": "replace", "path": "displayName", "value": "Benjamin"})
    await idp.patch(f"/Users/{ana}", {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Law"})
    async with house.database.transaction() as session:
        found = await departments_of(session)
    assert (found[ana], found[ben]) == ("Law", "Sales")
    body = {"userName": "x@aldermoor.example", "displayName": "X", ENTERPRISE: {"department": "x" * 81}}
    assert (await idp.send("POST", "/Users", body)).status_code == 400


async def test_the_page_shows_who_waits_and_gives_seats(idp: Idp) -> None:
    house, owner = idp.home.house, idp.home.people["owner"]
    async with house.database.transaction() as session:
        limit = Limit(await seats_held(session) + 1, "the pilot", by_hand=True)
        await set_limit(session, SYSTEM, limit, ledger=house.ledger, clock=house.clock)
        text = await open_session(session, owner.id, how="demo", device="x", ledger=house.ledger, clock=house.clock)
    headers = {"Cookie": f"colleague={text}", "Origin": BASE}
    first, second = await idp.user("first"), await idp.user("second")
    page = (await idp.http.get("/people", headers=headers)).text
    assert "Waiting for a seat" in page
    assert "seats of the pilot are held" in page
    both = await idp.http.post("/people/seats", data={"person": [first, second]}, headers=headers)
    assert both.status_code == 409
    assert "seats of the pilot are taken" in both.text
    assert (await idp.http.post("/people/seats", data={"person": [first]}, headers=headers)).status_code == 303
    shown = (await idp.http.get("/api/v1/seats", headers=headers)).json()
    assert (shown["held"], [p["id"] for p in shown["waiting"]]) == (shown["most"], [second])
    assert (await idp.http.post(f"/people/{first}/seat", data={"give": "false"}, headers=headers)).status_code == 303
    given = await idp.http.post("/api/v1/seats", json={"people": [second]}, headers=headers)
    assert given.json() == {"given": 1}
    assert (await idp.http.delete(f"/api/v1/seats/{second}", headers=headers)).status_code == 204
    saved = await idp.http.put(f"/api/v1/people/{second}/department", json={"name": "Sales"}, headers=headers)
    assert saved.json()["department"] == "Sales"
