"""Legal, HR leads and compliance get a seat in the pilot with its sponsor's reason, whichever way they come (PP-3)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.channels.tables import NoticeRow
from colleague.identity.actor import SYSTEM, PermissionMissing
from colleague.identity.directory import get_person
from colleague.identity.people import create_person, set_active, set_department, take_seat_back
from colleague.identity.scim.users import make_user, replace_user
from colleague.identity.seats.hold import current_limit, give_seats, set_limit
from colleague.identity.seats.reason import (
    BadReason,
    NoReasonAsked,
    SponsorReasonNeeded,
    keep_reason,
    of_the_pilot,
    seated_without_reason,
)
from colleague.identity.seats.warn import LEGAL
from colleague.kit.errors import NotFound
from colleague.kit.queue import HOUSE
from colleague.policy.model import Phase
from colleague.rollout.begin import start_gate
from colleague.rollout.cohorts.asked import TITLE, WRITTEN
from colleague.rollout.cohorts.choose import choose_candidate, score_candidate
from colleague.rollout.cohorts.make import make_cohort
from colleague.rollout.cohorts.model import CRITERIA, Answer, Score
from colleague.rollout.define import name_programme
from colleague.rollout.store import current_programme
from colleague.testing.house import TestHouse, furnish
from colleague.testing.programme import past_gate_one, program_of
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
WHY = "He writes the terms that every bid repeats."
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
MORE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> AsyncIterator[TestHouse]:
    found = await furnish(database_url, tmp_path, connectors=(), demo=True)
    await named(found, "tom")
    yield found
    await found.house.close()


def told(home: TestHouse) -> dict[str, Any]:
    return {"ledger": home.house.ledger, "clock": home.house.clock}


async def named(home: TestHouse, sponsor: str) -> None:
    """Let the programme name a sponsor."""
    async with home.house.database.transaction() as session:
        await set_department(session, SYSTEM, home.people[sponsor].id, "Sales", ledger=home.house.ledger)
        await name_programme(
            session, home.people["owner"], sponsor=home.people[sponsor].email, lead=home.people["dana"].email,
            goal="Bids go out in half the time.", **told(home),
        )  # fmt: skip


async def do(home: TestHouse, deed: Any, *things: Any, **more: Any) -> Any:
    async with home.house.database.transaction() as session:
        return await deed(session, home.people["owner"], *things, **told(home), **more)


async def add(home: TestHouse, name: str, department: str = "", **more: Any) -> Any:
    return await do(home, create_person, f"{name}@aldermoor.example", name.title(), department=department, **more)


async def seated(home: TestHouse, person: str) -> bool:
    async with home.house.database.transaction() as session:
        return (await get_person(session, person)).active


async def test_who_is_added_needs_the_reason_and_it_stays_on_record(home: TestHouse) -> None:
    for department in ("Legal", "Human Resources", "Compliance"):
        with pytest.raises(SponsorReasonNeeded, match="Lea would be in the pilot"):
            await add(home, "lea", department)
    with pytest.raises(BadReason):
        await add(home, "lea", "Legal", reason="too short")
    lea = await add(home, "lea", "Legal", reason=WHY)
    assert await seated(home, lea)
    assert await seated(home, await add(home, "max", "Marketing")), "nobody else is asked for one"
    async with home.house.database.transaction() as session:
        found = await of_the_pilot(session, lea)
        assert (found.reason, found.by, found.asked) == (WHY, "Tom Audit", "Tom Audit")
        assert found.writer == home.people["owner"].name, "who wrote it down stays with it"
        bodies = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb == "seat.reason_given")))
    assert len(bodies) == 1
    assert WHY not in bodies[0], "what is said of a person is not in the open row"
    await work(home.house, queue=HOUSE)
    async with home.house.database.transaction() as session:
        told = await session.execute(select(NoticeRow.person_id, NoticeRow.text).where(NoticeRow.title == WRITTEN))
        ((person, text),) = told.all()
    assert person == home.people["tom"].id, "the sponsor hears of words in their name"
    assert f"{home.people['owner'].name} wrote down why Lea may be in the pilot" in text
    assert WHY in text


async def test_there_is_no_way_around_it(home: TestHouse) -> None:
    """Given a seat, let in again, moved to the department afterwards, described by a provider: each asks."""
    lea = await add(home, "lea", "Legal", without="wait")
    assert not await seated(home, lea)
    with pytest.raises(SponsorReasonNeeded):
        await do(home, give_seats, [lea])
    max_ = await add(home, "max")
    async with home.house.database.transaction() as session:
        with pytest.raises(SponsorReasonNeeded):
            await set_department(session, home.people["owner"], max_, "Legal", ledger=home.house.ledger)
    await do(home, set_active, max_, active=False)
    async with home.house.database.transaction() as session:
        await set_department(session, home.people["owner"], max_, "Legal", ledger=home.house.ledger)
    with pytest.raises(SponsorReasonNeeded):
        await do(home, set_active, max_, active=True)
    described = {
        "schemas": [USER, MORE], "userName": "eva@aldermoor.example", "active": True, "title": "General Counsel",
        "displayName": "Eva", "emails": [{"value": "eva@aldermoor.example", "primary": True}],
        MORE: {"department": "Sales"},
    }  # fmt: skip
    eva = (await do(home, make_user, described)).person_id
    fred = (await do(home, make_user, described | {
        "userName": "fred@aldermoor.example", "displayName": "Fred", "title": "Writer",
        "emails": [{"value": "fred@aldermoor.example", "primary": True}],
    })).person_id  # fmt: skip
    assert [await seated(home, one) for one in (eva, fred)] == [False, True], "she waits, and is told so"
    with pytest.raises(SponsorReasonNeeded, match="would be in the pilot"):
        await do(home, give_seats, [eva, lea])
    assert await do(home, give_seats, [eva, lea], reason=WHY) == 2
    await do(home, keep_reason, max_, WHY)
    await do(home, set_active, max_, active=True)
    assert await seated(home, max_)


async def test_the_reason_is_the_sponsors_of_now(home: TestHouse) -> None:
    lea = await add(home, "lea", "Legal", reason=WHY)
    await named(home, "ben")
    async with home.house.database.transaction() as session:
        await take_seat_back(session, home.people["owner"], lea, ledger=home.house.ledger, clock=home.house.clock)
    with pytest.raises(SponsorReasonNeeded):
        await do(home, give_seats, [lea])
    assert await do(home, give_seats, [lea], reason=WHY) == 1


async def test_the_reason_given_when_they_were_chosen_is_not_asked_again(home: TestHouse) -> None:
    lea = await add(home, "lea", "Legal", without="wait")
    score = Score(dict.fromkeys(CRITERIA, Answer(True, "Answers two tenders a week.")))
    cohort = (await do(home, make_cohort, "Pilot")).id
    await do(home, score_candidate, cohort, lea, score)
    await do(home, choose_candidate, cohort, lea, sponsor=home.people["tom"].email, reason=WHY)
    assert await do(home, give_seats, [lea]) == 1


async def test_the_pilot_does_not_start_with_seats_nobody_gave_a_reason_for(home: TestHouse) -> None:
    house, limit = home.house, None
    async with house.database.transaction() as session:
        # As they came before there was a programme.
        limit = await current_limit(session)
        await set_limit(session, SYSTEM, type(limit)(limit.most, limit.words), **told(home))
    lea = await add(home, "lea", "Legal")
    async with house.database.transaction() as session:
        await set_limit(session, SYSTEM, limit, **told(home))
        tom = home.people["tom"].id
        assert "Lea" in {one.name for one in await seated_without_reason(session, tom)}
        judged = await start_gate(session, reach=house.reach, clock=house.clock)
        (seats,) = [one for one in judged.criteria if one.id == "seats"]
        assert (seats.holds, "Lea" in seats.value) == (False, True)
    await do(home, keep_reason, lea, WHY)
    async with house.database.transaction() as session:
        assert "Lea" not in {one.name for one in await seated_without_reason(session)}


async def test_after_gate_one_nobody_is_asked(home: TestHouse) -> None:
    await past_gate_one(home)
    async with home.house.database.transaction() as session:
        assert (await current_programme(session)).phase is Phase.EXPANSION
        limit = await current_limit(session)
        await set_limit(session, SYSTEM, type(limit)(200, "the expansion", by_hand=False), **told(home))
    await named(home, "ben")
    lea = await add(home, "lea", "Legal")
    assert await seated(home, lea)
    with pytest.raises(NoReasonAsked):
        await do(home, keep_reason, lea, WHY)


async def test_who_is_moved_by_a_provider_keeps_the_seat_and_the_reason_is_asked_until_it_is_there(
    home: TestHouse,
) -> None:
    """Nobody is moved into Legal with a seat and without a word: the lead is told, the cohort's page asks (PP-3)."""
    described = {
        "schemas": [USER, MORE], "userName": "fred@aldermoor.example", "active": True, "title": "Writer",
        "displayName": "Fred", "emails": [{"value": "fred@aldermoor.example", "primary": True}],
        MORE: {"department": "Sales"},
    }  # fmt: skip
    fred = (await do(home, make_user, described)).person_id
    cohort = (await do(home, make_cohort, "Pilot")).id
    for change in ({"title": "General Counsel"}, {"displayName": "Frederick"}, {MORE: {"department": "Legal"}}):
        described |= change
        await do(home, replace_user, fred, described)
    assert await seated(home, fred)
    async with home.house.database.transaction() as session:
        verbs = list(await session.scalars(select(EntryRow.verb).where(EntryRow.verb == "seat.reason_asked")))
        assert len(verbs) == 1, "asked once, however often they are described"
    await work(home.house, queue=HOUSE)
    async with home.house.database.transaction() as session:
        told_ = await session.execute(select(NoticeRow.person_id, NoticeRow.link).where(NoticeRow.title == TITLE))
        assert told_.all() == [(home.people["dana"].id, f"/programme/cohorts/{cohort}#asked")]
    async with program_of(home, home.people["owner"], "org:programme:read", "org:programme:manage") as lead:
        at = f"/programme/cohorts/{cohort}"
        assert LEGAL in (await lead.get(at)).text
        proposing = await lead.get(f"{at}/candidates/new", params={"person": "fred@aldermoor.example"})
        assert proposing.status_code == 200
        assert "Frederick" in proposing.text
        (asked,) = (await lead.get(f"/api/v1{at}")).json()["asked"]
        assert (asked["person"], asked["name"], asked["warnings"]) == (fred, "Frederick", [LEGAL])
        assert "1 of them waits" in (await lead.get("/programme")).text
        listed = (await lead.get("/programme/cohorts")).text.partition('id="asked"')[2]
        assert f"/people/{fred}" in listed
        assert LEGAL in listed
        assert (await lead.get("/api/v1/programme")).json()["seats"]["without_reason"] == 1
        assert (await lead.put(f"/api/v1/seats/{fred}/reason", json={"reason": WHY})).status_code == 204
        assert (await lead.get(f"/api/v1{at}")).json()["asked"] == []
        assert LEGAL not in (await lead.get(at)).text
    # Moved once more, they were answered for already.
    await do(home, replace_user, fred, described | {MORE: {"department": "Compliance"}})
    async with home.house.database.transaction() as session:
        assert await seated_without_reason(session) == []


