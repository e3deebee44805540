"""A use case is validated by what was measured, completed, reviewed and signed by its owner, and by nothing less."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.adoption.conftest import Programme
from tests.adoption.test_frozen import freeze

from colleague.adoption.frozen.recheck import recheck
from colleague.adoption.items import close_item, list_items
from colleague.adoption.model import RunFact
from colleague.adoption.risk import Lead, summed
from colleague.adoption.validation import (
    NEWEST,
    NothingToSign,
    NotItsOwner,
    NotLaunched,
    portfolio_of,
    proof_of,
    see_validations,
    sign_off,
    validations,
)
from colleague.adoption.watch import check_measurements
from colleague.adoption.weeks import Calendar
from colleague.audit.event import Event
from colleague.audit.tables import EntryRow
from colleague.identity.actor import Actor
from colleague.identity.people import set_department
from colleague.kit.ids import new_id
from colleague.rollout.define import name_programme
from colleague.rollout.evidence import collect
from colleague.testing.programme import crowd
from colleague.usecases.model import Card, Measured
from colleague.usecases.tables import CardRow, ObservationRow, UseCaseRow

pytestmark = pytest.mark.anyio
PEOPLE = ("ana", "ben", "tom", "dana", "rita", "owner")


async def live(
    programme: Programme, before: Sequence[float], *, name: str = "RFP", skill: str = "rfp", department: str = ""
) -> str:
    """Put a use case of Ana's on record that went live now, with its measured times."""
    case, now = new_id("case"), programme.clock.now()
    ana = programme.home.people["ana"].id
    async with programme.house.database.transaction() as session:
        session.add(UseCaseRow(
            id=case, name=name, state="live", version=1, created_at=now, live_at=now, new_capability="", retired_why=""
        ))  # fmt: skip
        await session.flush()
        card = Card(name, owner=ana, skill=skill, department=department).to_json()
        session.add(CardRow(use_case_id=case, version=1, card=card, by=ana, at=now))
        for n, minutes in enumerate(before):
            person = programme.home.people[PEOPLE[n % len(PEOPLE)]].id
            session.add(ObservationRow(
                id=new_id("obs"), use_case_id=case, version=1, person_id=person, minutes=minutes, on=now.date(),
                how="timed", note="", by=ana, at=now, withdrawn_why="",
            ))  # fmt: skip
    return case


async def ran(
    programme: Programme, minutes: Sequence[float], *, skill: str = "everyone:rfp", taken: bool = True,
    end: str = "completed", people: Sequence[str] = PEOPLE, verdict: bool | None = None,
) -> None:  # fmt: skip
    """Let runs of a skill end, each after some minutes, and be taken."""
    for n, length in enumerate(minutes):
        person, run = programme.home.people[people[n % len(people)]].id, new_id("run")
        begun = Event("task.delegated", person, subject=new_id("task"), run=run)
        await programme.do(programme.house.ledger.record, begun)
        await programme.record("run.started", "agent", run=run)
        await programme.record("skill.used", "agent", run=run, name=skill)
        programme.clock.advance(minutes=length)
        await programme.record(f"run.{end}", "agent", run=run)
        if taken and end == "completed":
            await programme.do(programme.house.ledger.record, Event("output.taken", person, subject="out", run=run))
        if verdict is not None:
            await programme.record("output.reviewed", "rita", run=run, accepted=verdict)


async def proof(programme: Programme) -> Any:
    await programme.rolled()
    (found,) = await programme.do(validations, clock=programme.clock)
    return found


