"""Readiness at its doors: answered by who runs the programme, kept as versions, prefilled with what can be seen."""

import asyncio
from typing import Any

import pytest

from colleague.identity.people import assign_role
from colleague.rollout.tables import ProgrammeRow
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
API, PAGE = "/api/v1/programme/readiness", "/programme/readiness"
ALONE = {
    "saas_rollouts": True,
    "sponsor": True,
    "regulated": False,
    "seats": 120,
    "custom_mcp": False,
    "stalled": False,
}


@pytest.fixture
async def lead(home: TestHouse, sign_in: Any) -> Any:
    async with home.house.database.transaction() as session:
        await assign_role(
            session, home.people["owner"], home.people["dana"].id, "programme_lead", ledger=home.house.ledger
        )
    return await sign_in("dana")


async def test_answers_become_versions_and_each_keeps_what_it_came_to(lead: Any, sign_in: Any) -> None:
    shown = (await lead.get(PAGE)).text
    assert "Six questions" in shown
    assert "6 people are active here now" in shown
    form = {"saas_rollouts": "yes", "sponsor": "yes", "regulated": "no", "seats": "700", "stalled": "", "after": "0"}
    assert (await lead.post(PAGE, data=form)).status_code == 303
    shown = (await lead.get(PAGE)).text
    assert "You had better ask for help." in shown
    assert "700 seats in the first year, which is 500 or more." in shown
    assert "MCP servers of your own?" in shown
    second = await lead.post(API, json=ALONE | {"after": 1})
    assert second.status_code == 201
    assert second.json()["verdict"] == "self-serve"
    # It is self-serve, and the gaps are still told: nothing is signed, nothing is measured.
    assert {one["requirement"] for one in second.json()["missing"]} == {"GP-1", "PP-5"}
    old = (await lead.get(f"{PAGE}/versions/1")).text
    assert "You had better ask for help." in old
    assert "700" in old
    tom = await sign_in("tom")
    assert "by yourselves" in (await tom.get(PAGE)).text
    assert '<form method="post" action="/programme/readiness"' not in (await tom.get(PAGE)).text


async def test_a_sponsor_who_is_named_need_not_be_asked_for(home: TestHouse, lead: Any) -> None:
    people, now = home.people, home.house.clock.now()
    async with home.house.database.transaction() as session:
        session.add(
            ProgrammeRow(
                id=1, sponsor_id=people["ana"].id, lead_id=people["dana"].id, goal="", changed_by=people["owner"].id,
                changed_at=now,
            )
        )  # fmt: skip
    assert "Ana Ruiz is named as the programme" in (await lead.get(PAGE)).text
    made = (await lead.post(API, json=ALONE | {"sponsor": None, "after": 0})).json()
    assert (made["answers"]["sponsor"], made["verdict"]) == (True, "self-serve")


async def test_of_two_who_answer_at_once_one_is_told(lead: Any) -> None:
    both = await asyncio.gather(*(lead.post(API, json=ALONE | {"after": 0}) for _ in range(2)))
    assert sorted(one.status_code for one in both) == [201, 409]
    found = (await lead.get(API)).json()
    assert found["newest"]["version"] == 1
    assert found["earlier"] == []


async def test_nobody_else_answers_and_nonsense_is_refused_with_a_reason(
    home: TestHouse, lead: Any, sign_in: Any
) -> None:
    ana, tom = await sign_in("ana"), await sign_in("tom")
    assert (await ana.get(PAGE)).status_code == 403
    assert (await ana.get(API)).status_code == 403
    assert (await tom.post(API, json=ALONE)).status_code == 403
    assert (await tom.post(PAGE, data={"sponsor": "yes"})).status_code == 403
    refused = await lead.post(PAGE, data={"sponsor": "<script>", "after": "0"})
    assert refused.status_code == 422
    assert "answer yes or no" in refused.text
    for bad in ({"seats": 0}, {"seats": 10**12}, {"sponsor": "maybe"}, {"colour": True}, {"after": -1}):
        assert (await lead.post(API, json=ALONE | bad)).status_code == 422, bad
    for version in ("0", "2", "99999999999", "x"):
        assert (await lead.get(f"{API}/versions/{version}")).status_code in (404, 422)
    assert (await lead.get(f"{PAGE}/versions/9999999999999")).status_code == 404
