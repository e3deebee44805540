"""Plan and templates at their doors: filled from live data or empty, a plan that breaks the phases refused."""

import io
from datetime import date
from typing import Any

import docx
import pytest
import vobject
from python_calamine import CalamineWorkbook

from colleague.adoption.calendar import Holiday, add_holidays
from colleague.identity.people import assign_role
from colleague.kit.ids import new_id
from colleague.rollout.onboarding.shipped import shipped_playbook
from colleague.rollout.tables import MoveRow, ProgrammeRow
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
API, PAGE = "/api/v1/programme", "/programme/templates"


@pytest.fixture
async def lead(home: TestHouse, sign_in: Any) -> Any:
    async with home.house.database.transaction() as session:
        await assign_role(
            session, home.people["owner"], home.people["dana"].id, "programme_lead", ledger=home.house.ledger
        )
    return await sign_in("dana")


def words(raw: bytes) -> str:
    found = docx.Document(io.BytesIO(raw))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in found.paragraphs), *cells])


async def test_the_plan_begins_with_what_is_known_and_follows_the_form(lead: Any) -> None:
    answered = {"saas_rollouts": True, "sponsor": True, "regulated": False, "seats": 900, "after": 0}
    assert (await lead.post(f"{API}/readiness", json=answered)).status_code == 201
    shown = (await lead.get(PAGE)).text
    assert "3. Broad rollout" in shown
    assert "900" in shown
    found = (await lead.get(f"{API}/plan", params={"start": "2027-01-11", "pilot": 30, "expansion": 120})).json()
    assert [one["ends"] for one in found["phases"]] == ["2027-02-19", "2027-04-16"]
    query = "start=2027-01-11&pilot=30&expansion=120&extra=6"
    shown = (await lead.get(f"{PAGE}?{query}&broad=&enterprise=&pilot_weeks=")).text
    assert "The pilot is 6 weeks longer (PP-10" in shown
    book = await lead.get(f"{PAGE}/rollout-plan.xlsx?{query}")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_name("Plan").to_python()
    pilot = next(row for row in rows if row[0] == "1. Pilot")
    assert (pilot[1], pilot[6], pilot[7]) == (30, date(2027, 1, 11), date(2027, 4, 2))
    ics = await lead.get(f"{API}/templates/rollout-plan?format=ics&{query}")
    assert ics.headers["content-type"] == "text/calendar; charset=utf-8"
    names = [one.summary.value for one in vobject.readOne(ics.text).vevent_list]
    assert "Gate 2 review" in names


async def test_the_plan_skips_the_weeks_of_the_organisations_holidays(lead: Any, home: TestHouse) -> None:
    days = [Holiday(date(2027, 1, n), "Works holiday") for n in (18, 19, 20)]
    async with home.house.database.transaction() as session:
        await add_holidays(session, home.people["owner"], days, ledger=home.house.ledger, clock=home.house.clock)
    found = (await lead.get(f"{API}/plan?start=2027-01-11&pilot=20&pilot_weeks=4")).json()
    assert found["phases"][0]["ends"] == "2027-02-12"
    assert found["phases"][0]["skipped_weeks"] == ["2027-W03"]
    book = (await lead.get(f"{PAGE}/rollout-plan.xlsx?start=2027-01-11&pilot=20")).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("Holidays").to_python()
    assert rows[1] == [date(2027, 1, 18), "Works holiday"]


async def test_a_programme_that_has_begun_fills_the_plan(lead: Any, home: TestHouse) -> None:
    people, now = home.people, home.house.clock.now()
    async with home.house.database.transaction() as session:
        session.add(
            ProgrammeRow(
                id=1, sponsor_id=people["ana"].id, lead_id=people["dana"].id, goal="", changed_by=people["owner"].id,
                changed_at=now,
            )
        )  # fmt: skip
        session.add(
            MoveRow(
                id=new_id("move"), kind="start", from_phase=1, to_phase=1, seats=None, state="done", why="",
                snapshot={}, digest="", proposed_by=people["owner"].id, proposed_at=now, on=date(2026, 9, 7),
            )
        )  # fmt: skip
    assert (await lead.get(f"{API}/plan")).json()["phases"][0]["starts"] == "2026-09-07"
    # A plan of another day stands beside what happened, at each door.
    query = "start=2026-08-31&pilot=25&expansion=150"
    pilot, expansion = (await lead.get(f"{API}/plan?{query}")).json()["phases"]
    assert (pilot["starts"], pilot["planned_starts"], pilot["began"]) == ("2026-09-07", "2026-08-31", True)
    assert expansion["starts"] > expansion["planned_starts"] == "2026-10-12"
    page = (await lead.get(f"{PAGE}?{query}")).text
    assert "planned 2026-08-31" in page
    assert "planned 2026-10-12" in page
    ics = (await lead.get(f"{PAGE}/rollout-plan.ics?{query}")).text.replace("\r\n ", "")
    assert "Planned: 2026-08-31 to 2026-10-09." in ics
    book = (await lead.get(f"{PAGE}/rollout-plan.xlsx")).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("Plan").to_python()
    assert {row[0]: row[1] for row in rows}["Sponsor"] == "Ana Ruiz"
    assert {row[0]: row[1] for row in rows}["Programme lead"] == "Dana Whitfield"
    empty = (await lead.get(f"{PAGE}/rollout-plan.xlsx?empty=true")).content
    blank = CalamineWorkbook.from_filelike(io.BytesIO(empty)).get_sheet_by_name("Plan").to_python()
    assert {row[0]: row[1] for row in blank}["Sponsor"] == ""


