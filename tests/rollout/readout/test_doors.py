"""A readout is made of what happened, frozen, written as files; activity alone is refused; leaders stay a group."""

import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from sqlalchemy import select, update
from tests.rollout.readout.pilot import people_in, use_cases_in, work_in
from tests.web.conftest import app, sign_in  # noqa: F401

from colleague.adoption.facts.tables import RunFactRow
from colleague.audit.event import Event
from colleague.audit.many import record_many
from colleague.channels.tables import NoticeRow
from colleague.identity.people import assign_role
from colleague.identity.seats.exclude import set_excluded
from colleague.kit.ids import new_id
from colleague.policy.model import Phase
from colleague.rollout.gates import gate
from colleague.rollout.model import Evidence
from colleague.rollout.readout import console
from colleague.rollout.readout.model import Figure
from colleague.rollout.readout.tables import LeaderRow, ReadoutRow
from colleague.rollout.readout.words import interval, number
from colleague.rollout.tables import MoveRow, ProgrammeRow
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
API, PAGE = "/api/v1/readouts", "/readout"
COST = {
    "currency": "EUR", "seat": 60, "hour": 80, "fixed": 500, "once": 10000, "rate": 0.9,
    "source": "Controlling, October", "after": 0,
}  # fmt: skip


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    made = await furnish(database_url, tmp_path, demo=True, clock=TestClock(datetime(2026, 3, 2, 8, tzinfo=UTC)))
    async with made.house.database.transaction() as session:
        await assign_role(
            session, made.people["owner"], made.people["dana"].id, "programme_lead", ledger=made.house.ledger
        )
    yield made
    await made.house.close()


async def worked(home: TestHouse) -> list[str]:
    """Let twelve people work for nine weeks, and move the clock to the Tuesday after."""
    ids = await people_in(home)
    skills = await use_cases_in(home, ids)
    await work_in(home, ids, skills, since=home.house.clock.now() + timedelta(hours=1))
    home.house.clock.advance(days=9 * 7 + 1)  # type: ignore[attr-defined]
    return ids