async def test_from_measured_to_signed(programme: Programme) -> None:
    ana, ben, told = programme.home.people["ana"], programme.home.people["ben"], programme.told
    case = await live(programme, [100 + n for n in range(12)])
    await ran(programme, [50 + n for n in range(12)], verdict=True)
    await ran(programme, [5], taken=False)
    await ran(programme, [1] * 3, skill="other")
    found = await proof(programme)
    assert (found.case.n, found.after, found.silent, found.reviewed, found.passed) == (12, 12, 1, 12, 12)
    assert found.time.share.value == pytest.approx(1 - 55.5 / 105.5)
    assert found.time.strength == "indicative"
    assert found.same.share.n == found.time.share.n
    assert found.validation.missing == ("a completion of 60 % or more", "the owner's signature")
    with pytest.raises(NothingToSign, match="completion"):
        await programme.do(sign_off, ana, case, **told)
    programme.clock.advance(days=14)
    assert (await proof(programme)).validation.missing == ("the owner's signature",)
    for who, wanted, why in ((ben, case, NotItsOwner), (ana, "case_x", NotLaunched), (ana, "\x00", NotLaunched)):
        with pytest.raises(why):
            await programme.do(sign_off, who, wanted, **told)
    async with programme.client(ana, "own:tasks:use", "org:usecases:read") as client:
        assert "Sign off version 1" in (await client.get("/adoption/use-cases")).text
        assert (await client.post(f"/adoption/use-cases/{case}/sign-off")).status_code == 303
        assert (await client.post(f"/api/v1/adoption/use-cases/{case}/sign-off")).status_code == 204
        shown = (await client.get("/api/v1/adoption/use-cases")).json()
        assert (shown["use_cases"][0]["validated"], shown["portfolio"]) == (True, None)
    assert (await proof(programme)).validation.holds
    # Another version of the card is another signature.
    async with programme.house.database.transaction() as session:
        (await session.get_one(UseCaseRow, case)).version = 2
        session.add(CardRow(
            use_case_id=case, version=2, card=Card("RFP", owner=ben.id, skill="rfp").to_json(), by=ana.id,
            at=programme.clock.now(),
        ))  # fmt: skip
    assert (await proof(programme)).validation.missing == ("the owner's signature",)
    # Nor is a card validated that nobody approved, whoever signs it.
    async with programme.house.database.transaction() as session:
        (await session.get_one(UseCaseRow, case)).state = "draft"
    with pytest.raises(NothingToSign, match="it is draft"):
        await programme.do(sign_off, ben, case, **told)


async def test_nothing_is_shown_under_ten_an_arm(programme: Programme) -> None:
    await live(programme, [100] * 9)
    await ran(programme, [50] * 12)
    found = await proof(programme)
    assert found.time.share is None
    assert "9 and 12 so far" in found.validation.missing[0]
    assert await portfolio_of([found]) is None


async def test_hours_are_told_with_their_interval_and_method(programme: Programme) -> None:
    await live(programme, [100.0] * 12)
    await ran(programme, [50.0] * 12)
    await programme.rolled()
    async with programme.client(programme.lead, "org:adoption:read", "org:programme:read") as client:
        shown = (await client.get("/api/v1/adoption/use-cases")).json()
        page = (await client.get("/adoption/use-cases")).text
        month = (await client.get("/programme/first-month")).text
        written = (await client.get("/api/v1/programme/first-month")).json()["retention"]
    # There are two retentions: each says which it is, and leads to the other.
    for words, mine, other in (
        (page, "Retention after a measured saving", "/programme/first-month#retention"),
        (month, "Retention after a written saving", "/adoption/use-cases#first-week"),
    ):
        assert mine in words
        assert f'href="{other}"' in words
    assert (shown["first_week"]["savings"], written["savings"]) == ("measured", "written down by the person")
    assert (shown["first_week"]["other"], written["other"]) == (
        "/api/v1/programme/first-month", "/api/v1/adoption/use-cases"
    )  # fmt: skip
    assert shown["portfolio"]["hours"]["value"] == pytest.approx(10)
    assert shown["portfolio"]["reduction"]["value"] == pytest.approx(0.5)
    assert "draws of people" in shown["portfolio"]["method"]
    assert "10 hours saved" in page
    # Twelve times an arm are no figure for a readout, and the sum says so as its use case does.
    assert (shown["portfolio"]["strength"], shown["portfolio"]["indicative"]) == ("indicative", 1)
    assert "1 of 1 has fewer than 30 times before or after" in page


async def test_hours_count_every_output_though_times_are_sampled() -> None:
    at, people = datetime(2026, 3, 2, tzinfo=UTC), [f"p{n}" for n in range(8)]
    case = Measured("c", "RFP", "rfp", "o", "", "live", 1, at, "", {p: [100.0] * 4 for p in people}, 0)
    runs = [
        RunFact(
            f"r{n}", people[n % 8], "rfp", begun := at + timedelta(minutes=n), "delivered", begun, input_at=begun,
            accepted_at=begun + timedelta(minutes=40),
        )
        for n in range(NEWEST + 400)
    ]  # fmt: skip
    found = await portfolio_of([proof_of(case, runs, None, Calendar("UTC"), at + timedelta(days=30))])
    assert found is not None
    assert (found.hours.value, found.hours.n) == (NEWEST + 400, NEWEST + 400)
    assert (found.strength, found.indicative) == ("readout", 0)


