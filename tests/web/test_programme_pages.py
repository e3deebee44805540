"""The programme through its page, the API and the second person's eyes; and what it refuses."""

from typing import Any

import pytest

from colleague.identity.people import assign_role, set_department
from colleague.rollout.tables import MoveRow
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
API = "/api/v1/programme"
NAMED = {
    "sponsor": "rita@aldermoor.example", "lead": "dana@aldermoor.example", "goal": "Bids go out in half the time."
}  # fmt: skip
WHY = "The board wants it before the summer; the risk of low use is accepted."


@pytest.fixture
async def lead(home: TestHouse, sign_in: Any) -> Any:
    house, people = home.house, home.people
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], people["dana"].id, "programme_lead", ledger=house.ledger)
        await assign_role(session, people["owner"], people["ana"].id, "owner", ledger=house.ledger)
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
        answer = await lead.post(f"/programme/{path}", data={"why": WHY, "seats": "50"})
        assert answer.status_code in (403, 409), path
    ben, rita = await sign_in("ben"), await sign_in("rita")
    assert (await ben.get("/programme")).status_code == 403
    assert "Vouch for something" in (await rita.get("/programme")).text, "the sponsor sees it, whatever their role"


async def test_a_skipped_gate_stays_on_the_page(home: TestHouse, lead: Any, sign_in: Any) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    await lead.put(API, json=NAMED)
    await begun(home)
    shown = (await lead.get(API)).json()
    assert (shown["phase"], shown["started"], shown["gate"]["holds"]) == ("Pilot", True, False)
    assert {c["id"] for c in shown["gate"]["criteria"] if not c["holds"]} >= {"weekly-active", "use-cases"}
    at = (await owner.post("/programme/skip", data={"why": WHY})).headers["location"]
    assert (await owner.post("/programme/skip", data={"why": WHY})).status_code == 409
    page = (await ana.get(at)).text
    assert WHY in page
    assert "Skip the gate, together with" in page
    assert "Skip the gate, together with" not in (await owner.get(at)).text
    digest = page.split('name="digest" value="')[1][:64]
    assert (await ana.post(f"{at}/confirm", data={"digest": "0" * 64})).status_code == 409
    assert (await ana.post(f"{at}/confirm", data={"digest": digest})).status_code == 303
    page = (await lead.get("/programme")).text
    assert "was entered on" in page
    assert "without its gate" in page
    shown = (await lead.get(API)).json()
    assert (shown["phase"], shown["seats"]["most"]) == ("Expansion", 300)
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