async def test_bad_input(home: TestHouse) -> None:
    lea = await add(home, "lea", "Legal", without="wait")
    for bad in ("", "short", "x" * 601, "seven\u202ewords of no use", "a\x00bcdefghijkl", "\u3164" * 12):
        with pytest.raises(BadReason):
            await do(home, keep_reason, lea, bad)
    for nobody in ("person_nobody", "", "x\x00"):
        with pytest.raises(NotFound):
            await do(home, keep_reason, nobody, WHY)
    with pytest.raises(NoReasonAsked):
        await do(home, keep_reason, home.people["tom"].id, WHY)
    async with home.house.database.transaction() as session:
        with pytest.raises(PermissionMissing):
            await keep_reason(session, home.people["ana"], lea, WHY, **told(home))


async def test_through_the_doors(home: TestHouse) -> None:
    rights = ("org:people:read", "org:people:manage")
    async with program_of(home, home.people["owner"], *rights) as client:
        who = {"name": "Lea", "email": "lea@aldermoor.example", "department": "Legal"}
        refused = await client.post("/api/v1/people", json=who)
        assert (refused.status_code, refused.json()["code"]) == (409, "SponsorReasonNeeded")
        made = await client.post("/api/v1/people", json=who | {"reason": WHY})
        assert (made.status_code, made.json()["department"], made.json()["active"]) == (201, "Legal", True)
        page = (await client.get(f"/people/{made.json()['id']}")).text
        assert WHY in page
        assert "Reason of Tom Audit, the sponsor" in page
        assert "The sponsor&#39;s reason" in (await client.get("/people")).text.replace("'", "&#39;")
        form = {"name": "Eva", "email": "eva@aldermoor.example", "department": "HR"}
        assert (await client.post("/people", data=form)).status_code == 409
        assert (await client.post("/people", data=form | {"reason": WHY})).status_code == 303
        several = await client.post("/people/several", data={"people": "Kim, kim@aldermoor.example, Audit"})
        assert (several.status_code, "Line 1: Kim would be in the pilot" in several.text) == (409, True)
        late = await add(home, "late", "Compliance", without="wait")
        assert (await client.post("/api/v1/seats", json={"people": [late]})).status_code == 409
        assert (await client.put(f"/api/v1/seats/{late}/reason", json={"reason": WHY})).status_code == 204
        assert (await client.post("/api/v1/seats", json={"people": [late]})).json() == {"given": 1}
        later = await add(home, "later", "Compliance", without="wait")
        assert (await client.post("/people/seats", data={"person": later})).status_code == 409
        assert (await client.post("/people/seats", data={"person": later, "reason": WHY})).status_code == 303
        other = await add(home, "other", "Compliance", without="wait")
        assert (await client.post(f"/people/{other}/reason", data={"reason": WHY})).status_code == 303
        assert (await client.post(f"/people/{other}/seat", data={"give": "true"})).status_code == 303