async def test_from_what_happened_to_a_frozen_readout_and_its_files(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    await worked(home)
    lead, tom, ana = await sign_in("dana"), await sign_in("tom"), await sign_in("ana")
    assert (await lead.post(f"{API}/assumptions", json=COST)).status_code == 201
    told = (await lead.get(f"{API}/draft")).json()
    figures = {one["name"]: one for one in told["figures"]}
    assert figures["Weekly active people"]["n"] == 12
    assert 0.7 < figures["Task completion"]["value"] < 0.95
    assert figures["Task completion"]["low"] < figures["Task completion"]["value"] < figures["Task completion"]["high"]
    assert 0.4 < figures["Time to output"]["value"] < 0.65
    assert figures["Leaders active"]["absent"] == "not measured: no leaders are named"
    cases = {one["name"]: one for one in told["workflows"]}
    rfp = cases["RFP summary and response outline"]
    assert (rfp["strength"], rfp["before_n"]) == ("readout", 36)
    assert rfp["hours"]["value"] == pytest.approx(rfp["runs"] * rfp["before"] * rfp["reduction"]["value"] / 60)
    assert rfp["friction"] == ["Reading annexes: Scans have no text (15 min lost)"]
    assert cases["Contract review summary"]["new_capability"]
    assert cases["Competitive brief"]["strength"] == "indicative"
    # An output belongs to the period it was taken in, also where it was asked for before: the next readout has it.
    short = (await lead.get(f"{API}/draft?weeks=3")).json()["workflows"]
    async with home.house.database.transaction() as session:
        newest = select(RunFactRow).where(RunFactRow.taken_at.is_not(None)).order_by(RunFactRow.taken_at.desc())
        for row in await session.scalars(newest.limit(20)):
            row.asked_at -= timedelta(days=22)
    moved = (await lead.get(f"{API}/draft?weeks=3")).json()["workflows"]
    assert [one["runs"] for one in moved] == [one["runs"] for one in short]
    page = (await lead.get(PAGE)).text
    assert "Make the readout" in page
    made = await lead.post(PAGE, data={"ask": "120 seats from June\nfor EUR 7,200 a month", "weeks": "0"})
    assert made.headers["location"] == f"{PAGE}/1"
    shown = (await tom.get(f"{PAGE}/1")).text
    assert "120 seats from June" in shown
    assert "Controlling, October" in shown
    assert "readout figure" in shown
    for query, most in (("", 1), ("?full=true", 12)):
        pdf = pypdfium2.PdfDocument((await tom.get(f"{PAGE}/1.pdf{query}")).content)
        assert len(pdf) <= most
        text = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
        assert "Weekly active people" in text
        assert "Task completion" in text
    word = docx.Document(io.BytesIO((await tom.get(f"{API}/1/file?format=docx&full=true")).content))
    assert "Made on" not in word.paragraphs[0].text
    # A number stands on the page it leads to, as it is told (KP-8).
    kept = {one["name"]: Figure(**one) for one in (await tom.get(f"{API}/1")).json()["readout"]["figures"]}
    for name, rows in (("Hours saved", "workflows"), ("Time to output", "workflows"), ("Task completion", "weeks")):
        assert kept[name].rows == f"{PAGE}/1#{rows}"
        part = shown.partition(f'id="{rows}"')[2].partition('<div class="card mb')[0]
        assert "Together" in part
        assert number(kept[name].value, kept[name].unit) in part
        assert interval(kept[name]) in part
    assert figures["Hours saved"]["rows"] == f"{PAGE}?draft=true&weeks=0#workflows"
    # What is made stays as it was, whatever happens later.
    before = (await tom.get(f"{API}/1")).json()
    home.house.clock.advance(hours=5)  # type: ignore[attr-defined]
    assert (await lead.post(f"{API}/assumptions", json=COST | {"hour": 10, "after": 1})).status_code == 201
    assert (await tom.get(f"{API}/1")).json() == before
    assert (await ana.get(f"{PAGE}/1")).status_code == 403
    assert (await tom.post(API, json={"ask": "more"})).status_code == 403
    async with home.house.database.transaction() as session:
        row = await session.get_one(ReadoutRow, 1)
        await session.execute(update(ReadoutRow).values(content=row.content | {"seats": 900}))
    altered = await tom.get(f"{API}/1")
    assert altered.status_code == 409
    assert "is not what was made" in altered.text


async def test_every_number_leads_to_its_rows_and_what_was_skipped_stays(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    await worked(home)
    lead, people, now = await sign_in("dana"), home.people, home.house.clock.now()
    why = "The board wants to see more people before the summer."
    rows = [("start", 1, 1, None, 62), ("skip", 1, 2, None, 20), ("seats", 2, 2, 320, 10)]
    async with home.house.database.transaction() as session:
        session.add(
            ProgrammeRow(
                id=1, sponsor_id=people["ana"].id, lead_id=people["dana"].id, goal="Answer tenders in half the time",
                changed_by=people["owner"].id, changed_at=now,
            )
        )  # fmt: skip
        for kind, before, after, seats, days in rows:
            at = now - timedelta(days=days)
            session.add(
                MoveRow(
                    id=new_id("move"), kind=kind, from_phase=before, to_phase=after, seats=seats, state="done", why=why,
                    snapshot={}, digest=kind, proposed_by=people["owner"].id, proposed_at=at,
                    decided_by=people["ben"].id, decided_at=at, on=at.date(),
                    **({"risk": "Low use.", "accepted_by": people["ana"].id} if kind == "skip" else {}),
                )
            )  # fmt: skip
        for who in ("ben", "rita"):
            await set_excluded(
                session, people["owner"], people[who].id, excluded=True, why="test user", ledger=home.house.ledger
            )  # fmt: skip
    told = (await lead.get(f"{API}/draft")).json()
    assert "2 people with a seat are left out of the numbers, as test users or service accounts." in told["notes"]
    assert (told["phase"], told["sponsor"], told["goal"]) == (
        "Expansion", "Ana Ruiz", "Answer tenders in half the time"
    )  # fmt: skip
    assert [(one["what"], one["by"], one["why"]) for one in told["overrides"]] == [
        (
            "Gate 1 was skipped, into the expansion",
            ["Olga Owner", "Ana Ruiz", "Ben Carter"],
            f"{why} The risk, accepted by Ana Ruiz: Low use.",
        ),
        ("320 seats in the expansion, beyond the phase", ["Olga Owner", "Ben Carter"], why),
        (
            "«Contract review summary» went live without a before, as a new capability",
            [],
            "Nobody read them before.",
        ),
    ]
    assert told["gates"][0]["gate"].startswith("Gate 2:")
    assert any("Week 8 of the expansion (KP-1): " in note for note in told["notes"])
    assert told["figures"][5]["target"] == "65 % by week 8 of the expansion"
    assert (await lead.post(API, json={"ask": "More seats."})).status_code == 201
    # The sponsor, a member, reads it by every door, and is led nowhere they may not go.
    sponsor, member = await sign_in("ana"), await sign_in("rita")
    for path in (PAGE, f"{PAGE}/1", f"{PAGE}/1.pdf", API, f"{API}/1", "/programme"):
        assert (await sponsor.get(path)).status_code == 200, path
        assert (await member.get(path)).status_code == 403, path
    assert (await sponsor.post(API, json={"ask": "More."})).status_code == 403
    for path in ("/programme", PAGE, f"{PAGE}/1"):
        main = (await sponsor.get(path)).text.partition("<main")[2].partition("</main>")[0]
        for to in set(re.findall(r'href="(/[^"#?]*)', main)):
            assert (await sponsor.get(to)).status_code == 200, (path, to)
    text = " ".join(
        pypdfium2.PdfDocument((await lead.get(f"{PAGE}/1.pdf")).content)[0].get_textpage().get_text_range().split()
    )
    assert "Gate 1 was skipped, into the expansion" in text
    async with home.house.database.transaction() as session:
        for _ in range(2):
            await home.house.ledger.record(session, Event("tickets.imported", people["dana"].id, data={"created": 9}))
    assert any(
        "Lists of tickets imported in this phase: 2." in one for one in (await lead.get(f"{API}/draft")).json()["notes"]
    )
    # What a rule denied is told apart from what never came before one, each with the rows it counts.
    before = now - timedelta(days=10)
    events = [Event("call.decided", "agent", data={"effect": effect}) for effect in ("deny", "deny", "allow")]
    events += [Event(verb, "agent", data={}) for verb in ("input.refused", "call.refused")]
    async with home.house.database.transaction() as session:
        await record_many(session, [(before, event) for event in events])
    told = (await lead.get(f"{API}/draft")).json()
    counts = {one["what"]: (one["count"], one["rows"]) for one in told["incidents"]}
    assert {what.partition(":")[0]: number for what, (number, _) in counts.items()} == {
        "Calls that a rule denied": 2, "Contents withheld as too confidential": 1, "Calls refused before any rule": 1,
    }  # fmt: skip
    auditor = await sign_in("owner")
    for number_, rows_ in counts.values():
        assert (await auditor.get(rows_)).text.count('<tr id="e-') == number_, rows_
    assert (await auditor.get("/ledger?since=2026-01-01T08:00")).status_code == 422
    links = {one["rows"] for name in ("figures", "gates", "incidents") for one in told[name]}
    links |= {one["reduction"]["rows"] for one in told["workflows"]}
    links |= {one.rows for phase in Phase for one in gate(phase, Evidence()).criteria}
    assert len(links) > 9
    for link in sorted(links):
        reader = auditor if link.startswith("/ledger") else lead
        assert (await reader.get(link.partition("#")[0])).status_code == 200, link
    assert (await lead.post(API, json={"ask": "More seats."})).status_code == 201
    for reader, linked in ((lead, False), (auditor, True)):
        page = (await reader.get(f"{PAGE}/2")).text
        assert ("/ledger?" in page, "Who reads the ledger" in page) == (linked, not linked)


async def test_without_completion_breadth_and_time_there_is_no_readout(
    home: TestHouse,
    sign_in: Any,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead = await sign_in("dana")
    with monkeypatch.context() as large:
        # A large organisation computes it when it is asked for.
        large.setattr(console, "LARGE", 1)
        assert "/readout?draft=true" in (await lead.get(PAGE)).text
        assert "alone make no readout" in (await lead.get(f"{PAGE}?draft=true")).text
    refused = await lead.post(API, json={"ask": "Seats for all."})
    assert refused.status_code == 409
    assert "Weekly active people alone make no readout (AD-5)" in refused.text
    page = await lead.get(PAGE)
    assert "alone make no readout" in page.text
    assert "Make the readout" not in page.text
    assert (await lead.post(PAGE, data={"ask": "Seats for all."})).status_code == 409


async def test_leaders_are_told_so_and_told_of_together_or_not_at_all(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    ids = await worked(home)
    lead, ana = await sign_in("dana"), await sign_in("ana")
    # Two of five of the team and three of the others: no sum of what is told is of fewer than five of them.
    for person in (home.people["ben"].id, *ids[6:9]):
        assert (await lead.post(f"{API}/leaders", json={"person": person})).status_code == 204

    async def before(moment: datetime) -> None:
        async with home.house.database.transaction() as session:
            await session.execute(update(LeaderRow).values(at=moment))

    async def told_of() -> dict[str, Any]:
        (one,) = [f for f in (await lead.get(f"{API}/draft")).json()["figures"] if f["name"] == "Leaders active"]
        return one  # type: ignore[no-any-return]

    # A week is told of by the list as it stood at its end.
    assert "no leaders were named by the end of" in (await told_of())["absent"]
    await before(long_ago := home.house.clock.now() - timedelta(days=90))
    figures = {one["name"]: one for one in (await lead.get(f"{API}/draft")).json()["figures"]}
    assert figures["Leaders active"]["value"] is None
    assert "fewer than 5" in figures["Leaders active"]["absent"]
    assert (await lead.post(f"{PAGE}/leaders", data={"person": "rita@aldermoor.example"})).status_code == 303
    await before(long_ago)
    told = (await lead.get(f"{API}/draft")).json()
    figures = {one["name"]: one for one in told["figures"]}
    assert (figures["Leaders active"]["n"], figures["Leaders active"]["note"]) == (5, "5 of 5 active")
    # Names of leaders stand on no readout.
    assert "Rita" not in str(told)
    async with home.house.database.transaction() as session:
        from sqlalchemy import select

        notices = (await session.scalars(select(NoticeRow).where(NoticeRow.person_id == home.people["rita"].id))).all()
    assert [one.title for one in notices] == ["You are counted among the leaders"]
    assert (await lead.post(f"{API}/leaders", json={"person": ids[6]})).status_code == 409
    assert (await lead.delete(f"{API}/leaders/{ids[6]}")).status_code == 204
    assert (await lead.delete(f"{API}/leaders/{ids[6]}")).status_code == 404
    # Who takes one out and puts another in sees no other number of the same week.
    assert len((await lead.get(f"{API}/leaders")).json()) == 4
    assert (await lead.post(f"{API}/leaders", json={"person": ids[5]})).status_code == 204
    assert (await told_of())["note"] == "5 of 5 active"
    assert (await ana.get(f"{API}/leaders")).status_code == 403
    assert (await ana.post(f"{API}/leaders", json={"person": ids[7]})).status_code == 403


async def test_hostile_input_is_refused_with_a_reason(home: TestHouse, sign_in: Any) -> None:  # noqa: F811
    lead, ana = await sign_in("dana"), await sign_in("ana")
    for bad in ({"hour": 0}, {"hour": -1}, {"hour": 1e300}, {"currency": "euro"}, {"currency": "€"}, {"source": ""},
                {"source": "x\x00y"}, {"rate": 0}, {"after": 7}, {"seat": "many"}):  # fmt: skip
        answer = await lead.post(f"{API}/assumptions", json=COST | bad)
        assert answer.status_code in (409, 422), (bad, answer.text)
    assert (await lead.post(f"{API}/assumptions", content='{"hour": NaN, "source": "x"}')).status_code == 422
    assert (await lead.post(API, json={"ask": "x" * 5000})).status_code == 422
    assert (await lead.post(API, json={"ask": "x", "weeks": 99})).status_code == 422
    for path in ("0", "2", "-1", "99999999999", "x", "1.exe", "1.pdf"):
        assert (await lead.get(f"{PAGE}/{path}")).status_code in (404, 422), path
    assert (await lead.post(f"{PAGE}/leaders", data={"person": "nobody@aldermoor.example"})).status_code == 404
    assert (await lead.post(f"{PAGE}/leaders", data={"person": "x' OR 1=1"})).status_code == 404
    for path in (PAGE, API, f"{API}/assumptions", f"{API}/draft"):
        assert (await ana.get(path)).status_code == 403