async def test_waiting_for_approvals_is_shown_apart_from_the_time_it_is_in(programme: Programme) -> None:
    await live(programme, [100.0] * 12)
    people = [programme.home.people[name].id for name in PEOPLE]
    for n in range(12):
        person, run, question = people[n % len(people)], new_id("run"), new_id("ask")
        await programme.do(programme.house.ledger.record, Event("task.delegated", person, new_id("task"), run))
        await programme.record("skill.used", "agent", run=run, name="everyone:rfp", approved=True)
        programme.clock.advance(minutes=10)
        if n < 9:
            await programme.record("approval.asked", "agent", subject=question, run=run)
            programme.clock.advance(minutes=30)
            await programme.record("approval.approved", person, subject=question, run=run)
        programme.clock.advance(minutes=10)
        await programme.record("run.completed", "agent", run=run)
        await programme.do(programme.house.ledger.record, Event("output.taken", person, subject="out", run=run))
    found = await proof(programme)
    assert (found.time.after, found.queue.median, found.queue.waited, found.queue.n) == (50, 30, 9, 12)
    async with programme.client(programme.lead, "org:adoption:read") as client:
        told = (await client.get("/api/v1/adoption/use-cases")).json()["use_cases"][0]
        page = (await client.get("/adoption/use-cases")).text
    assert told["queue"] == {"median": 30, "waited": 9, "n": 12}
    assert "Of it waiting for approvals: median 30 min; 9 of 12 waited" in page


async def seen_by(programme: Programme, who: Actor) -> Any:
    """Return what the page tells somebody, where the programme lead is named."""

    async def named(_: Any) -> str:
        return programme.lead.id

    return await programme.do(see_validations, who, lead=Lead(named), **programme.told)


async def test_times_of_fewer_than_five_people_are_the_leads_alone(programme: Programme) -> None:
    await live(programme, [100.0] * 12)
    await ran(programme, [50.0] * 12, people=("ana", "ben"))
    await programme.rolled()
    seen = {}
    for who in ("owner", "tom"):
        (seen[who],) = await seen_by(programme, programme.home.people[who])
    (of_lead,) = await seen_by(programme, programme.lead)
    for who in ("tom", "owner"):
        assert (seen[who].veiled, seen[who].time, seen[who].queue) == (True, None, None)
    # Nor does a program tell it, in whoever's name: only the page tells the lead, and the ledger who looked.
    (by_program,) = await programme.do(see_validations, programme.lead, **programme.told)
    assert by_program.veiled
    async with programme.house.database.transaction() as session:
        looked = (await session.scalars(select(EntryRow.actor).where(EntryRow.verb == "proofs.read"))).all()
    assert looked == [programme.lead.id]
    assert of_lead.time is not None
    assert "reduction" not in str(seen["tom"].to_json()["time"])
    assert await seen_by(programme, programme.home.people["ben"]) == []
    async with programme.client(programme.home.people["ben"], "own:tasks:use") as client:
        assert (await client.get("/adoption/use-cases")).status_code == 403


async def test_runs_of_one_person_are_the_leads_alone_without_a_baseline_too(programme: Programme) -> None:
    await live(programme, [])
    await ran(programme, [50.0] * 12, people=("ana",), verdict=True)
    programme.clock.advance(days=8)
    await programme.rolled()
    (told,) = await seen_by(programme, programme.home.people["tom"])
    (of_lead,) = await seen_by(programme, programme.lead)
    assert (told.veiled, told.completion, told.reviewed, of_lead.reviewed) == (True, None, 0, 12)


async def test_the_same_people_are_told_of_from_five_on(programme: Programme) -> None:
    await live(programme, [100.0] * 5)
    await ran(programme, [50.0] * 25, people=("ben", "tom", "dana", "rita", "owner"))
    await programme.rolled()
    (told,) = await seen_by(programme, programme.home.people["tom"])
    (of_lead,) = await seen_by(programme, programme.lead)
    assert (told.veiled, told.same, of_lead.same.people) == (False, None, 4)


