"""A cohort from nobody to started: chosen one by one with reasons on record, mapped before anybody is invited."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from colleague.audit.tables import EntryRow
from colleague.channels.tables import NoticeRow
from colleague.identity.actor import PermissionMissing
from colleague.identity.groups.mapping import NotMappedYet
from colleague.identity.groups.members import change_members, make_group
from colleague.identity.links.first_run import invite
from colleague.identity.passwords import set_password
from colleague.identity.people import set_active, set_department
from colleague.identity.scim.tokens import create_token
from colleague.kit.errors import Failure
from colleague.kit.queue import HOUSE
from colleague.rollout.cohorts.choose import CriteriaMissing, OtherSponsor, choose_candidate, score_candidate
from colleague.rollout.cohorts.join import InAnotherCohort, TooEarly, fill_cohort
from colleague.rollout.cohorts.make import MayNotStart, make_cohort, map_cohort, start_cohort
from colleague.rollout.cohorts.model import CRITERIA, Answer, Score
from colleague.rollout.cohorts.prefill import prefill
from colleague.rollout.cohorts.store import cohorts_of, members_of, unmapped
from colleague.rollout.cohorts.tables import MemberRow
from colleague.rollout.define import name_programme
from colleague.rollout.notices.tell import BEGINS
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish
from colleague.testing.programme import approved_cases, crowd, past_gate_one, program_of
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
GOOD = Score(
    dict.fromkeys(CRITERIA, Answer(True, "Answers two tenders a week.")), "business development", "weekly",
    Answer(True, "Twelve measured."),
)  # fmt: skip


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> AsyncIterator[TestHouse]:
    found = await furnish(database_url, tmp_path, clock=clock)
    yield found
    await found.house.close()


async def pilot(home: TestHouse, people: list[Any], name: str = "Pilot") -> str:
    house, owner = home.house, home.people["owner"]
    parts = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        cohort = (await make_cohort(session, owner, name, **parts)).id
        for one in people:
            await score_candidate(session, owner, cohort, one.id, GOOD, **parts)
            await choose_candidate(session, owner, cohort, one.id, **parts)
    return cohort


async def told_to_begin(home: TestHouse) -> list[tuple[str, str]]:
    """Let the queue run; return who was told so far that their month begins, and where it leads."""
    await work(home.house, queue=HOUSE)
    async with home.house.database.transaction() as session:
        begins = select(NoticeRow.person_id, NoticeRow.link).where(NoticeRow.title == BEGINS)
        return sorted((row.person_id, row.link) for row in await session.execute(begins))


async def test_from_nobody_to_a_started_pilot(home: TestHouse) -> None:
    people, cases = await crowd(home, 14), await approved_cases(home)
    cohort = await pilot(home, people)
    rights = ("org:programme:read", "org:programme:manage")
    async with program_of(home, home.people["owner"], *rights) as client:
        at = f"/api/v1/programme/cohorts/{cohort}"
        seen = (await client.get(at)).json()
        assert (seen["may_start"], seen["seats"], seen["people"]) == (False, 14, 14)
        refused = await client.post(f"{at}/start")
        assert refused.status_code == 409
        assert "15 to 40 active seats, and there are 14" in refused.text
        # One more, by mail address, who works in Legal.
        said = {
            f"{name}{more}": value for name in CRITERIA for more, value in (("", True), ("_evidence", "Reads NDAs."))
        }
        dana = (
            await client.post(
                f"{at}/candidates", json={"person": "dana@aldermoor.example", **said, "department": "Legal"}
            )
        ).json()
        assert dana["meets"]
        assert "Legal work" in dana["warnings"][0]
        choose = f"{at}/candidates/{dana['person']}/choose"
        assert (await client.post(choose, json={})).json()["code"] == "SponsorNeeded"
        for bad in ({"sponsor": "dana@aldermoor.example", "reason": "I want to be in it."},
                    {"sponsor": "nobody@aldermoor.example", "reason": "Because it is so."},
                    {"sponsor": "owner@aldermoor.example", "reason": "short"}):  # fmt: skip
            assert (await client.post(choose, json=bad)).json()["code"] == "BadSponsor", bad
        reason = "She drafts the standard terms that every bid repeats."
        chosen = await client.post(choose, json={"sponsor": "owner@aldermoor.example", "reason": reason})
        assert chosen.json()["sponsor_reason"] == reason
        # As long as the programme names no sponsor, or somebody else, the reason is nobody's who answers for it.
        owner, parts = home.people["owner"], {"ledger": home.house.ledger, "clock": home.house.clock}
        for who in (None, home.people["tom"], owner):
            async with home.house.database.transaction() as session:
                if who:
                    await set_department(session, owner, who.id, "Sales", ledger=home.house.ledger)
                    named = {"sponsor": who.email, "lead": home.people["ana"].email, "goal": "Answer more bids."}
                    await name_programme(session, owner, **named, **parts)
                if who is not owner:
                    with pytest.raises(MayNotStart, match="without a reason of the programme's sponsor: Dana"):
                        await start_cohort(session, owner, cohort, reach=home.house.reach, pilot=True, **parts)
            page = (await client.get(f"/programme/cohorts/{cohort}/candidates/{dana['person']}")).text
            assert ("Choose Dana" in page) is (who is not owner)
        answer = await client.post(f"{at}/start")
        assert (answer.status_code, "starts with the programme" in answer.text) == (409, True)
        async with home.house.database.transaction() as session:
            started = await start_cohort(session, owner, cohort, reach=home.house.reach, pilot=True, **parts)
        assert started.state == "started"
        # Who is not active any more is told nothing.
        async with home.house.database.transaction() as session:
            await set_active(session, owner, people[0].id, active=False, **parts)
        begin = [*(person.id for person in people[1:]), dana["person"]]
        assert await told_to_begin(home) == sorted((one, "/first-month") for one in begin)
        async with home.house.database.transaction() as session:
            await set_active(session, owner, people[0].id, active=True, **parts)
        page = (await client.get(f"/programme/cohorts/{cohort}")).text
        assert reason in page
        assert "Monday: pipeline report" in page
        assert (await client.post(f"{at}/start")).status_code == 409
    async with home.house.database.transaction() as session:
        parts = {"ledger": home.house.ledger, "clock": home.house.clock}
        owner = home.people["owner"]
        assert set((await cohorts_of(session)).values()) == {"Pilot"}
        found = await members_of(session, cohort)
        assert len(found) == 15
        assert all(one.use_case in cases and one.began_at for one in found)
        record = list(await session.scalars(select(EntryRow.body).where(EntryRow.verb == "candidate.chosen")))
        assert len(record) == 15
        assert reason not in "".join(record), "what is said of a person is not in the open row"
    # Who joins it now is told then, if they are active; nobody else is told again.
    async with home.house.database.transaction() as session:
        for name in ("tom", "ben"):
            await score_candidate(session, owner, cohort, home.people[name].id, GOOD, **parts)
            await choose_candidate(session, owner, cohort, home.people[name].id, **parts)
        await set_active(session, owner, home.people["ben"].id, active=False, **parts)
    assert await told_to_begin(home) == sorted((one, "/first-month") for one in (*begin, home.people["tom"].id))
    async with home.house.database.transaction() as session:
        # Into a second one nobody gets while the first is open.
        second = (await make_cohort(session, owner, "Later", "rollout", **parts)).id
    await past_gate_one(home)
    async with home.house.database.transaction() as session:
        with pytest.raises(InAnotherCohort):
            await fill_cohort(session, owner, second, [people[0].id], **parts)


async def test_nobody_comes_by_department_before_gate_one(home: TestHouse) -> None:
    """A cohort of a later phase is no way around the three criteria and the warning."""
    people, house, owner = await crowd(home, 2), home.house, home.people["owner"]
    await approved_cases(home)
    parts = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        await set_department(session, owner, people[0].id, "Legal", ledger=house.ledger)
        later = (await make_cohort(session, owner, "Later", "rollout", **parts)).id
        await map_cohort(session, owner, later, team=home.team, ledger=house.ledger)
        with pytest.raises(TooEarly, match="once gate 1 is passed"):
            await fill_cohort(session, owner, later, [one.id for one in people], **parts)
    async with program_of(home, owner, "org:programme:read", "org:programme:manage") as client:
        at = f"programme/cohorts/{later}"
        refused = await client.post(f"/api/v1/{at}/members", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "TooEarly")
        page = (await client.get(f"/{at}")).text
        assert "once gate 1 is passed" in page
        assert "Let all of the mapped" not in page
        # Whoever was let in before there was this rule does not start either.
        async with house.database.transaction() as session:
            await session.execute(
                insert(MemberRow).values(
                    cohort_id=later, person_id=people[0].id, by=owner.id, joined_at=house.clock.now(), left_why=""
                )
            )
        assert "once gate 1 is passed" in (await client.post(f"/api/v1/{at}/start")).text
        await past_gate_one(home)
        assert (await client.post(f"/api/v1/{at}/members", json={})).status_code == 200
        assert (await client.post(f"/api/v1/{at}/start")).status_code == 200


async def test_a_criterion_that_falls_away_takes_the_person_out(home: TestHouse) -> None:
    people = await crowd(home, 1)
    house, owner = home.house, home.people["owner"]
    cohort = await pilot(home, people)
    parts = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        bad = Score({**GOOD.answers, "not_sensitive": Answer(False, "Payroll")})
        found = await score_candidate(session, owner, cohort, people[0].id, bad, **parts)
        assert found.stand == "proposed"
        assert await members_of(session, cohort) == []
        with pytest.raises(CriteriaMissing, match="most sensitive"):
            await choose_candidate(session, owner, cohort, people[0].id, **parts)


async def test_the_reason_is_that_of_the_programmes_sponsor(home: TestHouse) -> None:
    people, house, owner = await crowd(home, 1), home.house, home.people["owner"]
    cohort, ana = await pilot(home, []), home.people["ana"]
    parts = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        await set_department(session, owner, ana.id, "Sales", ledger=house.ledger)
        await set_department(session, owner, people[0].id, "Compliance", ledger=house.ledger)
        await name_programme(session, owner, sponsor=ana.email, lead=owner.email, goal="Answer more bids.", **parts)
        found = await score_candidate(session, owner, cohort, people[0].id, GOOD, **parts)
        assert found.warnings, "known from the directory, whatever was typed"
        said = {"reason": "He checks what every bid repeats.", **parts}
        with pytest.raises(OtherSponsor, match="Ana Ruiz is the sponsor"):
            await choose_candidate(session, owner, cohort, people[0].id, sponsor=owner.email, **said)
        chosen = await choose_candidate(session, owner, cohort, people[0].id, sponsor=ana.email, **said)
        assert chosen.sponsor == ana.id


async def test_two_cohorts_race_for_one_person(home: TestHouse) -> None:
    person = (await crowd(home, 1))[0]
    house, owner = home.house, home.people["owner"]
    parts = {"ledger": house.ledger, "clock": house.clock}
    both = [await pilot(home, [], name) for name in ("One", "Two")]
    async with house.database.transaction() as session:
        for cohort in both:
            await score_candidate(session, owner, cohort, person.id, GOOD, **parts)

    async def choose(cohort: str) -> None:
        async with house.database.transaction() as session:
            await choose_candidate(session, owner, cohort, person.id, **parts)

    ends = await asyncio.gather(*map(choose, both), return_exceptions=True)
    assert sum(end is None for end in ends) == 1, ends
    assert all(end is None or isinstance(end, InAnotherCohort) for end in ends), ends


async def test_nobody_is_invited_before_a_group_maps(home: TestHouse) -> None:
    people, house, owner = await crowd(home, 2), home.house, home.people["owner"]
    parts = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        assert not await unmapped(session), "people are added by hand: there is nothing to map"
        await create_token(session, owner, "Entra", days=30, **parts)
        assert await unmapped(session), "no cohort, so no group maps to it"
    cohort = await pilot(home, people)
    async with house.database.transaction() as session:
        assert await unmapped(session)
        with pytest.raises(Failure, match="No group of your identity provider maps to «Pilot»"):
            await start_cohort(session, owner, cohort, reach=house.reach, **parts)
    async with house.database.transaction() as session:
        group = await make_group(session, owner, "scim", "colleague-pilot", **parts)
        await change_members(session, owner, group, add=[people[0].id, home.people["tom"].id], **parts)
        await map_cohort(session, owner, cohort, group=group.id, ledger=house.ledger)
        assert not await unmapped(session)
    async with program_of(home, owner, "org:programme:read") as client:
        seen = (await client.get(f"/api/v1/programme/cohorts/{cohort}")).json()
        assert seen["drift"] == {"group": "colleague-pilot", "only_in_group": 1, "only_in_cohort": 1, "gives": 0}
        assert "ranking" not in seen, "what was said of a person is for who runs the programme"
        page = await client.get(f"/programme/cohorts/{cohort}")
        assert "P 01" not in page.text
    async with house.database.transaction() as session:
        await session.execute(text("DELETE FROM groups"))
        assert await unmapped(session), "the group is gone"
    for who, held_up in ((people[1], True), (owner, False)):
        async with house.database.transaction() as session:
            if who is owner:
                await set_password(session, owner.id, "correct horse battery", by=owner.id, ledger=house.ledger)
            asked = invite(session, owner, who.id, invitations=house.invitations, **parts)
            if held_up:
                with pytest.raises(NotMappedYet, match="No group of your identity provider maps to «Pilot»"):
                    await asked
            else:
                assert await asked, "a lost password is no invitation"


async def test_what_the_product_knows_is_evidence_and_no_decision(home: TestHouse) -> None:
    people, house = await crowd(home, 1), home.house
    await approved_cases(home, 1)
    async with house.database.transaction() as session:
        found = await prefill(session, people[0].id, clock=house.clock)
    assert found.of("documents").yes is None
    assert "Bids, Monday: pipeline report" in found.of("documents").evidence
    assert found.of("not_sensitive").evidence == "No connector is open to their teams yet."
    assert (found.profile, found.repetition) == ("business development", "weekly")
    assert not found.meets


async def test_hostile_input_is_refused(home: TestHouse) -> None:
    house, owner = home.house, home.people["owner"]
    cohort = await pilot(home, [])
    async with program_of(home, owner, "org:programme:read", "org:programme:manage") as client:
        at = f"/api/v1/programme/cohorts/{cohort}"
        for path, body, status in (
            (f"{at}/candidates", {"person": "dana@aldermoor.example", "documents": "maybe"}, 422),
            (f"{at}/candidates", {"person": "dana@aldermoor.example", "profile": "wizardry"}, 422),
            (f"{at}/candidates", {"person": "dana@aldermoor.example", "documents_evidence": "x" * 2001}, 422),
            (f"{at}/candidates", {"person": "dana@aldermoor.example", "documents_evidence": "a\u202eb"}, 422),
            (f"{at}/candidates", {"person": "\x00"}, 404),
            (f"{at}/candidates", {"person": "'; drop table cohorts"}, 404),
            ("/api/v1/programme/cohorts/cohort_1/candidates", {"person": "dana@aldermoor.example"}, 404),
            ("/api/v1/programme/cohorts", {"name": "  pilot "}, 409),
            ("/api/v1/programme/cohorts", {"name": ""}, 422),
            ("/api/v1/programme/cohorts", {"name": "X", "kind": "party"}, 422),
            (f"{at}/members", {}, 409),
            (f"{at}/candidates/{owner.id}/choose", {}, 404),
            (f"{at}/candidates/zz/decline", {"why": "x"}, 404),
            (f"{at}/close", {"why": "x"}, 409),
        ):  # fmt: skip
            answer = await client.post(path, json=body)
            assert answer.status_code == status, (path, body, answer.text)
        assert (await client.put(f"{at}/mapping", json={"group": "group_x"})).status_code == 404
        evil = "<script>alert(1)</script>"
        assert (
            await client.post(
                f"{at}/candidates",
                json={"person": "ana@aldermoor.example", "documents": False, "documents_evidence": evil},
            )
        ).status_code == 201
        assert evil not in (await client.get(f"/programme/cohorts/{cohort}")).text
    async with house.database.transaction() as session:
        with pytest.raises(PermissionMissing):
            await score_candidate(
                session, home.people["ana"], cohort, owner.id, GOOD, ledger=house.ledger, clock=house.clock
            )
    async with program_of(home, home.people["ana"], "org:usecases:read") as client:
        assert (await client.get("/programme/cohorts")).status_code == 403
        assert (await client.get(f"/api/v1/programme/cohorts/{cohort}")).status_code == 403
