"""Reviews, classes and categories through the pages and the API: what waits, who decides, what it then says."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from colleague.files.outputs import write_output
from colleague.identity.actor import SYSTEM
from colleague.identity.people import assign_role
from colleague.kit.documents.model import Block, Draft
from colleague.policy.model import DataClass, Integrity, Label
from colleague.policy.standards.category import SHIPPED
from colleague.tasks.delegate import delegate
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
POINTS = list(SHIPPED["contract_review"].checklist)
WHY = "Cleared for the client by the partner."


async def written(
    home: TestHouse, *, kind: str = "contract_review", data_class: DataClass = DataClass.CONFIDENTIAL, version: int = 1
) -> str:
    house, ana = home.house, home.people["ana"]
    label = Label(Integrity.UNTRUSTED, data_class, frozenset(), frozenset({"folder:Legal/a.docx"}))
    async with house.database.transaction() as session:
        row = (await session.execute(text("SELECT r.id, r.task_id FROM runs r LIMIT 1"))).first()
        if row is None:
            await delegate(session, ana, "Go", [], model="extractive", tools={}, ledger=house.ledger, clock=house.clock)
            row = (await session.execute(text("SELECT r.id, r.task_id FROM runs r LIMIT 1"))).one()
        made = await write_output(
            session, row[0], row[1], f"call_{kind}_{version}", Draft("Offer", (Block("paragraph", f"Word {version}"),)),
            name=f"{kind}.docx", media="docx", kind=kind, label=label, made_from=["folder:Legal/a.docx"],
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
        return made.output_id


async def test_a_reviewer_finds_it_opens_it_ticks_and_accepts(home: TestHouse, sign_in: Any) -> None:
    output = await written(home)
    await written(home, version=2)
    rita, ana, ben = await sign_in("rita"), await sign_in("ana"), await sign_in("ben")
    assert f"/reviews/{output}?version=2" in (await rita.get("/reviews")).text
    assert ">1<" in (await rita.get("/reviews/count")).text
    for other in (ana, ben):
        assert output not in (await other.get("/reviews")).text
        assert (await other.get("/reviews/count")).text == ""
    assert (await ben.get(f"/reviews/{output}")).status_code == 404
    before = (await rita.get(f"/outputs/{output}")).text
    assert "Open the review" in before
    assert 'name="checklist"' not in before
    early = await rita.post(
        f"/outputs/{output}/reviews", data={"version": 2, "accept": "true", "checklist": POINTS}
    )  # fmt: skip
    assert early.status_code == 409, "it was not opened"
    page = (await rita.get(f"/reviews/{output}")).text
    assert page.count('name="checklist"') == len(POINTS)
    for words in ("Word 1", "Word 2", "Made from", "You opened this", "Because of"):
        assert words in page, words
    missing = await rita.post(f"/outputs/{output}/reviews", data={"version": 2, "accept": "true"})
    assert (missing.status_code, POINTS[0] in missing.text) == (422, True)
    mine = await ana.post(f"/outputs/{output}/reviews", data={"version": 2, "accept": "true", "checklist": POINTS})
    assert mine.status_code == 403
    done = await rita.post(
        f"/outputs/{output}/reviews", data={"version": 2, "accept": "true", "checklist": POINTS, "note": "Good."}
    )  # fmt: skip
    assert (done.status_code, done.headers["location"]) == (303, f"/outputs/{output}?version=2")
    shown = (await ana.get(f"/outputs/{output}")).text
    assert "Accepted by Rita Review" in shown
    assert "time from opening to decision: 0 min" in shown
    assert "The draft mark went" in shown
    assert "«Good.»" in shown
    assert output not in (await rita.get("/reviews")).text
    assert "was accepted" in (await ana.get("/notices")).text


async def test_the_owner_accepts_a_light_one_with_one_click(home: TestHouse, sign_in: Any) -> None:
    output = await written(home, kind="meeting_prep")
    ana = await sign_in("ana")
    assert "Your own drafts (1)" in (await ana.get("/reviews")).text
    assert 'value="true" type="submit">Accept' in (await ana.get(f"/outputs/{output}")).text
    done = await ana.post(f"/outputs/{output}/reviews", data={"version": 1, "accept": "true"})
    assert done.status_code == 303
    known = (await ana.get(f"/api/v1/outputs/{output}/review")).json()
    assert (known["review"], known["looks"][0]["kind"]) == ("reviewed", "review")


async def test_a_second_look_stands_in_the_queue_of_others(home: TestHouse, sign_in: Any) -> None:
    owner, ana, rita = await sign_in("owner"), await sign_in("ana"), await sign_in("rita")
    more = {**SHIPPED["meeting_prep"].to_json(), "sample": 100}
    name = more.pop("id")
    assert (await owner.put(f"/api/v1/categories/{name}", json=more)).status_code == 200
    output = await written(home, kind="meeting_prep")
    await ana.post(f"/api/v1/outputs/{output}/reviews", json={"version": 1, "accept": True})
    (waits,) = (await rita.get("/api/v1/reviews")).json()
    assert (waits["output"], waits["why"]) == (output, "second look")
    assert "I disagree" in (await rita.get(f"/reviews/{output}")).text
    said = {"version": 1, "agree": False, "note": "Ana is not Dana."}
    known = (await rita.post(f"/api/v1/outputs/{output}/second-looks", json=said)).json()
    assert (known["review"], known["second_look"]) == ("reviewed", "disagreed")
    assert "disagrees" in (await ana.get("/notices")).text
    assert (await rita.get("/api/v1/reviews")).json() == []


async def test_a_named_person_lowers_a_class_for_exactly_these_bytes(home: TestHouse, sign_in: Any) -> None:
    output = await written(home, kind="meeting_prep")
    owner, ana, rita = await sign_in("owner"), await sign_in("ana"), await sign_in("rita")
    path = f"/api/v1/outputs/{output}"
    known = (await owner.get(f"{path}/review")).json()
    assert (known["class"], known["may_be_lowered_to"]) == ("confidential", ["public", "internal"])
    assert known["reasons"] == ["confidential: the class of folder:Legal/a.docx"]
    lower = {"version": 1, "to": "internal", "reason": WHY, "seen": known["seen"]}
    for client in (ana, rita):
        assert (await client.get(f"{path}/review")).json()["may_be_lowered_to"] == []
        assert (await client.post(f"{path}/class", json=lower)).status_code == 403
    for wrong, status in (
        ({"reason": "because"}, 422), ({"seen": "0" * 64}, 409), ({"to": "confidential"}, 422),
        ({"to": "restricted"}, 422), ({"version": 2}, 404), ({"to": "secret"}, 422),
    ):  # fmt: skip
        answer = await owner.post(f"{path}/class", json=lower | wrong)
        assert answer.status_code == status, (wrong, answer.text)
    form = re.search(r'name="seen" value="([0-9a-f]{64})"', (await owner.get(f"/outputs/{output}")).text)
    assert form
    assert form[1] == known["seen"]
    done = await owner.post(
        f"/outputs/{output}/class", data={"version": 1, "to": "internal", "reason": WHY, "seen": form[1]}
    )  # fmt: skip
    assert done.status_code == 303
    page = (await ana.get(f"/outputs/{output}")).text
    assert "Class: internal" in page
    assert f"Lowered from confidential by Olga Owner, " in page  # noqa: F541
    assert WHY in page
    assert (await owner.post(f"{path}/class", json=lower)).status_code == 409, "it is not what was shown any more"
    await written(home, kind="meeting_prep", version=2)
    known = (await owner.get(f"{path}/review")).json()
    assert (known["version"], known["class"]) == (2, "confidential"), "a new version has the inherited class again"
    await ana.post(f"{path}/reviews", json={"version": 1, "accept": True})
    known = (await owner.get(f"{path}/review?version=1")).json()
    assert (known["class"], known["lowerings"][0]["holds"]) == ("confidential", False), "the draft mark's bytes went"


async def test_what_is_restricted_is_not_lowered_by_its_owner_and_detectors_are_named(
    home: TestHouse, sign_in: Any
) -> None:
    async with home.house.database.transaction() as session:
        for who in ("ana", "ben"):
            await assign_role(session, SYSTEM, home.people[who].id, "security_reviewer", ledger=home.house.ledger)
    output = await written(home, kind="meeting_prep", data_class=DataClass.RESTRICTED)
    ana, ben = await sign_in("ana"), await sign_in("ben")
    path = f"/api/v1/outputs/{output}"
    known = (await ana.get(f"{path}/review")).json()
    lower = {"version": 1, "to": "internal", "reason": WHY, "seen": known["seen"]}
    assert known["may_be_lowered_to"] == []
    assert (await ana.post(f"{path}/class", json=lower)).json()["code"] == "NotTheirOwn"
    assert (await ben.post(f"{path}/class", json=lower)).json()["class"] == "internal"


async def test_categories_are_seen_by_all_and_get_lighter_by_two(home: TestHouse, sign_in: Any) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    page = (await ana.get("/categories")).text
    assert "Regulatory filing" in page
    assert "Add a category" not in page
    assert "Add a category" in (await owner.get("/categories")).text
    assert 'name="checklist"' in (await owner.get("/categories?edit=new")).text
    form = {"id": "memo", "title": "Memo", "stakes": "high", "checklist": "Dates agree.\nNames agree.", "sample": "5",
            "reviewers": ["reviewer"]}  # fmt: skip
    assert (await ana.post("/categories", data=form)).status_code == 403
    assert (await owner.post("/categories", data=form)).status_code == 303
    assert "Names agree." in (await ana.get("/categories")).text
    assert "Names agree." in (await owner.get("/categories?edit=memo")).text
    for wrong in ({"id": "Me mo"}, {"reviewers": ["nobody_here"]}, {"sample": "101"}):
        assert (await owner.post("/categories", data=form | wrong)).status_code == 422, wrong
    alone = await owner.post("/categories", data=form | {"stakes": "light"})
    assert alone.status_code == 409, "nobody else may confirm it"
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["ben"].id, "administrator", ledger=home.house.ledger)
    waits = await owner.post("/categories", data=form | {"stakes": "light"})
    assert waits.headers["location"] == "/policies#waiting"
    assert "Memo (memo): light, 5 % looked at twice" in (await owner.get("/policies")).text
    gone = await owner.delete("/api/v1/categories/memo")
    assert gone.status_code == 202, "without its points it would be held to less"
    assert (await owner.delete("/api/v1/categories/whatever")).status_code == 404


async def test_a_category_is_raised_on_the_page(home: TestHouse, sign_in: Any) -> None:
    output = await written(home, kind="meeting_prep")
    ana = await sign_in("ana")
    assert "Up, not down" in (await ana.get(f"/outputs/{output}")).text
    moved = await ana.post(f"/outputs/{output}/category", data={"category": "legal_advice"})
    assert moved.status_code == 303
    known = (await ana.get(f"/api/v1/outputs/{output}/review")).json()
    assert known["category"]["id"] == "legal_advice"
    assert "meeting_prep" not in known["may_become"]
    back = await ana.put(f"/api/v1/outputs/{output}/category", json={"category": "meeting_prep"})
    assert back.json()["code"] == "NotLower"
