"""What is told late of a frozen week makes another version of its number: seen on the page, by programs, in the
readout and at the trend, with what changed and why; and nothing changes before that, or unseen.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update
from tests.adoption.telemetry_kit import Fleet
from tests.adoption.test_frozen import freeze, rows

from colleague.adoption.calendar import read_calendar
from colleague.adoption.frozen import recheck as checks
from colleague.adoption.frozen import tickets as kept
from colleague.adoption.frozen.corrections import corrections
from colleague.adoption.frozen.recheck import recheck
from colleague.adoption.items import list_items
from colleague.adoption.tables import FrozenRow
from colleague.audit.event import Event
from colleague.audit.tables import EntryRow
from colleague.rollout.tickets.weekly import read_weeks
from colleague.support.bring_in import bring_in
from colleague.support.tables import TicketRow

pytestmark = pytest.mark.anyio
LIST = "external_id,opened_at,title,category\n"


async def a_week(fleet: Fleet) -> Any:
    """Let a whole week pass in which five people did something, four with a run here; the fifth's fleet began three
    of which it told two ends; with a ticket; have it frozen, with its completion; return it.
    """
    programme = fleet.programme
    calendar = await programme.do(read_calendar)
    week = calendar.week(programme.clock.now()).next()
    wednesday = datetime.combine(week.monday + timedelta(days=2), time(12), tzinfo=ZoneInfo(calendar.zone))
    programme.clock.advance(seconds=(wednesday - programme.clock.now()).total_seconds())
    for who in ("ana", "ben", "tom", "dana", "rita"):
        await programme.record("task.steered", who)
        if who != "ana":
            person = programme.home.people[who].id
            await programme.do(programme.house.ledger.record, Event("task.delegated", person, subject=who, run=who))
            for verb in ("run.started", "skill.used", "run.completed"):
                await programme.record(verb, who, run=who, name="policy-qa")
    for n in range(3):
        await fleet.send(fleet.event("user_prompt", 10 * n, prompt__id=f"p{n}"))
        await fleet.send(fleet.event("skill_activated", 10 * n + 1, skill__name="policy-qa", prompt__id=f"p{n}"))
    await fleet.send(fleet.event("assistant_response", 2, prompt__id="p0"))
    await fleet.send(fleet.event("api_error", 12, prompt__id="p1"))
    await imported(programme, f"1,{wednesday.date()},Slow,access\n")
    programme.clock.advance(days=14)
    await freeze(programme)
    return week


async def imported(programme: Any, lines: str) -> None:
    house = programme.house
    await programme.do(
        bring_in, programme.home.people["owner"], "desk", (LIST + lines).encode(), registry=house.registry,
        **programme.told,
    )  # fmt: skip


async def test_late_telemetry_and_tickets_are_versions_that_say_what_changed(fleet: Fleet) -> None:
    programme = fleet.programme
    week = await a_week(fleet)
    assert {(r.part, r.version) for r in await rows(programme) if (r.kind, r.week) == ("organisation", str(week))} == {
        ("activity", 1), ("completion", 1), ("tickets", 1),
    }  # fmt: skip

    async def told() -> tuple[Any, Any]:
        async with programme.client(programme.lead, "org:adoption:read") as client:
            weeks = (await client.get("/api/v1/adoption/weeks")).json()["weeks"]
            desk = (await client.get("/api/v1/programme/tickets")).json()["weeks"]
        mine = next(one for one in weeks if one["week"] == str(week))
        theirs = next(one for one in desk if one["week"] == str(week))
        return (mine["version"], mine["completion"]["value"], mine["completion"]["n"]), (
            theirs["version"], theirs["tickets"], theirs["categories"],
        )  # fmt: skip

    before = await told()
    assert before == ((1, pytest.approx(5 / 6), 6), (1, 1, {"access": 1}))
    # The laptop with the third run was offline for two weeks; the desk's list is sent late, and sorts the first anew.
    happened = programme.clock.now() - timedelta(days=14) + timedelta(minutes=5)
    await fleet.send(fleet.event("assistant_response", 22, at=happened, prompt__id="p2"))
    day = week.monday + timedelta(days=3)
    await imported(programme, f"1,{day},Slow,quality\n2,{day},Slow,quality\n3,{day},Slow,\n")
    await programme.rolled()
    assert await told() == before, "nothing changes before it is another version"
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected == {str(week): f"{checks.LATE} {kept.LATER}"}
    now = await told()
    assert now == ((2, pytest.approx(6 / 7), 7), (2, 3, {"not sorted": 1, "quality": 2}))
    assert await programme.do(list_items, programme.lead, state="open") == [], "what explains itself is no alarm"
    async with programme.client(programme.lead, "org:adoption:read", "org:programme:manage") as client:
        shown = (await client.get(f"/api/v1/adoption/weeks/{week}/versions")).json()
        page = (await client.get(f"/adoption/weeks/{week}")).text
        assert f'<a href="/adoption/weeks/{week}">what changed</a>' in (await client.get("/adoption")).text
        assert f'<a href="/adoption/weeks/{week}">what changed</a>' in (await client.get("/programme/tickets")).text
        readout = (await client.get("/api/v1/readouts/draft")).json()
        for wrong, status in (("2026-99", 422), (f"{week}?by=person", 404), (f"{week}?by=team&name=%00", 404)):
            assert (await client.get(f"/adoption/weeks/{wrong}")).status_code == status
    (one,) = shown["corrections"]
    assert (one["version"], one["reason"]) == (2, f"{checks.LATE} {kept.LATER}")
    changes = {change["name"]: (change["was"], change["now"]) for change in one["changes"]}
    assert changes.pop("Completion") == ("83.3 % (n 6)", "85.7 % (n 7)")
    assert changes.pop("Tickets") == ("1", "3")
    assert changes.keys() <= {"Breadth"}, changes
    assert "85.7 % (n 7)" in page
    assert kept.LATER in page
    (line,) = [one for one in readout["weeks"] if one["week"] == str(week)]
    assert line["note"] == "corrected: version 2"
    (note,) = [text for text in readout["notes"] if "was corrected" in text]
    assert "completion 83.3 % (n 6) → 85.7 % (n 7)" in note
    assert "tickets 1 → 3" in note
    async with programme.client(programme.home.people["ana"], "own:tasks:use") as client:
        assert (await client.get(f"/adoption/weeks/{week}")).status_code == 403
    # Sorted anew alone: told by another name, and readers are not told by which id.
    programme.clock.advance(hours=1)
    async with programme.house.database.transaction() as session:
        await session.execute(update(TicketRow).values(connector="mail"))
    await imported(programme, f"9,{day + timedelta(days=14)},Slow,\n")
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected == {str(week): kept.LATER}
    _, two = await programme.do(corrections, week, week)
    assert [str(change) for change in two.changes] == ["tickets 3 → 3 (about other use cases or connectors)"]
    async with programme.house.database.transaction() as session:
        verbs = await session.scalars(select(EntryRow.verb).where(EntryRow.subject == str(week)).order_by(EntryRow.id))
        assert [*verbs][-2:] == ["week.corrected", "week.tickets_corrected"]


async def test_tickets_that_nothing_explains_are_an_alarm_and_older_weeks_get_theirs(fleet: Fleet) -> None:
    programme = fleet.programme
    week = await a_week(fleet)
    ours = (FrozenRow.week == str(week), FrozenRow.part == "tickets")
    async with programme.house.database.transaction() as session:
        await session.execute(delete(FrozenRow).where(FrozenRow.part == "tickets"))
    # As a version left it that did not keep them: they are kept once, and said to be.
    await freeze(programme)
    (row,) = [r for r in await rows(programme) if (r.week, r.part) == (str(week), "tickets")]
    assert (row.version, row.reason, row.figures["tickets"]) == (1, kept.NOT_KEPT, 1)
    assert (await recheck(programme.house.database, **programme.told)).corrected == {}
    assert await programme.do(corrections, week, week) == []
    programme.clock.advance(hours=1)
    async with programme.house.database.transaction() as session:
        await session.execute(update(TicketRow).values(at=TicketRow.at - timedelta(days=30)))
    checked = await recheck(programme.house.database, **programme.told)
    assert checked.corrected == {str(week): checks.UNEXPLAINED}
    (item,) = await programme.do(list_items, programme.lead, state="open")
    assert item.kind == "alarm"
    (one,) = await programme.do(corrections, week, week)
    assert [str(change) for change in one.changes] == ["tickets 1 → 0"]
    # Changed in the table itself: found, whatever is told of tickets.
    async with programme.house.database.transaction() as session:
        await session.execute(update(FrozenRow).where(*ours).values(figures={**row.figures, "tickets": 7}))
    assert (await recheck(programme.house.database, **programme.told)).corrected == {str(week): checks.TOUCHED}
    found = await programme.do(read_weeks, clock=programme.clock)
    assert next(w for w in found.weeks if w.name == str(week)).tickets == 0