async def test_a_low_completion_opens_a_redesign_and_no_training(programme: Programme) -> None:
    case = await live(programme, [100.0] * 12)
    await ran(programme, [5.0] * 2)
    await ran(programme, [5.0] * 20, end="failed")
    programme.clock.advance(days=21)
    await freeze(programme)
    (item,) = await programme.do(list_items, programme.lead, state="open")
    assert (item.kind, item.about) == ("redesign", f"use_case:{case}")
    assert "9 % of 22 runs" in item.why
    assert "why the others were not: system 20." in item.why
    await programme.do(close_item, programme.lead, item.id, "Split in two.", **programme.told)
    await freeze(programme)
    assert await programme.do(list_items, programme.lead, state="open") == []


async def test_a_reduction_that_is_too_good_is_to_be_checked_once(programme: Programme) -> None:
    case = await live(programme, [1000.0] * 12)
    await ran(programme, [10.0] * 12)
    await programme.rolled()
    database = programme.house.database
    assert await check_measurements(database, **programme.told) == [case]
    (item,) = await programme.do(list_items, programme.lead, state="open")
    assert (item.kind, "99 % less" in item.why) == ("measurement", True)
    await programme.do(close_item, programme.lead, item.id, "It is a look-up.", **programme.told)
    assert await check_measurements(database, **programme.told) == []


async def test_a_run_before_launch_is_none_of_it(programme: Programme) -> None:
    await ran(programme, [50.0] * 3)
    programme.clock.advance(days=1)
    await live(programme, [100.0] * 12)
    assert (await proof(programme)).after == 0


async def test_a_run_is_of_one_use_case_however_many_cards_name_its_skill(programme: Programme) -> None:
    """PH-5, B-9, AD-2: nothing is counted twice, and one skill is one validated use case."""
    ana, told = programme.home.people["ana"], programme.told
    await programme.do(set_department, programme.home.people["owner"], programme.home.people["ben"].id, "Tenders",
                       ledger=programme.house.ledger)  # fmt: skip
    every = await live(programme, [100.0 + n for n in range(12)])
    await live(
        programme, [100.0 + n for n in range(12)], name="RFP of Tenders", skill="everyone:rfp", department="tenders"
    )
    late = await live(programme, [900.0] * 12, name="RFP of Legal", department="Legal")
    async with programme.house.database.transaction() as session:
        # It had ended: what it had before is not asked.
        row = await session.get_one(UseCaseRow, late)
        row.state, row.retired_at = "retired", programme.clock.now()
    programme.clock.advance(days=1)
    for who in ("ana", "ben"):
        await ran(programme, [50.0 + n for n in range(12)], verdict=True, people=(who,))
    programme.clock.advance(days=14)
    await programme.rolled()
    found = {one.case.name: one for one in await programme.do(validations, clock=programme.clock)}
    assert {name: (one.after, one.people) for name, one in found.items()} == {
        "RFP": (12, 1), "RFP of Tenders": (12, 1), "RFP of Legal": (0, 0),
    }  # fmt: skip
    for name in ("RFP", "RFP of Tenders"):
        await programme.do(sign_off, ana, found[name].case.id, **told)
    evidence = await programme.do(collect, clock=programme.clock)
    assert evidence.validated["RFP"] == ""
    assert "a skill of its own" in evidence.validated["RFP of Tenders"]
    assert "RFP of Legal" not in evidence.validated
    # A use case that ended gets no more runs: they are those of the one that is left.
    async with programme.house.database.transaction() as session:
        row = await session.get_one(UseCaseRow, every)
        row.state, row.retired_at = "retired", programme.clock.now()
    await ran(programme, [50.0] * 3, people=("ana",))
    await programme.rolled()
    counts = {one.case.name: one.after for one in await programme.do(validations, clock=programme.clock)}
    assert counts == {"RFP": 12, "RFP of Tenders": 15, "RFP of Legal": 0}


async def test_own_numbers_are_ones_own(programme: Programme) -> None:
    await live(programme, [100.0] * 12)
    await ran(programme, [50.0] * 6)
    await ran(programme, [20.0] * 2, skill="policy", people=("ben",))
    await programme.rolled()
    async with programme.client(programme.home.people["ben"], "own:tasks:use") as client:
        mine = (await client.get("/api/v1/adoption/mine")).json()
        page = (await client.get("/adoption/mine")).text
    assert mine["kinds"] == {"rfp": 1, "policy": 2}
    assert [(c["name"], c["before"], c["after"], c["was"], c["now"]) for c in mine["cases"]] == [("RFP", 2, 1, 100, 50)]
    assert sum(week["delivered"] for week in mine["weeks"]) == 3
    assert "50 min after" in page
    assert len(mine["weeks"]) == 12


