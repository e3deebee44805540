"""The two-person rule through pages and API: what weakens a rule waits; who may not is refused, on record."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.identity.actor import SYSTEM
from colleague.identity.people import assign_role
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
SETTINGS = "/api/v1/policy/settings"


async def second(home: TestHouse) -> None:
    async with home.house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["ben"].id, "administrator", ledger=home.house.ledger)


async def recorded(home: TestHouse, verb: str) -> list[dict[str, Any]]:
    async with home.house.database.transaction() as session:
        rows = await session.scalars(select(EntryRow).where(EntryRow.verb == verb).order_by(EntryRow.id))
        return [json.loads(row.body) for row in rows]


async def test_who_may_not_is_refused_with_403_and_an_entry_in_the_ledger(home: TestHouse, sign_in: Any) -> None:
    for who in ("ana", "rita", "tom"):
        client = await sign_in(who)
        answer = await client.patch(SETTINGS, json={"confirm_internal": False, "nope\x00": 1})
        assert (answer.status_code, answer.json()["code"]) == (403, "PermissionMissing")
        form = {"internal_domains": "", "highest_input": "public", "highest_external": "public",
                "dispatch_ceiling": "read"}  # fmt: skip
        assert (await client.post("/policies/settings", data=form)).status_code == 403
    entries = await recorded(home, "governance.change_refused")
    assert [e["actor"] for e in entries] == [
        home.people[who].id for who in ("ana", "ana", "rita", "rita", "tom", "tom")
    ]
    assert {(e["data"]["what"], e["data"]["code"]) for e in entries} == {("settings", "PermissionMissing")}


async def test_a_weakening_waits_on_the_page_and_another_person_confirms_it(home: TestHouse, sign_in: Any) -> None:
    await second(home)
    owner, ben = await sign_in("owner"), await sign_in("ben")
    form = {"internal_domains": "aldermoor.example", "highest_input": "confidential", "highest_external": "internal",
            "dispatch_ceiling": "communicate", "confirm_internal": "true"}  # fmt: skip
    saved = await owner.post("/policies/settings", data=form)
    assert (saved.status_code, saved.headers["location"]) == (303, "/policies#waiting")
    shown = (await owner.get("/policies")).text
    assert "Waits for a second person" in shown
    assert "Highest tier away from the desk: communicate" in shown
    assert 'value="confirm"' not in shown
    page = (await ben.get("/policies")).text
    path = re.search(r'action="(/policies/proposals/[^"]+)"', page)
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert path
    assert digest
    answer = {"digest": digest[1], "answer": "confirm"}
    assert (await owner.post(path[1], data=answer)).status_code == 403
    assert (await ben.post(path[1], data=answer)).status_code == 303
    assert (await ben.get(SETTINGS)).json()["dispatch_ceiling"] == 2
    assert (await ben.post(path[1], data=answer)).status_code == 404
    assert (await recorded(home, "governance.changed"))[-1]["data"]["confirmed_by"] == home.people["ben"].id


async def test_programs_learn_that_it_waits(home: TestHouse, sign_in: Any) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    alone = await owner.patch(SETTINGS, json={"confirm_internal": False})
    assert (alone.status_code, alone.json()["code"]) == (409, "NobodyElse")
    await second(home)
    ben = await sign_in("ben")
    stricter = await owner.patch(SETTINGS, json={"zone": "eu"})
    assert (stricter.status_code, stricter.json()["zone"]) == (200, "eu")
    waits = await owner.patch(SETTINGS, json={"confirm_internal": False})
    assert waits.status_code == 202
    proposal = waits.json()["waits_for_a_second_person"]
    assert (await ana.get("/api/v1/policy/proposals")).status_code == 403
    assert [p["id"] for p in (await ben.get("/api/v1/policy/proposals")).json()] == [proposal["id"]]
    at = f"/api/v1/policy/proposals/{proposal['id']}"
    assert (await ben.post(f"{at}/confirm", json={"digest": "x"})).status_code == 409
    assert (await owner.post(f"{at}/confirm", json={"digest": proposal["digest"]})).status_code == 403
    assert (await ana.delete(at)).status_code == 403
    assert (await ben.post(f"{at}/confirm", json={"digest": proposal["digest"]})).json()["confirm_internal"] is False
    assert (await ben.delete(at)).status_code == 404
    assert (await ben.delete("/api/v1/policy/proposals/%00")).status_code in (404, 422)
