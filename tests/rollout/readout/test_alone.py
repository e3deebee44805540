"""Six people who are active and finish nothing make no readout, and tickets are told by the weeks of the phase."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from tests.rollout.phase import begun, desk
from tests.rollout.readout.pilot import people_in
from tests.web.conftest import app, sign_in  # noqa: F401

from colleague.adoption.facts.tables import ActionRow, RunFactRow, SeatRow
from colleague.identity.people import assign_role
from colleague.kit.ids import new_id
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
API, PAGE = "/api/v1/readouts", "/readout"
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    made = await furnish(database_url, tmp_path, demo=True, clock=TestClock(BEGAN))
    async with made.house.database.transaction() as session:
        await assign_role(
            session, made.people["owner"], made.people["dana"].id, "programme_lead", ledger=made.house.ledger
        )
    yield made
    await made.house.close()


async def active(home: TestHouse, *people: int) -> list[str]:
    """Let so many people be active in each week since the first, and nobody finish anything."""
    ids, seq = await people_in(home, max(6, *people)), 50_000
    async with home.house.database.transaction() as session:
        await session.execute(delete(SeatRow))
        for person in ids:
            seq += 1
            session.add(SeatRow(seq=seq, person_id=person, assigned_at=BEGAN, accepted_at=BEGAN))
        for week, count in enumerate(people):
            for person in ids[:count]:
                seq += 1
                at = BEGAN + timedelta(weeks=week, days=1, hours=10)
                session.add(ActionRow(seq=seq, person_id=person, at=at, kind="start", session=seq))
    return ids


async def done(home: TestHouse, person: str, week: int, *skills: str) -> None:
    """Let somebody have delivered a piece of work of each kind in a week."""
    at = BEGAN + timedelta(weeks=week, days=1, hours=11)
    async with home.house.database.transaction() as session:
        for skill in skills:
            session.add(RunFactRow(
                run_id=new_id("run"), task_id=new_id("task"), person_id=person, channel="page", workflow=skill,
                asked_at=at, started_at=at, end="delivered", ended_at=at, taken_at=at,
            ))  # fmt: skip


async def figures(lead: Any, **query: int) -> dict[str, Any]:
    answer = await lead.get(f"{API}/draft", params=query)
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["figures"]}


async def test_active_people_who_finish_nothing_make_no_readout(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ids = await active(home, *[6] * 8)
    home.house.clock.advance(days=8 * 7 + 1)  # type: ignore[attr-defined]
    lead = await sign_in("dana")
    refused = await lead.get(f"{API}/draft")
    assert refused.status_code == 409
    assert "Weekly active people alone make no readout (AD-5)" in refused.text
    assert "no active person has completed a workflow in twelve weeks" in refused.text
    assert (await lead.post(API, json={"ask": "Seats for all."})).status_code == 409
    page = await lead.get(PAGE)
    assert "no active person has completed a workflow" in page.text
    assert "Make the readout" not in page.text
    assert (await lead.post(PAGE, data={"ask": "Seats for all."})).status_code == 409
    # One piece of work that somebody finished is something to tell of.
    await done(home, ids[0], 3, "rfp-response")
    assert (await figures(lead))["Breadth"]["value"] == 0
    assert (await lead.post(API, json={"ask": "Seats for all."})).status_code == 201


async def test_breadth_is_of_those_whose_seat_is_twelve_weeks_old(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ids = await active(home, *[6] * 20)
    kinds = ("rfp-response", "contract-review", "competitive-brief")
    for person in ids[:6]:
        await done(home, person, 15, *kinds)
    late = await people_in(home, 14)
    home.house.clock.advance(days=19 * 7 + 1)  # type: ignore[attr-defined]
    async with home.house.database.transaction() as session:
        for n, person in enumerate(late[6:]):
            at = BEGAN + timedelta(weeks=16)
            session.add(SeatRow(seq=90_000 + n, person_id=person, assigned_at=at, accepted_at=at))
            session.add(ActionRow(
                seq=91_000 + n, person_id=person, at=BEGAN + timedelta(weeks=18, days=2), kind="start", session=n
            ))  # fmt: skip
    lead = await sign_in("dana")
    breadth = (await figures(lead))["Breadth"]
    assert (breadth["value"], breadth["n"]) == (3, 6)
    assert "whose seat is twelve weeks old" in breadth["method"]
    async with home.house.database.transaction() as session:
        await session.execute(delete(SeatRow).where(SeatRow.person_id.in_(ids[:2])))
    breadth = (await figures(lead))["Breadth"]
    assert (breadth["value"], breadth["n"]) == (0, 12)
    assert "too few seats are twelve weeks old yet" in breadth["note"]


async def test_the_ticket_trend_is_that_of_the_phase_whatever_the_period(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ids = await active(home, *[6] * 20)
    await done(home, ids[0], 18, "rfp-response")
    await begun(home, BEGAN)
    home.house.clock.advance(days=20 * 7 + 1)  # type: ignore[attr-defined]
    await desk(home, BEGAN, 20, 20, *[5] * 18)
    lead = await sign_in("dana")
    for weeks in (0, 4, 26):
        told = (await figures(lead, weeks=weeks))["Support tickets"]
        assert told["note"].startswith("falling by week 6, for sure: ratio 0.25"), (weeks, told)
        # The number that is told stands on the page it leads to, and nowhere else is another.
        page = (await lead.get(told["rows"])).text
        assert f"<strong>{told['value']:.1f}</strong>" in page, weeks
        assert told["n"] == (100 if weeks == 26 else 5 * min(weeks or 12, 12)) + (30 if weeks == 26 else 0)
        json = (await lead.get("/api/v1" + told["rows"])).json()
        assert json["together"]["tickets"] == told["n"]
        assert json["together"]["rate"] == pytest.approx(told["value"])
    for bad in ("?first=2026-W09", "?first=x&last=y", "?first=2026-W09&last=2026-W08", "?first=2026-W60&last=2026-W61"):
        assert (await lead.get(f"/programme/tickets{bad}")).status_code == 422, bad


async def test_tickets_that_stay_high_are_named(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ids = await active(home, *[6] * 20)
    await done(home, ids[0], 18, "rfp-response")
    await begun(home, BEGAN)
    home.house.clock.advance(days=20 * 7 + 1)  # type: ignore[attr-defined]
    await desk(home, BEGAN, 6, 6, 6, 6, 6, 6, *[6] * 14)
    note = (await figures(await sign_in("dana"), weeks=4))["Support tickets"]["note"]
    assert note.startswith("not falling by week 6: ratio 1.00")
    assert "high for three weeks after week 6 (all together, connector web)" in note


async def test_a_week_with_few_active_people_tells_nothing_of_them(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ids = await active(home, 6, 6, 6, 2, 6)
    for week, people in ((1, 5), (3, 2), (4, 1)):
        for person in ids[:people]:
            await done(home, person, week, "rfp-response")
    home.house.clock.advance(days=5 * 7 + 1)  # type: ignore[attr-defined]
    await desk(home, BEGAN, 1, 1, 1, 1, 1)
    lead = await sign_in("dana")
    weeks = (await lead.get(f"{API}/draft?weeks=5")).json()["weeks"]
    assert [week["sessions"] for week in weeks] == [1, 1, 1, None, 1]
    quiet = weeks[3]
    assert [quiet[name] for name in ("breadth", "completion", "tickets")] == [None] * 3
    assert quiet["note"] == "fewer than five were active"
    # Of the last week's six active people one had a run: its completion would be theirs.
    assert [weeks[n]["completion"] for n in (1, 4)] == [1, None]