async def test_the_weekly_numbers_tell_the_time_beside_the_rest(programme: Programme) -> None:
    await ran(programme, [90.0] * 12)
    programme.clock.advance(days=14)
    await freeze(programme)
    await live(programme, [100.0] * 12)
    # A launch is no correction of the weeks before it: nothing was «after» then.
    assert (await recheck(programme.house.database, **programme.told)).corrected == {}
    programme.clock.advance(days=7)
    await ran(programme, [50.0] * 12)
    await programme.rolled()
    async with programme.client(programme.lead, "org:adoption:read") as client:
        now, _, _, before = (await client.get("/api/v1/adoption/weeks?count=4")).json()["weeks"]
        page = (await client.get("/adoption")).text
    assert (now["time"]["reduction"], now["time"]["after"]) == (pytest.approx(0.5), 12)
    assert before["time"] is None
    assert "50 % less" in page


async def test_who_does_not_come_back_is_named_to_the_lead_alone(programme: Programme) -> None:
    house, people = programme.house, programme.home.people
    more = await crowd(programme.home, 4)
    for person in (*people.values(), *more):
        event = Event("sign_in.succeeded", person.id, subject=person.id, person=person.id)
        await programme.do(programme.house.ledger.record, event)
    for _ in range(5):
        programme.clock.advance(days=7)
        for who in ("ana", "ben"):
            for _ in range(3):
                await programme.record("task.steered", who)
                programme.clock.advance(minutes=40)
                await programme.record("task.steered", who)
            programme.clock.advance(minutes=-120)
    programme.clock.advance(days=10)
    await programme.rolled()
    tom, owner = people["tom"], people["owner"]

    async def seen_by(who: Actor, *more: str) -> str:
        async with programme.client(who, "org:adoption:read", *more) as client:
            page: str = (await client.get("/adoption/risk")).text
        return page.split("Who does not come back</h1>")[1]

    # Who may run the programme and who owns the house see how many, as long as nobody is named to lead it.
    for who in (programme.lead, owner):
        page = await seen_by(who, "org:programme:manage")
        assert ("Tom Audit" in page, "never activated" in page) == (False, True)
    async with house.database.transaction() as session:
        await set_department(session, owner, people["ben"].id, "Bids", ledger=house.ledger)
        await name_programme(
            session, owner, sponsor=people["ben"].email, lead=programme.lead.email, goal="Answer more bids.",
            ledger=house.ledger, clock=house.clock,
        )  # fmt: skip
        await session.execute(
            text("UPDATE people SET manager_id = :lead WHERE id = :one"), {"lead": programme.lead.id, "one": more[0].id}
        )
    page = await seen_by(programme.lead)
    assert "Tom Audit" in page
    assert "never activated" in page
    assert "Ana Ruiz" not in page
    assert "P 02" in page
    assert "P 01" not in page, "they report to the lead"
    async with programme.client(programme.lead, "org:adoption:read", "org:programme:manage") as client:
        asked = (await client.get("/api/v1/adoption/risk")).json()
        curves = (await client.get("/api/v1/adoption/curves")).json()["curves"]
    assert asked["counts"] == {"never activated": 8}
    assert asked["seats"] > 8, "of how many"
    # They signed in on a Tuesday, which leaves that week four worked days: it is the first, and nobody acted in it.
    assert [round(share["value"], 2) for share in curves[0]["shares"][:3]] == [0, 0.2, 0.2]
    for who, rights in ((tom, ()), (owner, ("org:programme:manage", "org:people:manage"))):
        seen = await seen_by(who, *rights)
        assert "Dana" not in seen
        assert "8 never activated" in seen
    async with programme.client(people["ana"], "own:tasks:use") as client:
        assert (await client.get("/adoption/risk")).status_code == 403


def test_few_who_stand_in_one_way_are_told_of_together() -> None:
    """B-12: no count below five, and none that another one gives away."""

    def told(**counts: int) -> Any:
        found: Any = [(f"{risk}{n}", risk.replace("_", " ")) for risk, count in counts.items() for n in range(count)]
        return summed(found, 20)

    assert told(at_risk=5, dormant=6) == {"at risk": 5, "dormant": 6}
    assert told(at_risk=4, dormant=6) == {"not coming back": 10}
    assert told(at_risk=1, dormant=1, confirmed=3) == {"not coming back": 5}
    assert told(at_risk=4) is None
    assert told() == {}
    assert summed([("a", "at risk")] * 4, 4) is None
