"""The programme through its page, the API and the second person's eyes; and what it refuses."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from colleague.audit.tables import EntryRow
from colleague.identity.actor import SYSTEM
from colleague.identity.directory import count_people, list_people, list_teams
from colleague.identity.people import assign_role, set_department
from colleague.identity.seats.exclude import set_excluded
from colleague.identity.seats.hold import seats_held
from colleague.identity.tables import PersonRow
from colleague.kit.ids import new_id
from colleague.rollout.cohorts.model import CRITERIA
from colleague.rollout.cohorts.store import cohorts_of
from colleague.rollout.tables import MoveRow
from colleague.testing.house import TestHouse
from colleague.testing.programme import crowd

pytestmark = pytest.mark.anyio
API = "/api/v1/programme"
NAMED = {
    "sponsor": "rita@aldermoor.example", "lead": "dana@aldermoor.example", "goal": "Bids go out in half the time."
}  # fmt: skip
WHY = "The board wants it before the summer, whatever is measured."
RISK = "People who were only switched on do not come back."


@pytest.fixture
async def lead(home: TestHouse, sign_in: Any) -> Any:
    house, people = home.house, home.people
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], people["dana"].id, "programme_lead", ledger=house.ledger)
        # Not by the owner: for four weeks she would be no second person beside them.
        await assign_role(session, SYSTEM, people["ana"].id, "owner", ledger=house.ledger)
        await set_department(session, people["owner"], people["rita"].id, "Bids", ledger=house.ledger)
    return await sign_in("dana")


async def begun(home: TestHouse) -> None:
    async with home.house.database.transaction() as session:
        now = home.house.clock.now()
        session.add(MoveRow(
            id="move_start", kind="start", from_phase=1, to_phase=1, state="done", why="", snapshot={}, digest="",
            proposed_by=home.people["dana"].id, proposed_at=now, on=now.date(),
        ))  # fmt: skip


async def test_from_nothing_the_page_says_what_is_missing(lead: Any, sign_in: Any) -> None:
    page = (await lead.get("/programme")).text
    for words in ("Not started", "there is no pilot cohort", "nobody is named", "Five mistakes", "Skipping the pilot"):
        assert words in page
    assert (await lead.post("/programme/name", data={**NAMED, "sponsor": "ben@aldermoor.example"})).status_code == 422
    assert (await lead.post("/programme/name", data=NAMED)).status_code == 303
    assert "Bids go out in half the time." in (await lead.get("/programme")).text
    refused = await lead.post("/programme/start")
    assert refused.status_code == 409
    assert "there is no pilot cohort" in refused.text
    for path in ("gate", "skip", "seats"):
        answer = await lead.post(f"/programme/{path}", data={"why": WHY, "risk": RISK, "seats": "50"})
        assert answer.status_code in (403, 409), path
    ben, rita = await sign_in("ben"), await sign_in("rita")
    assert (await ben.get("/programme")).status_code == 403
    assert "Vouch for something" in (await rita.get("/programme")).text, "the sponsor sees it, whatever their role"


async def test_a_skipped_gate_stays_on_the_page(home: TestHouse, lead: Any, sign_in: Any) -> None:
    owner, ana, rita = [await sign_in(who) for who in ("owner", "ana", "rita")]
    await lead.put(API, json=NAMED)
    await begun(home)
    shown = (await lead.get(API)).json()
    assert (shown["phase"], shown["started"], shown["gate"]["holds"]) == ("Pilot", True, False)
    assert {c["id"] for c in shown["gate"]["criteria"] if not c["holds"]} >= {"weekly-active", "use-cases"}
    at = (await owner.post("/programme/skip", data={"why": WHY, "risk": RISK})).headers["location"]
    assert (await owner.post("/programme/skip", data={"why": WHY, "risk": RISK})).status_code == 409
    assert (await owner.post(f"{API}/skip", json={"why": WHY})).status_code == 422
    page = (await ana.get(at)).text
    assert WHY in page
    assert RISK in page
    assert "Skip the gate, together with" in page
    assert "Skip the gate, together with" not in (await owner.get(at)).text
    digest = page.split('name="digest" value="')[1][:64]
    assert (await ana.post(f"{at}/confirm", data={"digest": "0" * 64})).status_code == 409
    assert "Accept this risk" not in page
    assert (await ana.post(f"{at}/confirm", data={"digest": digest})).status_code == 303
    page = (await rita.get("/programme")).text
    assert "waits for the sponsor, who accepts the risk" in page
    page = (await rita.get(at)).text
    assert "An owner confirms that first" in page
    assert "Accept this risk" in page
    assert (await rita.post(f"{at}/confirm", data={"digest": digest})).status_code == 409
    sponsor = {"sponsor": home.people["rita"].id}
    for who, code in ((lead, 403), (rita, 403), (owner, 303), (ana, 409)):
        assert (await who.post("/programme/sponsor", data=sponsor)).status_code == code
    assert (await owner.post(f"{API}/sponsor/confirm", json=sponsor)).status_code == 409
    assert "An owner confirms that first" not in (await rita.get(at)).text
    assert "Confirmed by a second owner" in page
    at = at.removeprefix("/programme/")
    answer = await rita.post(f"{API}/{at}/confirm", json={"digest": digest})
    assert (answer.status_code, answer.json()["phase"]) == (200, "Expansion")
    made = answer.json()["moves"][0]
    assert (made["risk"], made["risk_accepted_by"]) == (RISK, home.people["rita"].id)
    async with home.house.database.transaction() as session:
        told = {"excluded": True, "why": "test user", "ledger": home.house.ledger}
        await set_excluded(session, home.people["owner"], home.people["ben"].id, **told)
    page = (await lead.get("/programme")).text
    assert "1 person with a seat is left out of the numbers" in page
    assert f"The risk, accepted by Rita Review: {RISK}" in page
    assert "was entered on" in page
    assert "without its gate" in page
    assert 'min="301" max="2000"' in page
    assert "(65 % weekly active): not known yet. Week 8 is not frozen yet." in page
    shown = (await lead.get(API)).json()
    assert (shown["phase"], shown["seats"]["most"]) == ("Expansion", 300)
    assert (shown["week_eight"]["holds"], shown["week_eight"]["why"]) == (None, "Week 8 is not frozen yet.")
    assert (await lead.get(f"/programme/moves/{shown['moves'][0]['id']}")).status_code == 200
    assert (await lead.get("/programme/moves/x")).status_code == 404


async def test_vouching_and_what_is_refused_at_the_door(home: TestHouse, lead: Any, sign_in: Any) -> None:
    owner, ben = await sign_in("owner"), await sign_in("ben")
    await lead.put(API, json=NAMED)
    today = home.house.clock.now().date().isoformat()
    said = {"criterion": "security-review", "words": "Passed.", "on": today, "document": "SEC-12"}
    assert (await owner.post("/programme/attestations", data=said)).status_code == 303
    assert "SEC-12" in (await lead.get("/programme")).text
    answer = await owner.post(f"{API}/attestations", json={**said, "criterion": "weekly-active"})
    assert answer.status_code == 403
    assert "nobody&#39;s word" in answer.text or "nobody's word" in answer.text
    for changes in ({"on": "2999-01-01"}, {"on": "x"}, {"words": ""}, {"words": "x" * 501}, {"words": "a\u202eb"}):
        assert (await owner.post(f"{API}/attestations", json={**said, **changes})).status_code == 422, changes
    assert (await ben.post(f"{API}/attestations", json=said)).status_code == 403
    assert (await lead.post(f"{API}/attestations", json=said)).status_code == 403
    made = (await owner.post(f"{API}/attestations", json=said)).json()["id"]
    assert (await lead.delete(f"{API}/attestations/{made}")).status_code == 404
    assert (await owner.delete(f"{API}/attestations/{made}")).status_code == 204
    assert (await owner.post(f"{API}/moves/nothing/confirm", json={"digest": "x"})).status_code == 404
    assert (await owner.post(f"{API}/seats", json={"seats": 0, "why": WHY})).status_code == 422


async def test_people_are_added_from_a_list_all_or_none(home: TestHouse, lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    async with home.house.database.transaction() as session:
        before, team = await seats_held(session), (await list_teams(session))[0]
    good = 'Ada Abel, ada.abel@aldermoor.example, Marketing\n\n"Brandt, Bela"; bela@aldermoor.example\n'
    lines = (
        ("Ada", "Line 1 is not"), ("A, b@c.example, d, e", "Line 1 is not"), ("", "one to 200"),
        (f"{good}Nobody, no address, Marketing", "Line 4: A person needs"),
        (f"{good}Ana, ana@aldermoor.example", "Line 4: Somebody with this mail address is here already"),
        ("\n".join(f"P {n}, p{n}@x.example" for n in range(40)), "All 40 seats"),
        ("\n" * 10 + "x, y@x.example\n" * 201, "one to 200"),
    )  # fmt: skip
    for text, why in lines:
        answer = await owner.post("/people/several", data={"people": text})
        assert answer.status_code in (409, 422), text[:60]
        assert why in answer.text, text[:60]
        assert "Nobody was added" in answer.text
    async with home.house.database.transaction() as session:
        assert await seats_held(session) == before, "all of a list or nothing"
    assert (await lead.post("/people/several", data={"people": good})).status_code == 403
    assert (await owner.post("/people/several", data={"people": good, "team": team.id})).status_code == 303
    async with home.house.database.transaction() as session:
        found = {one.name: one for one in await list_people(session)}
    assert (found["Ada Abel"].department, found["Ada Abel"].teams) == ("Marketing", (team.name,))
    assert found["Brandt, Bela"].email == "bela@aldermoor.example"


async def test_several_candidates_are_scored_and_chosen_each_by_its_own_deed(home: TestHouse, lead: Any) -> None:
    people = await crowd(home, 4)
    async with home.house.database.transaction() as session:
        for one in people:
            await set_department(session, home.people["owner"], one.id, "Marketing", ledger=home.house.ledger)
    at = (await lead.post("/programme/cohorts", data={"name": "Pilot"})).headers["location"]
    page = (await lead.get(f"{at}/candidates/several", params={"department": "Marketing"})).text
    assert all(one.id in page for one in people)
    ids = [one.id for one in people]
    said = dict.fromkeys(CRITERIA, "yes") | {f"{name}_evidence": "Two briefs a week." for name in CRITERIA}
    assert "Tick whom you mean" in (await lead.post(f"{at}/candidates/several", data=said)).text
    bad = await lead.post(f"{at}/candidates/several", data=said | {"people": [*ids, "person_unknown"]})
    assert bad.status_code == 404
    assert "Nobody is proposed yet" in (await lead.get(at)).text, "all of them or none"
    # Proposed without evidence they stay on the page, and are said more of together.
    bare = {"people": ids[:3]} | dict.fromkeys(CRITERIA, "yes")
    assert (await lead.post(f"{at}/candidates/several", data=bare)).status_code == 303
    again = (await lead.get(f"{at}/candidates/several", params={"department": "Marketing"})).text
    assert all(one in again for one in ids)
    assert "/candidates/choose" not in (await lead.get(at)).text
    assert (await lead.post(f"{at}/candidates/several", data=said | {"people": ids[:3]})).status_code == 303
    # One of them works in Legal: warned of, so not among those who are chosen together.
    one = said | {"person": ids[2], "department": "Legal"}
    assert (await lead.post(f"{at}/candidates", data=one)).status_code == 303
    form = (await lead.get(at)).text.split("/candidates/choose")[1].split("</form>")[0]
    assert ids[0] in form
    assert ids[2] not in form
    assert ids[0] not in (await lead.get(f"{at}/candidates/several")).text, "who is proposed is not offered again"
    refused = await lead.post(f"{at}/candidates/choose", data={"people": ids[:3]})
    assert refused.status_code == 409
    assert (await lead.post(f"{at}/candidates/choose", data={"people": ids[:2]})).status_code == 303
    async with home.house.database.transaction() as session:
        assert set(await cohorts_of(session)) == set(ids[:2])
        recorded = await session.scalars(select(EntryRow.verb).where(EntryRow.verb.like("candidate.%")))
        assert sorted(recorded) == ["candidate.chosen"] * 2 + ["candidate.scored"] * 7


async def test_more_people_wait_than_a_list_shows(home: TestHouse, lead: Any, sign_in: Any) -> None:
    """Who waits in the last department can be proposed, and a list that is cut says of how many."""
    owner, now = await sign_in("owner"), home.house.clock.now()
    ids = [new_id("person") for _ in range(202)]
    async with home.house.database.transaction() as session:
        await session.execute(insert(PersonRow), [
            {"id": ids[n], "name": f"Wait {n:03}", "email": f"wait{n:03}@aldermoor.example",
             "department": "Claims" if n < 201 else "Vessels", "waiting_since": now + timedelta(seconds=n)}
            for n in range(202)
        ])  # fmt: skip
        everybody = await count_people(session)
    at = (await lead.post("/programme/cohorts", data={"name": "Pilot"})).headers["location"]
    claims = (await lead.get(f"{at}/candidates/several", params={"department": "Claims"})).text
    assert ("Claims (201)" in claims, "The first 200 of 201" in claims) == (True, True)
    vessels = (await lead.get(f"{at}/candidates/several", params={"department": "Vessels"})).text
    assert (ids[201] in vessels, "The first" in vessels) == (True, False)
    page = (await owner.get("/people")).text
    assert ("200 of 202 who wait" in page, f"200 of {everybody}, by name" in page) == (True, True)
    assert "by name. Search" not in (await owner.get("/people", params={"search": "wait 00"})).text
    seats = (await owner.get("/api/v1/seats")).json()
    assert (seats["waiting_count"], len(seats["waiting"])) == (202, 200)
