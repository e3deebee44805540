"""The set-up guide and the posture page: what comes next, how long it took, what deviates and since when."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from tests.web.conftest import SignIn

from colleague.audit.tables import EntryRow
from colleague.governance.posture.guide import business_days, span
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio


async def test_the_guide_says_what_comes_next(home: TestHouse, sign_in: SignIn) -> None:
    olga = await sign_in("owner")
    page = (await olga.get("/set-up")).text
    assert "Begun" in page
    # The domains of this house are named: the second owner is next.
    assert page.index("Name your mail domains") < page.index(">done<") < page.index(">next<")
    steps = {s["title"]: s for s in (await olga.get("/api/v1/posture/set-up")).json()["steps"]}
    assert steps["Add a second owner"]["state"] == "1 owner so far"
    assert [s["done"] for s in steps.values()].count(True) == 1
    assert (await (await sign_in("ana")).get("/set-up")).status_code == 403


async def test_looking_twice_says_the_same_and_records_nothing_more(home: TestHouse, sign_in: SignIn) -> None:
    olga = await sign_in("owner")

    async def told() -> int:
        async with home.house.database.transaction() as session:
            query = select(func.count()).where(EntryRow.verb.in_(["posture.deviation_found", "set_up.completed"]))
            return await session.scalar(query) or 0

    first = await olga.get("/set-up/posture")
    count = await told()
    second = await olga.get("/set-up/posture")
    assert (first.status_code, second.status_code, await told()) == (200, 200, count)
    # This house is served with the demo sign-in: that is the one thing that deviates, and it is critical.
    assert "1 deviation, 1 critical" in second.text
    assert "COLLEAGUE_DEMO is on" in second.text
    value = (await olga.get("/api/v1/posture")).json()
    assert (value["critical"], value["green"]) == (1, False)
    assert value["checks"][0]["id"] == "demo-off"
    assert value["checks"][0]["findings"][0]["since"]


async def test_who_reads_rules_sees_the_posture_and_nobody_else(sign_in: SignIn) -> None:
    assert (await (await sign_in("tom")).get("/set-up/posture")).status_code == 200
    assert (await (await sign_in("ana")).get("/set-up/posture")).status_code == 403
    assert (await (await sign_in("ana")).get("/api/v1/posture")).status_code == 403


def test_business_days_leave_weekends_out() -> None:
    friday, monday = datetime(2026, 3, 6, 16, tzinfo=UTC), datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert business_days(friday, monday) == 2
    assert business_days(friday, friday) == 1
    assert business_days(monday, friday) == 0
    assert span(friday, monday) == "2 business days"
    assert span(friday, friday.replace(minute=1)) == "1 minute"
    assert span(friday, friday.replace(hour=18, minute=5)) == "2 h 5 min"
