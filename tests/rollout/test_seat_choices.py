"""While the pilot runs, a seat in it is for who was chosen on the three criteria, or let in by an exception that a
second person confirmed and that stays on every readout (PP-2), whichever way somebody comes."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text
from tests.rollout.conftest import NAMED, WHY, Office
from tests.rollout.test_told import told

from colleague.audit.tables import EntryRow
from colleague.identity.actor import SYSTEM, PermissionMissing
from colleague.identity.directory import get_person
from colleague.identity.people import create_person, set_active, take_seat_back
from colleague.identity.scim.users import make_user, replace_user
from colleague.identity.seats.chosen import NotChosen
from colleague.identity.seats.hold import (
    Limit,
    NoSeat,
    current_limit,
    give_seats,
    refusal_of,
    seats_by_choice,
    seats_held,
    set_limit,
)
from colleague.identity.tables import SeatChoiceRow
from colleague.kit.db import advisory_lock
from colleague.rollout.advance import (
    MoveOpen,
    MoveStale,
    ReasonNeeded,
    confirm_move,
    propose_gate,
    propose_seats,
    withdraw_move,
)
from colleague.rollout.cohorts.asked import LOST
from colleague.rollout.cohorts.choose import CriteriaMissing, choose_candidate, decline_candidate, score_candidate
from colleague.rollout.cohorts.exception import (
    NamesSomebody,
    NobodyExcepted,
    NoExceptionAsked,
    propose_exception,
)
from colleague.rollout.cohorts.join import leave_cohort
from colleague.rollout.cohorts.make import make_cohort
from colleague.rollout.cohorts.model import CRITERIA, Answer, Score
from colleague.rollout.cohorts.tables import CandidateRow
from colleague.rollout.define import name_programme
from colleague.rollout.readout.collect import gather
from colleague.rollout.second import AnotherPerson
from colleague.rollout.store import MOVES
from colleague.testing.programme import program_of

pytestmark = pytest.mark.anyio
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
FITS = Score(dict.fromkeys(CRITERIA, Answer(True, "Answers two tenders a week.")))
REASON = "Signs every bid, and will see each of them in the pilot anyway."


async def seated(office: Office, person: str) -> bool:
    async with office.home.house.database.transaction() as session:
        return (await get_person(session, person)).active


async def choose(office: Office, cohort: str, person: str, score: Score = FITS) -> None:
    await office.do(score_candidate, "dana", cohort, person, score)
    await office.do(choose_candidate, "dana", cohort, person)


def described(name: str, *, active: bool = True) -> dict[str, Any]:
    mail = f"{name}@aldermoor.example"
    return {"schemas": [USER], "userName": mail, "active": active, "displayName": name.title(),
            "emails": [{"value": mail, "primary": True}]}  # fmt: skip


async def provisioned(office: Office, deed: Any, *things: Any) -> Any:
    house = office.home.house
    async with house.database.transaction() as session:
        return await deed(session, replace(SYSTEM, via="provisioning"), *things, ledger=house.ledger, clock=house.clock)


async def test_a_seat_is_for_who_was_chosen_whichever_way_they_come(office: Office) -> None:
    """Added by hand, by a provider, let in again, given a seat by whoever may all: they wait, and are told why."""
    before = await office.do(create_person, "owner", "early@aldermoor.example", "Early Bird")
    assert await seated(office, before), "until it runs, people come to set it up"
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    await choose(office, cohort, before)
    await office.running()

    fay = await office.do(create_person, "owner", "fay@aldermoor.example", "Fay Added")
    sam = (await provisioned(office, make_user, described("sam"))).person_id
    assert [await seated(office, one) for one in (fay, sam)] == [False, False]
    for who in ("owner", "dana"):
        for one in (fay, sam):
            with pytest.raises(NotChosen, match="nobody chose"):
                await office.do(give_seats, who, [one])
    await provisioned(office, replace_user, sam, described("sam", active=False))
    await provisioned(office, replace_user, sam, described("sam"))
    assert not await seated(office, sam)
    async with office.home.house.database.transaction() as session:
        assert "chosen for it one by one" in str(await refusal_of(session, sam)), "and they are told so at the door"
    async with program_of(office.home, office.home.people["owner"], "org:people:read", "org:people:manage") as program:
        answer = await program.post("/api/v1/seats", json={"people": [fay]})
        assert (answer.status_code, "three criteria" in answer.text.replace("\\n", " ")) == (409, True)
        waiting = (await program.get("/api/v1/seats")).json()
        assert waiting["criteria"] is True
        assert {one["name"]: bool(one["why"]) for one in waiting["waiting"]} == {"Fay Added": True, "Sam": True}

    # Two of the three criteria, or blank evidence, is not chosen.
    for answer in (Answer(False, "Works on claims of patients."), Answer(True, "\u2800" * 30), Answer(True, "yes")):
        with pytest.raises(CriteriaMissing):
            await choose(office, cohort, fay, Score({**FITS.answers, "not_sensitive": answer}))
    await choose(office, cohort, fay)
    assert await office.do(give_seats, "dana", [fay]) == 1
    await choose(office, cohort, sam)
    assert await office.do(give_seats, "dana", [sam]) == 1

    # Who is chosen no more keeps the seat, which is counted apart, and gets no other.
    await office.do(decline_candidate, "dana", cohort, fay, "Moved to other work.")
    async with office.home.house.database.transaction() as session:
        by = await seats_by_choice(session)
        assert (by["chosen"], by["exception"], sum(by.values())) == (2, 0, await seats_held(session))
    await office.do(take_seat_back, "owner", fay)
    with pytest.raises(NotChosen):
        await office.do(give_seats, "owner", [fay])
    await office.do(set_active, "owner", fay, active=False)
    with pytest.raises(NotChosen):
        await office.do(set_active, "owner", fay, active=True)
    await office.do(take_seat_back, "owner", before)
    assert await office.do(give_seats, "owner", [before]) == 1, "who was chosen may come back"


async def test_what_changes_meanwhile_opens_nothing(office: Office) -> None:
    """Another sponsor, more seats, the last seat: the criteria stay asked until gate 1 is behind."""
    await office.running()
    goal = "Bids go out in half the time."
    await office.do(name_programme, "dana", sponsor="rita@aldermoor.example", lead="ana@aldermoor.example", goal=goal)
    await office.do(name_programme, "dana", sponsor="rita@aldermoor.example", lead="dana@aldermoor.example", goal=goal)
    row = await office.do(propose_seats, "dana", 60, why=WHY)
    await office.do(confirm_move, "rita", row.id, row.digest)
    async with office.home.house.database.transaction() as session:
        limit, held = await current_limit(session), await seats_held(session)
    assert (limit.most, limit.criteria) == (60, True)
    fay = await office.do(create_person, "owner", "fay@aldermoor.example", "Fay Added")
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    await choose(office, cohort, fay)
    await office.do(set_limit, "owner", replace(limit, most=held))
    for deed, things in ((give_seats, ([fay],)), (create_person, ("late@aldermoor.example", "Late"))):
        with pytest.raises(NoSeat, match=f"All {held} seats"):
            await office.do(deed, "owner", *things)
    gate = await office.do(propose_gate, "dana")
    await office.do(confirm_move, "rita", gate.id, gate.digest)
    eve = await office.do(create_person, "owner", "eve@aldermoor.example", "Eve Later")
    assert await seated(office, eve), "after gate 1 people come by department or team"


async def test_an_exception_takes_a_second_person_and_stays_on_every_readout(office: Office) -> None:
    await office.running()
    fay = await office.do(create_person, "owner", "fay@aldermoor.example", "Fay Added")
    with pytest.raises(PermissionMissing):
        await office.do(propose_exception, "ben", [fay], why=REASON)
    with pytest.raises(ReasonNeeded):
        await office.do(propose_exception, "dana", [fay], why="\u3164" * 40)
    for why, word in (
        ("Fay signs every bid, and will see each of them.", "«fay»"),
        ("fay@aldermoor.example signs every bid we make.", "«fay@aldermoor.example»"),
    ):
        with pytest.raises(NamesSomebody, match=word):
            await office.do(propose_exception, "dana", [fay], why=why)
    with pytest.raises(NobodyExcepted):
        await office.do(propose_exception, "dana", [], why=REASON)
    with pytest.raises(NoExceptionAsked):
        await office.do(propose_exception, "dana", [fay, await _chosen(office)], why=REASON)

    row = await office.do(propose_exception, "dana", [fay], why=REASON)
    with pytest.raises(MoveOpen):
        await office.do(propose_exception, "owner", [fay], why=REASON)
    for who in ("dana", "owner", "ben", "ana"):
        with pytest.raises(AnotherPerson):
            await office.do(confirm_move, who, row.id, row.digest)
    await office.do(withdraw_move, "dana", row.id)
    with pytest.raises(NotChosen):
        await office.do(give_seats, "owner", [fay])
    async with program_of(
        office.home, office.home.people["owner"], "org:programme:read", "org:programme:manage"
    ) as program:
        made = await program.post("/api/v1/programme/exceptions", json={"people": [fay], "why": REASON})
        assert made.status_code == 201
    await office.do(confirm_move, "rita", made.json()["id"], made.json()["digest"])
    assert not await seated(office, fay), "the seat itself is given by hand"
    assert await office.do(give_seats, "dana", [fay]) == 1
    house = office.home.house
    async with house.database.transaction() as session:
        assert (await seats_by_choice(session))["exception"] == 1
        found = await gather(
            session, SYSTEM, groups=house.groups, reach=house.reach, clock=house.clock, ask="", weeks=12
        )  # fmt: skip
        told = [one for one in found.overrides if one.why == REASON]
        bodies = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb == "seats.excepted")))
    assert [one.what for one in told] == ["1 seat in the pilot without the three criteria"]
    assert (len(told[0].by), "Fay" in str(told)) == (2, False), "both names and the reason, not whose seat it is"
    assert len(bodies) == 1


async def test_an_exception_does_not_replace_that_somebody_was_chosen_meanwhile(office: Office) -> None:
    """Confirmed, it is for who still needs it and is still here; for nobody, it is stale."""
    await office.running()
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    fay, gil, hal = [
        await office.do(create_person, "owner", f"{name}@aldermoor.example", f"{name.title()} Added")
        for name in ("fay", "gil", "hal")
    ]

    async def ways() -> dict[str, str]:
        async with office.home.house.database.transaction() as session:
            return dict((await session.execute(select(SeatChoiceRow.person_id, SeatChoiceRow.how))).all())

    row = await office.do(propose_exception, "dana", [fay, gil], why=REASON)
    await choose(office, cohort, fay)
    await office.do(set_active, "owner", gil, active=False)
    with pytest.raises(MoveStale):
        await office.do(confirm_move, "rita", row.id, row.digest)
    await office.do(withdraw_move, "dana", row.id)
    row = await office.do(propose_exception, "dana", [gil, hal], why=REASON)
    await office.do(confirm_move, "rita", row.id, row.digest)
    assert await ways() == {fay: "chosen", hal: "exception"}


async def test_who_leaves_the_cohort_can_be_chosen_anew(office: Office) -> None:
    """Taken out, or of an account that changed hands: their page says so and has the button again."""
    await office.running()
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    sam = (await provisioned(office, make_user, described("sam"))).person_id
    rights = ("org:programme:read", "org:programme:manage")
    async with program_of(office.home, office.home.people["owner"], *rights) as program:
        at = f"/programme/cohorts/{cohort}/candidates/{sam}"
        await choose(office, cohort, sam)
        assert "Choose Sam" not in (await program.get(at)).text
        await office.do(leave_cohort, "dana", cohort, sam, "Away for a while.")
        assert "Choose Sam" in (await program.get(at)).text
        seen = (await program.get(f"/api/v1/programme/cohorts/{cohort}")).json()
        assert [one["state"] for one in seen["ranking"]] == ["proposed"]
        await office.do(choose_candidate, "dana", cohort, sam)
        await provisioned(office, replace_user, sam, described("zoe") | {"displayName": "Zoe Another"})
        page = (await program.get(at)).text
        assert ("Choose Zoe Another" in page, "counts no more" in page) == (True, True)
        await office.do(choose_candidate, "dana", cohort, sam)
        assert "Choose Zoe" not in (await program.get(at)).text


async def test_evidence_that_was_enough_once_expels_nobody(office: Office) -> None:
    """Chosen when shorter evidence was enough: another title changes nothing, another answer does."""
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    fay = await office.do(create_person, "owner", "fay@aldermoor.example", "Fay Added")
    await choose(office, cohort, fay)
    short = Score({**FITS.answers, "feedback": Answer(True, "Yes.")})
    async with office.home.house.database.transaction() as session:
        (await session.get_one(CandidateRow, (cohort, fay))).score = short.to_json()
    said = replace(short, title="Bid manager", answers={**short.answers, "documents": Answer(True, "Three a week.")})
    assert (await office.do(score_candidate, "dana", cohort, fay, said)).stand == "chosen"
    other = replace(said, answers={**said.answers, "feedback": Answer(True, "Maybe.")})
    assert (await office.do(score_candidate, "dana", cohort, fay, other)).stand == "proposed"


async def test_who_is_named_while_the_pilot_begins_takes_nothing_back(office: Office) -> None:
    """Named in the very moment: the limit that begins is not overwritten by the one from before."""
    house, rita = office.home.house, office.home.people["rita"].id
    waits = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"
    )
    async with house.database.transaction() as session:
        await advisory_lock(session, MOVES)
        limit = Limit(40, "the pilot", by_hand=True, sponsor=rita, criteria=True)
        await set_limit(session, SYSTEM, limit, ledger=house.ledger, clock=office.clock)
        naming = asyncio.create_task(office.do(name_programme, "dana", **NAMED))
        for _ in range(500):
            if await session.scalar(waits):
                break
            await asyncio.sleep(0.02)
    await naming
    async with house.database.transaction() as session:
        assert await current_limit(session) == limit


async def _chosen(office: Office) -> str:
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    one = await office.do(create_person, "owner", "gil@aldermoor.example", "Gil Chosen")
    await choose(office, cohort, one)
    return one


async def test_an_account_that_becomes_somebody_elses_is_chosen_no_more(office: Office) -> None:
    """A provider may change a name, or an address; both, at once or one after the other, make another person."""
    await office.running()
    await told(office)
    cohort = (await office.do(make_cohort, "dana", "Pilot")).id
    sam = (await provisioned(office, make_user, described("sam"))).person_id
    await choose(office, cohort, sam)
    await office.do(give_seats, "dana", [sam])

    async def chosen() -> int:
        async with office.home.house.database.transaction() as session:
            return (await seats_by_choice(session))["chosen"]

    await provisioned(office, replace_user, sam, described("sam") | {"displayName": "Sam Married"})
    assert (await chosen(), await told(office)) == (1, set())
    await provisioned(office, replace_user, sam, described("zoe") | {"displayName": "Zoe Another"})
    assert (await chosen(), await seated(office, sam)) == (0, True), "the seat stays, and is counted apart"
    assert await told(office) == {("dana", LOST, f"/programme/cohorts/{cohort}")}
    await provisioned(office, replace_user, sam, described("zoe") | {"displayName": "Zoe Once More"})
    assert await told(office) == set(), "told once"
    await office.do(take_seat_back, "owner", sam)
    with pytest.raises(NotChosen):
        await office.do(give_seats, "owner", [sam])
    await choose(office, cohort, sam)
    assert await chosen() == 0
    assert await office.do(give_seats, "owner", [sam]) == 1
