"""Champions through pages and API: anybody names, the programme decides, the badge shows, early skills come."""

from typing import Any

import pytest

from colleague.identity.actor import SYSTEM
from colleague.identity.groups.members import make_group
from colleague.identity.people import assign_role, set_department
from colleague.rollout.champions.read import network
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
API = "/api/v1/champions"
ALL = "/programme/champions"


@pytest.fixture
async def lead(home: TestHouse, sign_in: Any) -> Any:
    """Dana leads the programme; everybody but Tom works in Bids."""
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["dana"].id, "programme_lead", ledger=home.house.ledger)
        for who, actor in home.people.items():
            if who != "tom":
                await set_department(session, SYSTEM, actor.id, "Bids", ledger=home.house.ledger)
    return await sign_in("dana")


async def test_from_a_nomination_to_the_badge_and_back(home: TestHouse, sign_in: Any, lead: Any) -> None:
    ana, ben, house = await sign_in("ana"), await sign_in("ben"), home.house
    person = home.people["ben"].id
    assert "Your department has none yet" in (await ana.get("/champion")).text
    for wrong in ("ana@aldermoor.example", "nobody@aldermoor.example", "", "\x00"):
        assert (await ana.post("/champion/nominations", data={"email": wrong, "why": "Helps"})).status_code == 422
    for _ in range(2):
        named = {"email": "ben@aldermoor.example", "why": "Shows us how"}
        assert (await ana.post("/champion/nominations", data=named)).status_code == 303
    shown = (await lead.get(ALL)).text
    assert "named by a colleague" in shown
    assert "«Shows us how»" in shown
    assert "suggested" not in shown.split("Who could be one")[1].split("Asked to help")[0].replace("only suggest", "")
    for who in (ana, ben):
        assert (await who.get(ALL)).status_code == 403
        assert (await who.post(f"{ALL}/{person}", data={"why": "Me"})).status_code == 403
        assert (await who.post(f"{API}/{person}/retire", json={"why": "Me"})).status_code == 403
    assert (await lead.post(f"{ALL}/{person}", data={"why": " "})).status_code == 422
    assert (await lead.post(f"{ALL}/{home.people['dana'].id}", data={"why": "Me"})).status_code == 403
    assert (await lead.post(f"{API}/{home.people['tom'].id}", json={"why": "Good"})).status_code == 422
    assert (await lead.post(f"{API}/person_{'0' * 26}", json={"why": "Good"})).status_code == 404
    assert (await lead.post(f"{ALL}/{person}", data={"why": "Explains well"})).status_code == 303
    assert (await lead.post(f"{ALL}/{person}", data={"why": "Explains well"})).status_code == 409
    assert "What is yours as a champion" in (await ben.get("/champion")).text
    assert "Ben Carter" in (await ana.get("/champion")).text
    assert (await ben.get("/people")).text.count("cl-badge-champion") == 1
    async with house.database.transaction() as session:
        found = await network(session, house.clock)
    (one,) = found.departments
    assert (one.name, one.seats, one.champions, one.active, one.least) == ("Bids", 5, 1, 0, 1)
    assert (found.outside, found.established) == (1, False)
    assert (await lead.get(API)).json()["champions"][0]["why"] == "Explains well"
    ticket = await ben.post("/api/v1/support/tickets", json={"title": "a", "text": "b"})
    assert ticket.json()["champion"]
    assert (await lead.post(f"{ALL}/{person}/retire", data={"why": "Moves on"})).status_code == 303
    assert (await lead.post(f"{ALL}/{person}/retire", data={"why": "Moves on"})).status_code == 404
    assert "cl-badge-champion" not in (await lead.get("/people")).text
    assert "What is yours" not in (await ben.get("/champion")).text


async def test_the_role_comes_and_goes_with_the_decision_alone(home: TestHouse, sign_in: Any, lead: Any) -> None:
    """By hand, with a new person or by a group: each is refused, and says where champions are appointed (CH-2)."""
    owner, ben, house = await sign_in("owner"), home.people["ben"].id, home.house

    def told(answer: Any) -> bool:
        return answer.status_code == 409 and "Programme, Champions" in answer.text

    async with house.database.transaction() as session:
        group = (await make_group(session, SYSTEM, "scim", "All", ledger=house.ledger, clock=house.clock)).id
    new = {"name": "Eva", "email": "eva@aldermoor.example", "roles": ["champion"]}
    rule = {"kind": "role", "target": "champion"}
    by_hand = f"/people/{ben}/roles"
    assert told(await owner.post(by_hand, data={"role": "champion", "give": "true"}))
    assert told(await owner.post("/api/v1/people", json=new))
    assert told(await owner.post(f"/api/v1/groups/{group}/preview", json=rule))
    assert told(await owner.put(f"/api/v1/groups/{group}/rules", json=rule))
    assert '<option value="champion">' not in (await owner.get(f"/people/{ben}")).text
    assert "cl-badge-champion" not in (await lead.get("/people")).text
    assert (await lead.post(f"{ALL}/{ben}", data={"why": "Explains well"})).status_code == 303
    assert told(await owner.post(by_hand, data={"role": "champion", "give": "false"}))
    assert [one["person"] for one in (await lead.get(API)).json()["champions"]] == [ben]
    assert (await lead.post(f"{ALL}/{ben}/retire", data={"why": "Moves on"})).status_code == 303
    assert (await lead.post(f"{ALL}/{ben}", data={"why": "Is back"})).status_code == 303


async def test_who_reads_the_programme_sees_no_candidates(home: TestHouse, sign_in: Any, lead: Any) -> None:
    ana, tom = await sign_in("ana"), await sign_in("tom")
    await ana.post(f"{API}/nominations", json={"email": "ben@aldermoor.example", "why": "Shows us how"})
    found = (await tom.get(API)).json()
    assert found["candidates"] == []
    assert "Shows us how" not in (await tom.get(ALL)).text
    assert (await tom.get("/champion")).status_code == 403


async def test_one_names_ten_at_most(home: TestHouse, sign_in: Any, lead: Any) -> None:
    from colleague.identity.people import create_person

    ana, house = await sign_in("ana"), home.house
    async with house.database.transaction() as session:
        for n in range(11):
            await create_person(
                session, SYSTEM, f"p{n}@aldermoor.example", f"P {n}", ledger=house.ledger, clock=house.clock
            )
    codes = [
        (await ana.post(f"{API}/nominations", json={"email": f"p{n}@aldermoor.example", "why": "x"})).status_code
        for n in range(11)
    ]
    assert codes == [204] * 10 + [409]
