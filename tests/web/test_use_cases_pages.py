"""Use cases through the pages and the API: from a shipped card to live, for each who may and nobody else."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.identity.people import assign_role, set_active
from colleague.testing.house import TestHouse, open_connector

pytestmark = pytest.mark.anyio
API = "/api/v1/use-cases"
KEY = {"Idempotency-Key": "0f0e0d0c-0b0a-0908-0706-050403020100"}


@pytest.fixture
async def lead(home: TestHouse, sign_in: Any) -> Any:
    """Dana leads the programme; the owner of the house is the other one who may."""
    async with home.house.database.transaction() as session:
        await assign_role(
            session, home.people["owner"], home.people["dana"].id, "programme_lead", ledger=home.house.ledger
        )
    return await sign_in("dana")


async def card(lead: Any, name: str = "rfp-response", **changes: Any) -> dict[str, Any]:
    """Return a shipped card as the API takes it, owned by Ana."""
    found = (await lead.get(f"{API}/shipped")).json()[name]
    ritual = found.pop("ritual") or {}
    return found | {f"ritual_{k}": v for k, v in ritual.items()} | {"owner": "ana@aldermoor.example"} | changes


async def made(lead: Any, **changes: Any) -> dict[str, Any]:
    answer = await lead.post(API, json=await card(lead, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def approved(lead: Any, owner: Any, **changes: Any) -> dict[str, Any]:
    case = await made(lead, **changes)
    answer = await owner.post(f"{API}/{case['id']}/approve", json={"version": 1})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def timed(client: Any, home: TestHouse, case: str, minutes: float = 90, **more: Any) -> Any:
    on = home.house.clock.now().date().isoformat()
    return await client.post(f"{API}/{case}/observations", json={"minutes": minutes, "on": on, "how": "timed"} | more)


async def test_from_a_shipped_card_to_live_on_the_pages(home: TestHouse, sign_in: Any, lead: Any) -> None:
    owner, ana, ben = await sign_in("owner"), await sign_in("ana"), await sign_in("ben")
    assert "There are no use cases yet" in (await lead.get("/use-cases")).text
    form = (await lead.get("/use-cases/new?from=rfp-response")).text
    assert "within 30 minutes of receipt" in form
    at = (await lead.post("/use-cases", data=await card(lead, connectors="mail, web"))).headers["location"]
    shown = (await lead.get(at)).text
    assert "somebody else approves it" in shown
    assert "What the linter says" not in shown
    assert "Ana Ruiz" in shown
    assert (await lead.post(f"{at}/approve", data={"version": "1"})).status_code == 403
    assert (await owner.post(f"{at}/approve", data={"version": "1"})).status_code == 303
    assert (await lead.post(f"{at}/launch")).status_code == 409
    today = home.house.clock.now().date().isoformat()
    for n in range(10):
        time = {"minutes": f"{80 + n}", "on": today, "how": "timed", "once": f"{n:032}"}
        for _ in range(2):
            assert (await ben.post(f"{at}/observations", data=time)).status_code == 303
    ben_sees, ana_sees = (await ben.get(at)).text, (await ana.get(at)).text
    assert "median 84.5 min" in ben_sees
    assert "n = 10 from 1 person" in ben_sees
    assert "Your own times (10)" in ben_sees
    assert "Your own times" not in ana_sees
    assert "Ben Carter" not in ana_sees
    assert "84.5" not in ana_sees + (await ana.get("/use-cases")).text
    assert (await ana.get(f"{API}{at.removeprefix('/use-cases')}")).json()["baseline"]["measured"] == {
        "n": 10, "days": 0, "veiled": True,
    }  # fmt: skip
    assert "Ben Carter" in (await lead.get(at)).text
    assert (
        await ana.post(f"{at}/friction", data={"step": "Reading", "text": "Scans", "minutes": ""})
    ).status_code == 303
    assert "Scans" in (await ben.get(at)).text
    assert (await lead.post(f"{at}/launch")).status_code == 303
    assert "Closed when it went live" in (await lead.get(at)).text
    late = {"minutes": "5", "on": today, "how": "timed"}
    assert (await ben.post(f"{at}/observations", data=late)).status_code == 409
    assert "84.5 min, n = 10" in (await lead.get("/use-cases")).text


async def test_help_with_writing_is_refused_with_reasons(lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    wish = {"name": "Writing", "work": "Help with writing"}
    assert (await lead.post(f"{API}/lint", json=await card(lead))).json() == []
    found = {one["code"]: one for one in (await lead.post(f"{API}/lint", json=wish)).json()}
    assert {"vague", "no-number", "no-output", "no-owner", "no-trigger", "no-input"} <= set(found)
    case = (await lead.post(API, json=wish)).json()
    page = (await lead.get(f"/use-cases/{case['id']}")).text
    assert "It names a wish, not a piece of work" in page
    refused = await owner.post(f"{API}/{case['id']}/approve", json={"version": 1})
    assert refused.status_code == 422
    assert refused.json()["code"] == "NotSpecific"
    assert "minutes" in refused.json()["message"]
    kept = await lead.put(f"{API}/{case['id']}", json=wish | {"version": 1, "kept": "Wanted."})
    assert kept.status_code == 200
    assert (await owner.post(f"{API}/{case['id']}/approve", json={"version": 2})).status_code == 422


async def test_what_is_flagged_needs_a_reason_and_lengthens_the_plan(home: TestHouse, lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    case = await made(lead, quality="It reads well")
    at = f"{API}/{case['id']}"
    assert "kept with a reason" in (await owner.post(f"{at}/approve", json={"version": 1})).json()["message"]
    changed = await card(lead, quality="It reads well", kept="The sponsor insists.", version=1)
    assert (await lead.put(at, json=changed)).json()["version"] == 2
    assert (await owner.post(f"{at}/approve", json={"version": 2})).status_code == 200
    assert (await lead.get(at)).json()["weeks_added"] == 6
    stands = (await lead.get(f"{API}/ready")).json()
    assert (stands["weeks_added"], stands["ready"]) == (6, False)
    assert "6 weeks longer" in (await lead.get("/use-cases")).text
    async with home.house.database.transaction() as session:
        row = await session.scalar(select(EntryRow).where(EntryRow.verb == "use_case.approved"))
    assert row
    assert json.loads(row.body)["data"] == {"version": 2, "kept": ["subjective"], "weeks_added": 6}


async def test_live_data_needs_a_connector_that_is_enabled(home: TestHouse, lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    case = await made(lead, input="The latest exchange rates", connectors=["folder"])
    at = f"{API}/{case['id']}/approve"
    assert "Have folder enabled first" in (await owner.post(at, json={"version": 1})).json()["message"]
    await open_connector(home, "folder", ["*"], config={"root": str(home.house.settings.data_dir)})
    assert (await owner.post(at, json={"version": 1})).status_code == 200


async def test_three_to_five_approved_are_what_a_pilot_starts_with(lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    names = list((await lead.get(f"{API}/shipped")).json())
    for n, name in enumerate(names):
        stands = (await lead.get(f"{API}/ready")).json()
        assert stands["ready"] is (3 <= n <= 5), n
        case = await made_and_approved(lead, owner, name)
    assert "retire some" in (await lead.get(f"{API}/ready")).json()["reasons"][0]
    assert (await lead.post(f"{API}/{case['id']}/retire", json={"why": ""})).status_code == 422
    assert (await lead.post(f"{API}/{case['id']}/retire", json={"why": "Too many."})).json()["state"] == "retired"
    stands = (await lead.get(f"{API}/ready")).json()
    assert stands["ready"]
    assert len(stands["unmeasured"]) == 5
    assert "Ready for a pilot" in (await lead.get("/use-cases")).text


async def made_and_approved(lead: Any, owner: Any, name: str) -> dict[str, Any]:
    case = (await lead.post(API, json=await card(lead, name))).json()
    assert (await owner.post(f"{API}/{case['id']}/approve", json={"version": 1})).status_code == 200
    return case


async def test_each_change_is_a_version_that_somebody_else_approves_again(lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    case = await approved(lead, owner)
    at = f"{API}/{case['id']}"
    stale = await card(lead, minutes=25, version=0)
    assert (await lead.put(at, json=stale)).json()["code"] == "CardChanged"
    work = "Summarise incoming RFP documents and draft a response outline"
    assert (await lead.put(at, json=stale | {"version": 1, "work": work})).json()["state"] == "draft"
    assert (await owner.post(f"{at}/approve", json={"version": 1})).json()["code"] == "CardChanged"
    assert (await lead.post(f"{at}/approve", json={"version": 2})).json()["code"] == "ApprovedByAnother"
    assert (await owner.post(f"{at}/approve", json={"version": 2})).status_code == 200
    versions = (await owner.get(at)).json()["versions"]
    assert [(one["version"], one["card"]["minutes"]) for one in versions] == [(2, 25), (1, 30)]


async def test_two_who_approve_or_change_at_once_do_it_once(lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    case = await made(lead)
    at = f"{API}/{case['id']}"
    other = await card(lead, minutes=29, work="Summarise RFP documents and draft an outline", version=1)
    answers = await asyncio.gather(
        *(owner.post(f"{at}/approve", json={"version": 1}) for _ in range(3)),
        *(lead.put(at, json=other) for _ in range(3)),
    )
    done = [a.status_code for a in answers[:3]].count(200)
    assert done <= 1
    assert [a.status_code for a in answers[3:]].count(200) == 1
    assert {a.status_code for a in answers} <= {200, 409}
    assert (await lead.get(at)).json()["state"] == "draft"
    names = await asyncio.gather(*(lead.post(API, json=other | {"name": "Twice"}) for _ in range(3)))
    assert sorted(a.status_code for a in names) == [201, 409, 409]


async def test_members_read_and_measure_and_do_nothing_else(home: TestHouse, lead: Any, sign_in: Any) -> None:
    ana, ben, tom, nobody = [await sign_in(who) for who in ("ana", "ben", "tom", "")]
    case = await made(lead)
    at = f"{API}/{case['id']}"
    wanted = await card(lead, version=1)
    for client in (ana, tom):
        assert (await client.get(at)).status_code == 200
        assert (await client.get("/use-cases")).status_code == 200
        assert (await client.post(API, json=wanted)).status_code == 403
        assert (await client.put(at, json=wanted)).status_code == 403
        assert (await client.post(f"{at}/approve", json={"version": 1})).status_code == 403
        assert (await client.post(f"{at}/launch", json={})).status_code == 403
        assert (await client.post(f"{at}/retire", json={"why": "x"})).status_code == 403
        assert (await client.get("/use-cases/new")).status_code == 403
        assert (await client.get(f"/use-cases/{case['id']}/edit")).status_code == 403
        assert (await timed(client, home, case["id"], person=home.people["ben"].id)).status_code == 403
    assert (await timed(tom, home, case["id"])).status_code == 403
    assert (await tom.post(f"{at}/friction", json={"step": "a", "text": "b"})).status_code == 403
    mine = (await timed(ana, home, case["id"])).json()
    gone = f"{at}/observations/{mine['id']}/withdraw"
    assert (await ben.post(gone, json={"why": "x"})).status_code == 404
    assert (await ben.get(at)).json()["observations"] == []
    assert (await tom.get(at)).json()["observations"] == []
    assert (await ana.post(gone, json={"why": "Wrong day"})).status_code == 204
    assert (await ana.post(gone, json={"why": "Wrong day"})).status_code == 404
    assert (await ana.get(at)).json()["baseline"]["measured"] is None
    assert (await nobody.get(at)).status_code in (401, 403)
    assert (await nobody.get("/use-cases")).status_code in (303, 401, 403)


async def test_self_reported_times_never_open_the_launch_and_a_new_capability_says_why(
    home: TestHouse, lead: Any, sign_in: Any
) -> None:
    owner = await sign_in("owner")
    case = await approved(lead, owner)
    at = f"{API}/{case['id']}"
    for n in range(12):
        assert (await timed(lead, home, case["id"], 100 + n, how="self_reported")).status_code == 201
    refused = await lead.post(f"{at}/launch", json={})
    assert refused.json()["code"] == "BaselineMissing"
    assert "0 of 10" in refused.json()["message"]
    assert (await lead.get(at)).json()["baseline"]["self_reported"]["n"] == 12
    live = (await lead.post(f"{at}/launch", json={"new_capability": "Nobody could do this before."})).json()
    assert (live["state"], live["new_capability"]) == ("live", "Nobody could do this before.")


async def test_others_see_the_minutes_once_five_people_have_measured(home: TestHouse, lead: Any, sign_in: Any) -> None:
    tom, at = await sign_in("tom"), f"{API}/{(await made(lead))['id']}"
    for n, who in enumerate(("ana", "ben", "rita", "dana", "owner")):
        assert (await timed(await sign_in(who), home, at.rpartition("/")[2], 10 * (n + 1))).status_code == 201
        assert ("median" in (await tom.get(at)).json()["baseline"]["measured"]) is (n == 4)


async def test_no_card_is_written_anew_for_a_slower_baseline(home: TestHouse, lead: Any, sign_in: Any) -> None:
    """B-8: who goes on with a skill has what was measured before it was in use; and no two cards share their people."""
    owner = await sign_in("owner")
    given = await card(lead)
    first = await approved(lead, owner)
    other = (await lead.post(API, json=given | {"name": "RFP once more", "department": "Legal"})).json()
    for client, case, minutes in ((lead, first, 90), (owner, other, 600)):
        for n in range(10):
            assert (await timed(client, home, case["id"], minutes + n)).status_code == 201
    again = given | {"name": "The same again", "skill": "everyone:rfp-response-outline"}
    twin = (await lead.post(API, json=again)).json()
    answer = await owner.post(f"{API}/{twin['id']}/approve", json={"version": 1})
    assert answer.status_code == 409
    assert f"«{first['name']}» has this skill already" in answer.text
    assert (await lead.post(f"{API}/{first['id']}/launch", json={})).status_code == 200
    assert (await lead.get(f"{API}/{other['id']}")).json()["baseline"]["measured"]["median"] == 604.5
    assert (await lead.post(f"{API}/{first['id']}/retire", json={"why": "Written anew."})).status_code == 200
    for case in (twin, other):
        shown = (await lead.get(f"{API}/{case['id']}")).json()
        assert (shown["follows"], shown["baseline"]["measured"]["median"]) == (first["id"], 94.5)
        answer = await timed(lead, home, case["id"], 600)
        assert answer.status_code == 409
        assert "goes on with the skill of" in answer.text
    page = (await lead.get(f"/use-cases/{twin['id']}")).text
    assert ("has what was measured before that went live" in page, "Minutes it took" in page) == (True, False)
    assert (await owner.post(f"{API}/{twin['id']}/approve", json={"version": 1})).status_code == 200
    assert (await lead.post(f"{API}/{twin['id']}/launch", json={})).json()["new_capability"] == ""


async def test_an_owner_who_has_gone_is_a_reason_against_the_pilot(home: TestHouse, lead: Any, sign_in: Any) -> None:
    owner = await sign_in("owner")
    await approved(lead, owner)
    async with home.house.database.transaction() as session:
        people = home.people
        await set_active(
            session, people["owner"], people["ana"].id, active=False, ledger=home.house.ledger, clock=home.house.clock
        )
    assert any("owner is not here" in one for one in (await lead.get(f"{API}/ready")).json()["reasons"])


async def test_a_time_that_is_sent_again_counts_once(home: TestHouse, lead: Any) -> None:
    case = await made(lead)
    at, day = f"{API}/{case['id']}/observations", home.house.clock.now().date().isoformat()
    body = {"minutes": 12, "on": day, "how": "timed"}
    answers = await asyncio.gather(*(lead.post(at, json=body, headers=KEY) for _ in range(4)))
    assert len({a.json()["id"] for a in answers}) == 1
    assert (await lead.post(at, json=body | {"minutes": 13}, headers=KEY)).status_code == 409


async def test_the_prompt_framework_is_versioned_and_shows_what_changed(lead: Any, sign_in: Any) -> None:
    ana, ben = await sign_in("ana"), await sign_in("ben")
    case = await made(lead)
    page, at = f"/use-cases/{case['id']}/framework", f"{API}/{case['id']}/framework"
    assert (await ben.post(page, data={"text": "Mine", "after": "0"})).status_code == 403
    bare = {"text": "Role: bids\r\nCite pages", "after": "0"}
    refused = await ana.post(page, data=bare)
    assert refused.status_code == 422
    assert "when a result is good enough" in refused.text
    assert (await ana.post(page, data=bare | {"passed": "x" * 301})).status_code == 422
    assert (await ana.post(page, data=bare | {"passed": "Every claim names its page"})).status_code == 303
    assert (await lead.post(page, data={"text": "Other", "after": "0", "why": "x"})).status_code == 409
    assert (await ana.post(page, data={"text": "Role: bids\nQuote pages", "after": "1"})).status_code == 422
    assert (
        await ana.post(page, data={"text": "Role: bids\nQuote pages", "after": "1", "why": "Plainer"})
    ).status_code == 303
    newest = (await ben.get(at)).json()[0]
    assert newest["version"] == 2
    assert newest["changes"] == [["same", "Role: bids"], ["removed", "Cite pages"], ["added", "Quote pages"]]
    shown = (await ben.get(page)).text
    assert "<ins>Quote pages</ins>" in shown
    assert "<textarea" not in shown
    # When a result is good enough stands with every version, is kept where nobody says otherwise, and is changed alone.
    assert newest["passed"] == "Every claim names its page"
    assert "Every claim names its page" in shown
    again = {
        "text": "Role: bids\nQuote pages",
        "after": 2,
        "why": "Nobody checked",
        "passed": "Two people have read it",
    }
    assert (await ana.post(at, json=again)).json()["version"] == 3
    assert (await ana.post(at, json=again | {"after": 3})).json()["version"] == 3, "the same words make none"
    assert [one["passed"] for one in (await ben.get(at)).json()][:2] == [
        "Two people have read it", "Every claim names its page"
    ]  # fmt: skip


async def test_friction_is_resolved_by_who_wrote_it_or_who_answers_for_it(lead: Any, sign_in: Any) -> None:
    ana, ben, rita = [await sign_in(who) for who in ("ana", "ben", "rita")]
    case = await made(lead)
    at = f"{API}/{case['id']}/friction"
    entry = (await ben.post(at, json={"step": "Reading", "text": "<b>Scans</b> are not read", "minutes": 20})).json()
    done = f"{at}/{entry['id']}/resolve"
    assert (await rita.post(done, json={"resolution": "x"})).status_code == 403
    assert (await ana.post(done, json={"resolution": ""})).status_code == 422
    assert (await ana.post(done, json={"resolution": "OCR is on"})).status_code == 204
    assert (await ben.post(done, json={"resolution": "again"})).status_code == 409
    shown = (await ben.get(f"/use-cases/{case['id']}")).text
    assert "&lt;b&gt;Scans" in shown
    assert "Resolved: OCR is on" in shown


@pytest.mark.parametrize(
    "changes",
    [{"name": ""}, {"name": "x" * 81}, {"name": "a\x00b"}, {"name": "a\u202eb"}, {"work": "x" * 601}, {"minutes": -1},
     {"minutes": 10_081}, {"minutes": 10**30}, {"minutes": "NaN"}, {"format": "exe"}, {"data_class": "secret"},
     {"owner": "nobody@elsewhere.example"}, {"profile": "wizardry"}, {"connectors": ["../etc"]},
     {"connectors": ["a"] * 31}, {"ritual_weekday": "Someday"}, {"ritual_team": "", "ritual_artefact": ""},
     {"name": ["a"]}, {"work": "\ud800"}],
)  # fmt: skip
async def test_what_cannot_be_kept_is_refused(lead: Any, changes: dict[str, Any]) -> None:
    body = json.dumps(await card(lead) | changes)
    answer = await lead.post(API, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert (await lead.get(API)).json() == []


@pytest.mark.parametrize(
    "changes",
    [{"minutes": 0}, {"minutes": -3}, {"minutes": 1e9}, {"how": "guessed"}, {"on": "2999-01-01"}, {"on": "1999-01-01"},
     {"on": "soon"}, {"note": "x" * 301}, {"person": "person_x"}, {"person": "a\x00"}, {"minutes": "Infinity"}],
)  # fmt: skip
async def test_a_time_that_cannot_be_is_refused(home: TestHouse, lead: Any, changes: dict[str, Any]) -> None:
    case = await made(lead)
    assert (await timed(lead, home, case["id"], **changes)).status_code in (404, 422)
    assert (await lead.get(f"{API}/{case['id']}")).json()["observations"] == []


@pytest.mark.parametrize("case", ["uc_x", "uc_" + "0" * 26, "%00", "\u202e"])
async def test_what_is_not_there_is_not_found(lead: Any, case: str) -> None:
    for path in (f"{API}/{case}", f"/use-cases/{case}", f"/use-cases/{case}/edit", f"/use-cases/{case}/framework"):
        assert (await lead.get(path)).status_code == 404
    assert (await lead.get("/use-cases/new?from=nothing")).status_code == 404


async def test_several_times_are_kept_together_and_once(home: TestHouse, sign_in: Any, lead: Any) -> None:
    owner = await sign_in("owner")
    at = f"/use-cases/{(await approved(lead, owner))['id']}"
    today = home.house.clock.now().date().isoformat()
    lines = "\n".join([f"95,5, {today}", f"88; {today}", "", f"102 {today}", "91"])
    form = {"times": lines, "how": "timed", "person": "ana@aldermoor.example", "once": KEY["Idempotency-Key"]}
    for _ in range(2):
        assert (await lead.post(f"{at}/observations/several", data=form)).status_code == 303
    baseline = (await lead.get(f"/api/v1{at}")).json()["baseline"]["measured"]
    assert (baseline["n"], baseline["people"], baseline["least"], baseline["most"]) == (4, 1, 88.0, 102.0)
    bad = ("", "soon", "90 yesterday", f"90 {today} timed", "90\n-1", "inf", "90 2099-01-01", "1\n" * 101)
    for times in bad:
        answer = await lead.post(f"{at}/observations/several", data=form | {"times": times, "once": ""})
        assert answer.status_code == 422, times
    nobody = await lead.post(f"{at}/observations/several", data=form | {"person": "x@x.example", "once": ""})
    assert "nobody here has this mail address" in nobody.text
    ben = await sign_in("ben")
    assert (await ben.post(f"{at}/observations/several", data=form | {"once": ""})).status_code == 403
    assert (await lead.get(f"/api/v1{at}")).json()["baseline"]["measured"]["n"] == 4
