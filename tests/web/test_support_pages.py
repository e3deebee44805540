"""Tickets through pages and API: anybody writes one, champions go first, answers are told, and nobody is counted."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from colleague.adoption.calendar import Holiday, add_holidays
from colleague.audit.tables import EntryRow
from colleague.channels.page import list_notices
from colleague.identity.people import assign_role, set_active
from colleague.rollout.evidence import collect
from colleague.support.bring_in import bring_in
from colleague.support.model_card import confirmed
from colleague.support.read import kept_promises, tickets
from colleague.support.tables import AnswerRow, TicketRow
from colleague.tasks.delegate import delegate
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
API = "/api/v1/support"
CARD = {
    "channels": "page, mail", "hours": "Monday to Friday", "owner": "dana@aldermoor.example", "champion_hours": "4",
    "everybody_hours": "16", "after": "0",
}  # fmt: skip
CSV = b"external_id,opened_at,title,category,state\nINC-1,2025-11-20,Cannot sign in,access,open\n"


@pytest.fixture
async def lead(home: TestHouse, sign_in: Any) -> Any:
    """Dana leads the programme and answers tickets; so may the owner of the house. Ben is a champion."""
    async with home.house.database.transaction() as session:
        for who, role in (("dana", "programme_lead"), ("ben", "champion")):
            person = home.people[who].id
            await assign_role(
                session,
                home.people["owner"],
                person,
                role,
                ledger=home.house.ledger,
                decided=role == "champion",
            )
    return await sign_in("dana")


async def wrote(client: Any, title: str = "The summary left out section 4", **more: Any) -> dict[str, Any]:
    answer = await client.post(f"{API}/tickets", json={"title": title, "text": "Twice today."} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def notices(home: TestHouse, who: str) -> list[tuple[str, str]]:
    async with home.house.database.transaction() as session:
        return [(n.title, n.link) for n in await list_notices(session, home.people[who])]


async def test_from_writing_to_solved_on_the_pages(home: TestHouse, sign_in: Any, lead: Any) -> None:
    ana = await sign_in("ana")
    assert "You have written no ticket yet" in (await ana.get("/support")).text
    form = (await ana.get("/support/new?rule=external-recipient")).text
    assert "external-recipient" in form
    assert 'value="policy refusal" selected' in form
    words = {"title": "It refused my mail", "text": "To Acme,\r\nour client.", "rule": "external-recipient"}
    at = ""
    for _ in range(2):
        at = (await ana.post("/support?once=" + "a" * 32, data=words)).headers["location"]
    shown = (await ana.get(at)).text
    assert "It refused my mail" in shown
    assert (await ana.get("/support")).text.count("It refused my mail") == 1
    assert "To be answered" not in (await ana.get("/support")).text
    # Sorted first, then answered; who wrote it is told without its words.
    assert "It refused my mail" in (await lead.get("/support")).text
    assert "Sort it first" in (await lead.get(at)).text
    assert (await lead.post(f"{at}/say", data={"text": "Ask for a grant."})).status_code == 409
    assert (await lead.post(f"{at}/sort", data={"category": "gossip"})).status_code == 422
    assert (await lead.post(f"{at}/sort", data={"category": "policy refusal", "connector": "mail"})).status_code == 303
    assert (await lead.post(f"{at}/say", data={"text": "Ask for a grant."})).status_code == 303
    assert ("Your ticket was answered", at) in await notices(home, "ana")
    assert "Ask for a grant." in (await ana.get(at)).text
    assert (await ana.post(f"{at}/say", data={"text": "Still no."})).status_code == 303
    # One notice until it is answered, and sixty words of one person in a day.
    assert (await ana.post(f"{at}/say", data={"text": "Anybody?"})).status_code == 303
    assert (await notices(home, "dana")).count(("Somebody said more on a ticket", at)) == 1
    async with home.house.database.transaction() as session:
        now, said = home.house.clock.now(), home.people["ana"].id
        session.add_all([
            AnswerRow(id=f"word_{n}", ticket_id=at.rpartition("/")[2], by=said, at=now, text="?", ours=False)
            for n in range(58)
        ])  # fmt: skip
    refused = await ana.post(f"{at}/say", data={"text": "Hello?"})
    assert (refused.status_code, "Sixty words" in refused.text) == (409, True)
    async with home.house.database.transaction() as session:
        await session.execute(delete(AnswerRow).where(AnswerRow.text == "?"))
    assert (await lead.post(f"{at}/say", data={"text": "Granted.", "close": "on"})).status_code == 303
    assert (await lead.post(f"{at}/say", data={"text": "Once more."})).status_code == 409
    assert (await ana.post(f"{at}/say", data={"text": "No!"})).status_code == 303
    assert (await ana.post(f"{at}/close")).status_code == 303
    async with home.house.database.transaction() as session:
        kept = [body for body in await session.scalars(select(EntryRow.body)) if '"ticket.' in body]
    assert len(kept) == 8
    assert not any("Acme" in e or "refused my mail" in e or "grant" in e for e in kept)


async def test_a_page_that_says_no_leads_to_a_ticket_about_it(sign_in: Any, lead: Any) -> None:
    ana = await sign_in("ana")
    said = (await ana.get("/support/import")).text
    assert "/support/new?rule=PermissionMissing" in said
    assert "<code>PermissionMissing</code>" in (await ana.get("/support/new?rule=PermissionMissing")).text
    assert "/support/new" not in (await (await sign_in("")).get("/nowhere")).text
    odd = await ana.get('/support/new?rule="><script>&task=%00&category=people&use_case=%22')
    assert odd.status_code == 200
    assert "<script>" not in odd.text.split("<main")[1]


async def test_a_ticket_is_its_writers_and_supports(home: TestHouse, sign_in: Any, lead: Any) -> None:
    ana, ben, tom = await sign_in("ana"), await sign_in("ben"), await sign_in("tom")
    made = await wrote(ana)
    at = f"{API}/tickets/{made['id']}"
    for other in (ben, tom):
        assert (await other.get(at)).status_code == 404
        assert (await other.get(f"/support/{made['id']}")).status_code == 404
        assert (await other.get(f"{API}/queue")).status_code == 403
        assert (await other.post(f"{at}/close")).status_code == 404
        assert (await other.post(f"{API}/imports/desk", content=CSV)).status_code == 403
    assert (await ben.post(f"{at}/more", json={"text": "Mine too."})).status_code == 404
    assert (await ben.post(f"{at}/answers", json={"text": "Fine."})).status_code == 403
    assert (await ben.post(f"{at}/sort", json={"category": "access"})).status_code == 403
    assert (await tom.post(f"{API}/tickets", json={"title": "a", "text": "b"})).status_code == 403
    for bad in ("ticket_" + "0" * 26, "%00", "x"):
        assert (await lead.get(f"{API}/tickets/{bad}")).status_code == 404
    own = await wrote(lead, category="how-to")
    assert "wrote this ticket" in (await lead.post(f"{API}/tickets/{own['id']}/answers", json={"text": "a"})).text
    queue = (await lead.get(f"{API}/queue")).text
    assert "person" not in queue
    assert "Ana" not in queue + (await lead.get("/support")).text


async def test_what_is_linked_is_checked(home: TestHouse, sign_in: Any, lead: Any) -> None:
    ana, ben, house = await sign_in("ana"), await sign_in("ben"), home.house
    async with house.database.transaction() as session:
        task = await delegate(
            session, home.people["ana"], "Go", [], model="extractive", tools={}, ledger=house.ledger, clock=house.clock
        )
    assert (await wrote(ana, task=task))["id"]
    assert (
        "or you may not see it"
        in (await ben.post(f"{API}/tickets", json={"title": "a", "text": "b", "task": task})).text
    )
    for wrong in (
        {"task": "task_x"}, {"task": "\x00"}, {"use_case": "uc_" + "0" * 26}, {"connector": "fax"}, {"title": " "},
        {"title": "a\nb" * 99}, {"text": "\u202e"}, {"text": "x" * 8001}, {"rule": "a b"}, {"category": "people"},
    ):  # fmt: skip
        answer = await ana.post(f"{API}/tickets", json={"title": "a", "text": "b"} | wrong)
        assert answer.status_code == 422, (wrong, answer.text)
    page = (await ana.get(f"/tasks/{task}")).text
    assert f"/support/new?task={task}" in page


async def test_nobody_fills_the_queue(home: TestHouse, sign_in: Any, lead: Any) -> None:
    ana = await sign_in("ana")
    for n in range(30):
        await wrote(ana, f"Ticket {n}")
    assert (await ana.post(f"{API}/tickets", json={"title": "a", "text": "b"})).status_code == 409


async def test_champions_go_first_within_their_own_time(home: TestHouse, sign_in: Any, lead: Any) -> None:
    owner, ana, ben = await sign_in("owner"), await sign_in("ana"), await sign_in("ben")
    assert (await wrote(ana))["due_at"] is None
    assert (await ana.post("/support/model", data=CARD)).status_code == 403
    for wrong in (
        {"owner": "ana@aldermoor.example"}, {"owner": "x"}, {"champion_hours": "20"}, {"everybody_hours": "81"},
        {"champion_hours": "0"}, {"channels": ""}, {"hours": ""},
    ):  # fmt: skip
        assert (await lead.post("/support/model", data=CARD | wrong)).status_code == 422, wrong
    assert (await lead.post("/support/model", data=CARD)).status_code == 303
    assert (await lead.post("/support/model", data=CARD)).status_code == 409
    assert "somebody else" in (await lead.get("/support/model")).text
    assert (await lead.post("/support/model/confirm", data={"version": "1"})).status_code == 403
    assert (await owner.post("/support/model/confirm", data={"version": "2"})).status_code == 409
    assert (await owner.post("/support/model/confirm", data={"version": "1"})).status_code == 303
    assert "confirmed by Olga Owner" in (await lead.get("/support/model")).text
    assert "Dana Whitfield answers for support" in (await ana.get("/support")).text
    first, second = await wrote(ana, "From Ana", category="how-to"), await wrote(ben, "From Ben", category="how-to")
    assert second["champion"]
    assert second["due_at"] < first["due_at"]
    order = [t["title"] for t in (await lead.get(f"{API}/queue")).json()]
    assert order == ["From Ben", "From Ana", "The summary left out section 4"]
    assert [t for t, _ in await notices(home, "dana")] == ["A ticket waits for an answer"] * 2
    assert (await lead.post(f"{API}/tickets/{second['id']}/answers", json={"text": "So."})).status_code == 201
    now = home.house.clock.now()
    async with home.house.database.transaction() as session:
        promises = await kept_promises(session, now - timedelta(days=1), now + timedelta(days=1), now=now)
        assert (promises.promised, promises.in_time, promises.running) == (1, 1, 1)
    async with home.house.database.transaction() as session:
        today = home.house.clock.now().date()
        days = [Holiday(today + timedelta(days=n), "Carnival") for n in range(14)]
        await add_holidays(session, home.people["owner"], days, ledger=home.house.ledger, clock=home.house.clock)
    third = await wrote(ana, "From Ana in the holidays", category="how-to")
    days_off = datetime.fromisoformat(third["due_at"]).date() - today
    assert days_off >= timedelta(days=14), "no hour of a holiday is one of work"
    async with home.house.database.transaction() as session:
        assert (await confirmed(session)).owner_name == "Dana Whitfield"  # type: ignore[union-attr]
        await set_active(
            session, home.people["owner"], home.people["dana"].id, active=False, ledger=home.house.ledger,
            clock=home.house.clock,
        )  # fmt: skip
    async with home.house.database.transaction() as session:
        assert await confirmed(session) is None


async def test_tickets_a_week_are_for_who_reads_adoption_and_the_gate_reads_the_model(
    home: TestHouse, sign_in: Any, lead: Any
) -> None:
    owner, ana = await sign_in("owner"), await sign_in("ana")
    await wrote(ana, category="access")
    for path in ("/programme/tickets", "/api/v1/programme/tickets"):
        assert (await ana.get(path)).status_code == 403
    shown = (await lead.get("/programme/tickets")).text
    assert "access 1" in shown
    assert "Ana" not in shown
    found = (await lead.get("/api/v1/programme/tickets")).json()
    assert (found["weeks"][0]["tickets"], found["weeks"][0]["rate"], found["decline"]) == (1, None, None)
    async with home.house.database.transaction() as session:
        assert (await collect(session, clock=home.house.clock)).support is None
    await lead.post("/support/model", data=CARD)
    await owner.post("/support/model/confirm", data={"version": "1"})
    async with home.house.database.transaction() as session:
        signed = (await collect(session, clock=home.house.clock)).support
    assert signed is not None
    assert (signed.by, signed.words) == (home.people["owner"].id, "version 1, confirmed")


async def test_a_list_is_imported_once_and_changed_by_the_next(home: TestHouse, sign_in: Any, lead: Any) -> None:
    sent = {"file": ("tickets.csv", CSV), "source": (None, "servicedesk")}
    done = (await lead.post("/support/import", files=sent)).text
    assert "1 new, 0 changed, 0 as before" in done
    assert (await lead.post(f"{API}/imports/servicedesk", content=CSV)).json()["unchanged"] == 1
    closed = CSV.replace(b",open\n", b",closed\n")
    assert (await lead.post(f"{API}/imports/servicedesk", content=closed)).json()["changed"] == 1
    # A ticket that is known keeps its day: no list moves it out of the weeks that later ones are held against.
    moved = re.sub(rb"\b20\d\d-", b"2003-", closed)
    assert moved != closed
    assert (await lead.post(f"{API}/imports/servicedesk", content=moved)).status_code == 200
    assert (await lead.post(f"{API}/imports/other", content=CSV)).json()["created"] == 1
    bad = await lead.post(
        "/support/import", files={"file": ("a.csv", CSV + b"2,soon,=1,,\n"), "source": (None, "servicedesk")}
    )
    assert bad.status_code == 422
    assert "Line 3: its title begins like a formula" in bad.text
    assert (await lead.post(f"{API}/imports/servicedesk", content=CSV * 80_000)).status_code in (413, 422)
    for source in ("page", "Desk 1", "x", "%00ab"):
        assert (await lead.post(f"{API}/imports/{source}", content=CSV)).status_code == 422, source
    linked = b"external_id,opened_at,title,use_case,connector\n1,2025-11-20,a,Nothing,fax\n"
    refused = (await lead.post(f"{API}/imports/servicedesk", content=linked)).json()["message"]
    assert "Line 2: there is no use case «Nothing»." in refused
    assert "Line 2: there is no connector «fax»." in refused
    async with home.house.database.transaction() as session:
        now = home.house.clock.now()
        found = await tickets(session, now - timedelta(days=999), now)
        assert [t.category for t in found] == ["access", "access"]
        assert {t.at.year for t in found} != {2003}
        state = await session.scalar(select(TicketRow.state).where(TicketRow.source == "servicedesk"))
    assert state == "closed"


async def test_two_imports_at_once_write_each_ticket_once(home: TestHouse, lead: Any) -> None:
    house, actor = home.house, home.people["owner"]

    async def once() -> int:
        async with house.database.transaction() as session:
            done = await bring_in(
                session, actor, "desk", CSV, registry=house.registry, ledger=house.ledger, clock=house.clock
            )
            return done.created

    assert sorted(await asyncio.gather(*(once() for _ in range(4)))) == [0, 0, 0, 1]
    async with house.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(TicketRow)) == 1