async def test_a_plan_with_more_than_forty_seats_before_gate_1_is_refused_at_every_door(lead: Any) -> None:
    refused = await lead.get(f"{PAGE}?pilot=1000")
    assert refused.status_code == 422
    assert "This plan is refused (MI-1): 1,000 seats before gate 1" in refused.text
    assert "Calendar (ics)" not in refused.text
    for path in (f"{API}/plan?pilot=41", f"{PAGE}/rollout-plan.xlsx?pilot=41",
                 f"{API}/templates/rollout-plan?format=ics&pilot=41"):  # fmt: skip
        answer = await lead.get(path)
        assert answer.status_code == 422
        assert "MI-1" in answer.text


async def test_sheets_and_policies_are_filled_or_empty(lead: Any, home: TestHouse, sign_in: Any) -> None:
    card = (await lead.get("/api/v1/use-cases/shipped")).json()["rfp-response"]
    ritual = card.pop("ritual") or {}
    given = card | {f"ritual_{k}": v for k, v in ritual.items()} | {"owner": "ana@aldermoor.example"}
    case = (await lead.post("/api/v1/use-cases", json=given)).json()["id"]
    assert "RFP summary and response outline" in (await lead.get(PAGE)).text
    sheet = words((await lead.get(f"{PAGE}/use-case-sheet.docx?case={case}")).content)
    assert "Ana Ruiz" in sheet
    assert "30 minutes" in sheet
    assert "measured 0 of 10" in sheet
    empty = words((await lead.get(f"{PAGE}/use-case-sheet.docx?case={case}&empty=true")).content)
    assert "Ana Ruiz" not in empty
    assert "Ten times or two weeks" in empty
    book = await lead.get(f"{API}/templates/use-case-sheet?format=xlsx&case={case}")
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(book.content)).sheet_names) >= 2
    for query in ("", "?empty=true"):
        training = words((await lead.get(f"{PAGE}/training-programme.docx{query}")).content)
        assert "Delegate, do not ask" in training
        assert "as shipped" in training
        assert "Week 4" in training
        assert "{use_case}" not in training
        assert "It says what is done, with what" not in training
        assert "Playbook: as shipped; kept by the programme lead" in training
    # A framework and a playbook of one's own stand on it with version, date, and when it is good enough (TP-2).
    words_of = {"text": "Cite pages.", "passed": "Every claim names its page"}
    assert (await lead.post(f"/api/v1/use-cases/{case}/framework", json=words_of)).status_code == 201
    sheet = words((await lead.get(f"{PAGE}/use-case-sheet.docx?case={case}")).content)
    assert "A result is good enough when: Every claim names its page" in sheet
    assert ", Dana Whitfield" in sheet.partition("Version 1, ")[2][:60]
    text = shipped_playbook().replace("Your own ritual, once, with help", "Bids begin")
    own = {"department": "", "text": text, "why": "ours", "after": 0}
    assert (await lead.post("/api/v1/programme/playbook", json=own)).status_code == 201
    training = words((await lead.get(f"{PAGE}/training-programme.docx")).content)
    assert "Playbook: version 1, " in training
    assert "Bids begin" in training
    assert "To be decided" in words((await lead.get(f"{PAGE}/readout.docx")).content)
    for name in ("acceptable-use", "governance-framework"):
        text = words((await lead.get(f"{PAGE}/{name}.docx")).content)
        assert "…" in text
        assert (await lead.get(f"{PAGE}/{name}.pdf")).content.startswith(b"%PDF")
    assert {one["name"] for one in (await lead.get(f"{API}/templates")).json()} >= {
        "rollout-plan", "use-case-sheet", "acceptable-use", "governance-framework"
    }  # fmt: skip


async def test_hostile_questions_are_refused_with_a_reason(lead: Any, sign_in: Any) -> None:
    assert (await lead.get(f"{PAGE}/rollout-plan.exe")).status_code == 422
    assert (await lead.get(f"{API}/templates/nothing?format=docx")).status_code == 404
    assert (await lead.get(f"{PAGE}/use-case-sheet.docx?case=uc_none")).status_code == 404
    for bad in ("start=soon", "pilot=-1", "pilot=1e9", "extra=99", "start=9999-12-31", "start=0001-01-01",
                "pilot=" + "9" * 400, "broad=900&pilot=20"):  # fmt: skip
        assert (await lead.get(f"{API}/plan?{bad}")).status_code == 422, bad
    ana, nobody = await sign_in("ana"), await sign_in("")
    for path in (PAGE, f"{PAGE}/rollout-plan.xlsx", f"{API}/templates", f"{API}/plan"):
        assert (await ana.get(path)).status_code == 403
        assert (await nobody.get(path)).status_code in (303, 401, 403)
