"""Two people, frozen evidence, one phase at a time; and no other way into a phase (PH-9, R81)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.rollout.conftest import NAMED, RISK, WHY, Office
from tests.rollout.test_gates import EXPANSION, PILOT

from colleague.adoption.items import close_item, list_items, open_item
from colleague.audit.tables import EntryRow
from colleague.identity.actor import SYSTEM, PermissionMissing, SignInYourself
from colleague.identity.directory import actor_of
from colleague.identity.people import (
    assign_role,
    create_person,
    remove_role,
    set_active,
    set_department,
    take_seat_back,
)
from colleague.identity.seats.exclude import set_excluded
from colleague.identity.seats.hold import NoSeat, seats_held
from colleague.identity.tables import ProvisionedRow
from colleague.policy.governance import ByProgrammeOnly, change_governance
from colleague.policy.model import Phase
from colleague.rollout.advance import (
    GateClosed,
    GateOpen,
    LastPhase,
    MoveOpen,
    MoveStale,
    NotStarted,
    ReasonNeeded,
    SeatsWithin,
    confirm_move,
    propose_gate,
    propose_seats,
    propose_skip,
    withdraw_move,
)
from colleague.rollout.attest import BadDay, EvidenceExists, NoSuchCriterion, NotTheLead, attest, withdraw_attestation
from colleague.rollout.define import (
    GoalMissing,
    NobodyOfThatAddress,
    SponsorFromBusiness,
    TwoPeople,
    name_programme,
)
from colleague.rollout.evidence import CHANGES, collect, week_eight_of
from colleague.rollout.model import Evidence
from colleague.rollout.onboarding.shipped import shipped_playbook
from colleague.rollout.onboarding.write import write_playbook
from colleague.rollout.phases import PHASES, seats_beyond
from colleague.rollout.second import AnotherPerson, SponsorNotConfirmed
from colleague.rollout.store import NoSuchMove, attestations, current_programme, get_move
from colleague.rollout.tables import MoveRow
from colleague.testing.house import agreed

pytestmark = pytest.mark.anyio


async def test_a_gate_is_passed_by_two_people_and_seats_and_rules_follow(office: Office) -> None:
    with pytest.raises(NotStarted):
        await office.do(propose_gate, "dana")
    await office.begun()
    row = await office.do(propose_gate, "dana")
    for who in ("dana", "ben"):
        with pytest.raises(AnotherPerson):
            await office.do(confirm_move, who, row.id, row.digest)
    with pytest.raises(MoveStale):
        await office.do(confirm_move, "rita", row.id, "0" * 64)
    assert await office.phase() == (Phase.PILOT, Phase.PILOT, 40)
    await office.do(confirm_move, "rita", row.id, row.digest)
    assert await office.phase() == (Phase.EXPANSION, Phase.EXPANSION, 300)
    with pytest.raises(NoSuchMove):
        await office.do(confirm_move, "rita", row.id, row.digest)
    async with office.home.house.database.transaction() as session:
        kept = (await get_move(session, row.id)).snapshot
        assert [one["active"] for one in kept["weeks"]] == [32] * 4
        assert kept["gate"]["holds"] is True
        assert not (await current_programme(session)).skipped


async def test_phase_three_before_gate_one_is_refused_at_every_door(office: Office) -> None:
    """There is no deed that names a phase: from the pilot the next one alone can be reached, and only by its gate."""
    await office.begun()
    office.evidence = EXPANSION  # Good enough for gate 2, not for gate 1.
    with pytest.raises(GateClosed, match=r"use cases|vouched|said"):
        await office.do(propose_gate, "dana")
    house = office.home.house
    for phase in ("broad", "expansion"):
        async with house.database.transaction() as session:
            with pytest.raises(ByProgrammeOnly):
                await change_governance(
                    session, office.home.people["owner"], {"phase": phase}, ledger=house.ledger, clock=house.clock
                )  # fmt: skip
    assert await office.phase() == (Phase.PILOT, Phase.PILOT, 40)


async def test_what_no_longer_holds_when_it_is_confirmed_is_not_passed(office: Office) -> None:
    await office.begun()
    row = await office.do(propose_gate, "dana")
    office.evidence = Evidence(today=PILOT.today)
    with pytest.raises(GateClosed):
        await office.do(confirm_move, "rita", row.id, row.digest)
    office.evidence = PILOT
    office.clock.advance(days=8)
    with pytest.raises(MoveStale):
        await office.do(confirm_move, "rita", row.id, row.digest)
    fresh = await office.do(propose_gate, "dana")
    assert fresh.id != row.id
    await office.do(withdraw_move, "dana", fresh.id)
    with pytest.raises(NoSuchMove):
        await office.do(withdraw_move, "dana", fresh.id)


async def test_what_the_night_corrects_of_tickets_or_after_an_update_keeps_a_proposal(office: Office) -> None:
    """What people changed makes it stale, and so does another number of a week that it was proposed on."""
    await office.begun()
    row = await office.do(propose_gate, "dana")
    first, *rest = PILOT.weeks
    more = replace(PILOT, weeks=(replace(first, active=first.active + 1), *rest))
    for evidence in (replace(PILOT, changed={CHANGES["week.corrected"]: 1}), more):
        office.evidence = evidence
        with pytest.raises(MoveStale):
            await office.do(confirm_move, "rita", row.id, row.digest)
    night = {CHANGES["week.tickets_corrected"]: 3, CHANGES["week.recounted"]: 30}
    office.evidence = replace(PILOT, changed=night, weeks=(replace(first, week="2026-W52"), *PILOT.weeks))
    await office.do(confirm_move, "rita", row.id, row.digest)
    assert await office.phase() == (Phase.EXPANSION, Phase.EXPANSION, 300)


async def test_a_gate_is_skipped_by_two_owners_at_a_risk_that_the_sponsor_accepts(office: Office) -> None:
    """PH-9 and R81: three deeds, and none of them stands for another."""
    await office.begun()
    with pytest.raises(GateOpen):
        await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    office.evidence = Evidence(today=PILOT.today)
    with pytest.raises(PermissionMissing):
        await office.do(propose_skip, "dana", why=WHY, risk=RISK)
    for words in (
        {"why": "because            we            want"},
        {"risk": "some"},
        {"risk": " " * 40},
        {"why": "\u2800" * 30},
        {"risk": "\u3164" * 30},
        {"why": "." * 25 + "since"},
    ):
        with pytest.raises(ReasonNeeded):
            await office.do(propose_skip, "owner", **{"why": WHY, "risk": RISK, **words})
    row = await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    for who in ("owner", "dana", "ben"):
        with pytest.raises(AnotherPerson):
            await office.do(confirm_move, who, row.id, row.digest)
    await office.do(confirm_move, "ana", row.id, row.digest)
    assert (await office.phase())[0] is Phase.PILOT, "the sponsor has not accepted the risk"
    for who in ("ana", "owner"):
        with pytest.raises(AnotherPerson):
            await office.do(confirm_move, who, row.id, row.digest)
    with pytest.raises(MoveStale):
        await office.do(confirm_move, "rita", row.id, "0" * 64)
    await office.do(confirm_move, "rita", row.id, row.digest)
    async with office.home.house.database.transaction() as session:
        (step,) = (await current_programme(session)).skipped
    people = office.home.people
    assert (step.phase, step.why, step.risk) == (Phase.EXPANSION, WHY, RISK)
    assert (step.by, step.accepted_by) == (tuple(people[w].id for w in ("owner", "ana", "rita")), people["rita"].id)
    # It stays, whatever is passed properly later.
    office.evidence = EXPANSION
    row = await office.do(propose_gate, "dana")
    await office.do(confirm_move, "rita", row.id, row.digest)
    async with office.home.house.database.transaction() as session:
        programme = await current_programme(session)
    assert (programme.phase, len(programme.skipped)) == (Phase.BROAD, 1)


@pytest.mark.parametrize(("sponsor", "deeds"), [
    ("rita", ("rita", "ana")), ("owner", ("ana",)), ("ana", ("ana",)),
])  # fmt: skip
async def test_the_sponsor_may_come_first_or_be_one_of_the_owners(
    office: Office, sponsor: str, deeds: tuple[str, ...]
) -> None:
    """In one act where they are both; two people at least stand behind every skip."""
    await office.begun()
    house, people = office.home.house, office.home.people
    async with house.database.transaction() as session:
        await set_department(session, SYSTEM, people[sponsor].id, "Bids", ledger=house.ledger)
    await office.do(name_programme, "dana", **NAMED | {"sponsor": people[sponsor].email})
    office.evidence = Evidence(today=PILOT.today)
    row = await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    assert row.accepted_by == (people["owner"].id if sponsor == "owner" else None)
    for who in deeds:
        assert (await office.phase())[0] is Phase.PILOT
        with pytest.raises(AnotherPerson):
            await office.do(confirm_move, "owner", row.id, row.digest)
        await office.do(confirm_move, who, row.id, row.digest)
    assert (await office.phase())[0] is Phase.EXPANSION
    async with house.database.transaction() as session:
        kept = await get_move(session, row.id)
        assert (kept.confirmed_by, kept.accepted_by) == (people["ana"].id, people[sponsor].id)
        found = await session.scalars(select(EntryRow.verb).where(EntryRow.subject == row.id).order_by(EntryRow.id))
        assert sorted(found) == ["gate.skipped", "move.proposed", "risk.accepted", "skip.confirmed"]


async def test_another_sponsor_accepts_no_risk_that_was_shown_to_the_one_before(office: Office) -> None:
    await office.begun()
    house, people = office.home.house, office.home.people
    office.evidence = Evidence(today=PILOT.today)
    row = await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    await office.do(confirm_move, "rita", row.id, row.digest)
    async with house.database.transaction() as session:
        await set_department(session, people["owner"], people["ben"].id, "Bids", ledger=house.ledger)
    await office.do(name_programme, "dana", **NAMED | {"sponsor": "ben@aldermoor.example"})
    for who in ("ben", "ana"):
        with pytest.raises((MoveStale, AnotherPerson, SponsorNotConfirmed)):
            await office.do(confirm_move, who, row.id, row.digest)
    assert (await office.phase())[0] is Phase.PILOT


async def test_after_the_last_phase_there_is_none(office: Office) -> None:
    await office.begun()
    office.evidence = Evidence(today=PILOT.today)
    for _ in range(3):
        await office.skipped()
    assert await office.phase() == (Phase.ENTERPRISE, Phase.ENTERPRISE, None)
    with pytest.raises(LastPhase):
        await office.do(propose_skip, "owner", why=WHY, risk=RISK)


async def test_week_eight_is_told_from_the_expansion_on_and_for_good(office: Office) -> None:
    """KP-1, C-9: by whoever looks, and an expansion that was left early keeps what it says."""

    async def said() -> str | None:
        async with office.home.house.database.transaction() as session:
            verdict = await week_eight_of(session, await current_programme(session), clock=office.clock)
        return verdict and verdict.said

    await office.begun()
    assert await said() is None
    office.evidence = Evidence(today=office.clock.now().date())
    await office.skipped()
    assert await said() == "not known yet. Week 8 is not frozen yet."
    office.clock.advance(days=14)
    office.evidence = Evidence(today=office.clock.now().date())
    await office.skipped()
    assert await said() == "not known yet. The expansion was left after 2 weeks: week 8 was never reached."


async def test_of_many_who_propose_and_confirm_at_once_one_gets_through(office: Office) -> None:
    await office.begun()
    made = await asyncio.gather(*(office.do(propose_gate, "dana") for _ in range(4)), return_exceptions=True)
    (row,) = [one for one in made if isinstance(one, MoveRow)]
    assert sum(isinstance(one, MoveOpen) for one in made) == 3
    done = await asyncio.gather(
        *(office.do(confirm_move, who, row.id, row.digest) for who in ("rita", "owner", "ana")), return_exceptions=True
    )
    assert sum(isinstance(one, NoSuchMove) for one in done) == 2
    assert (await office.phase())[0] is Phase.EXPANSION


async def test_seats_beyond_the_phase_need_the_sponsor_and_a_reason(office: Office) -> None:
    await office.begun()
    house = office.home.house
    async with house.database.transaction() as session:
        for n in range(40 - await seats_held(session)):
            await create_person(
                session, SYSTEM, f"p{n}@aldermoor.example", f"P {n}", ledger=house.ledger, clock=house.clock
            )  # fmt: skip

    async def forty_one() -> str:
        async with house.database.transaction() as session:
            return await create_person(
                session, SYSTEM, "late@aldermoor.example", "Late", ledger=house.ledger, clock=house.clock
            )  # fmt: skip

    with pytest.raises(NoSeat):
        await forty_one()
    for seats in (40, 39, 100, 5000, -1):
        with pytest.raises(SeatsWithin):
            await office.do(propose_seats, "dana", seats, why=WHY)
    row = await office.do(propose_seats, "dana", 45, why=WHY)
    for who in ("ben", "owner"):
        with pytest.raises(AnotherPerson):
            await office.do(confirm_move, who, row.id, row.digest)
    await office.do(confirm_move, "rita", row.id, row.digest)
    assert await office.phase() == (Phase.PILOT, Phase.PILOT, 45)
    assert await forty_one()


@pytest.mark.parametrize(("phase", "most", "refused"), [
    (Phase.EXPANSION, 2000, (300, 99, 2001)), (Phase.BROAD, 1_000_000, (2000, 300, 1_000_001)),
])  # fmt: skip
async def test_in_every_phase_that_has_a_bound_seats_may_be_more(
    office: Office, phase: Phase, most: int, refused: tuple[int, ...]
) -> None:
    """PH-1 to PH-3: «also PH-2…4»; the enterprise has no bound to go beyond."""
    await office.begun()
    office.evidence = Evidence(today=PILOT.today)
    while (await office.phase())[0] < phase:
        await office.skipped()
    bound = PHASES[phase].most
    assert bound is not None
    for seats in refused:
        with pytest.raises(SeatsWithin):
            await office.do(propose_seats, "dana", seats, why=WHY)
    for seats in (bound + 1, most):
        row = await office.do(propose_seats, "dana", seats, why=WHY)
        with pytest.raises(AnotherPerson):
            await office.do(confirm_move, "owner", row.id, row.digest)
        await office.do(confirm_move, "rita", row.id, row.digest)
        assert await office.phase() == (phase, phase, seats)
    assert not seats_beyond(Phase.ENTERPRISE, None)


async def test_nobodys_word_stands_in_for_what_can_be_counted(office: Office) -> None:
    today = office.clock.now().date()
    say = {"words": "It is so.", "on": today}
    for counted in ("weekly-active", "use-cases", "lasted", "governance", "champions", "support", "no-hold"):
        with pytest.raises(EvidenceExists, match="nobody's word"):
            await office.do(attest, "owner", counted, **say)
    with pytest.raises(NoSuchCriterion):
        await office.do(attest, "owner", "everything", **say)
    with pytest.raises(NotTheLead):
        await office.do(attest, "dana", "security-review", **say)
    with pytest.raises(PermissionMissing):
        await office.do(attest, "ben", "security-review", **say)
    for day in (today + timedelta(days=1), today - timedelta(days=91)):
        with pytest.raises(BadDay):
            await office.do(attest, "owner", "security-review", words="It is so.", on=day)
    # In Auckland it is tomorrow already: words are dated by the day where the organisation is.
    office.clock.advance(hours=max(12 - office.clock.now().hour, 0))
    await office.do(agreed, "owner", {"time_zone": "Pacific/Auckland"})
    await office.do(attest, "owner", "connector-review", words="It is so.", on=today + timedelta(days=1))
    await office.do(agreed, "owner", {"time_zone": "UTC"})
    made = await office.do(attest, "rita", "dispatch-later", **say)
    await office.do(attest, "owner", "security-review", **say, document="SEC-12")
    async with office.home.house.database.transaction() as session:
        assert set(await attestations(session, until=today)) == {"dispatch-later", "security-review"}
    with pytest.raises(NoSuchCriterion):
        await office.do(withdraw_attestation, "owner", made)
    await office.do(withdraw_attestation, "rita", made)
    async with office.home.house.database.transaction() as session:
        assert set(await attestations(session, until=today)) == {"security-review"}


async def test_the_business_owns_it_and_not_it(office: Office) -> None:
    """MI-2: no programme without a sponsor outside IT, and a date alone is no goal."""
    house, people = office.home.house, office.home.people
    for changes, refusal in (
        ({"sponsor": "nobody@aldermoor.example"}, NobodyOfThatAddress), ({"lead": "x\x00"}, NobodyOfThatAddress),
        ({"sponsor": "dana@aldermoor.example"}, TwoPeople), ({"sponsor": "ben@aldermoor.example"}, SponsorFromBusiness),
        ({"goal": "1 March"}, GoalMissing),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await office.do(name_programme, "dana", **{**NAMED, **changes})
    async with house.database.transaction() as session:
        await set_department(session, people["owner"], people["rita"].id, "Group IT", ledger=house.ledger)
    with pytest.raises(SponsorFromBusiness, match="Group IT"):
        await office.do(name_programme, "dana", **NAMED)
    with pytest.raises(PermissionMissing):
        await office.do(name_programme, "ben", **NAMED)
    # Whoever leads IT from a department of another name is no sponsor either.
    async with house.database.transaction() as session:
        await set_department(session, people["owner"], people["rita"].id, "Bids", ledger=house.ledger)
        session.add(ProvisionedRow(
            person_id=people["rita"].id, user_name="rita", body={"title": "Head of IT"}, created_at=house.clock.now(),
            changed_at=house.clock.now(),
        ))  # fmt: skip
    with pytest.raises(SponsorFromBusiness, match="is «Head of IT»"):
        await office.do(name_programme, "dana", **NAMED)


async def test_who_proposes_does_not_choose_afterwards_who_confirms(office: Office) -> None:
    await office.begun()
    row = await office.do(propose_gate, "dana")
    house, owner = office.home.house, office.home.people["owner"]
    async with house.database.transaction() as session:
        await set_department(session, owner, office.home.people["ben"].id, "Bids", ledger=house.ledger)
    await office.do(name_programme, "dana", **{**NAMED, "sponsor": "ben@aldermoor.example"})
    for who in ("ben", "owner"):
        with pytest.raises((MoveStale, SponsorNotConfirmed)):
            await office.do(confirm_move, who, row.id, row.digest)
    assert row.snapshot["sponsor"] == office.home.people["rita"].id


async def test_the_lead_vouches_for_nothing_whoever_was_named_meanwhile(office: Office) -> None:
    today, people = office.clock.now().date(), office.home.people
    await office.do(name_programme, "dana", **{**NAMED, "lead": "ben@aldermoor.example"})
    with pytest.raises(NotTheLead):
        await office.do(attest, "dana", "security-review", words="It is so.", on=today)
    house = office.home.house
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, people["dana"].id, "administrator", ledger=house.ledger)
        await remove_role(session, SYSTEM, people["dana"].id, "programme_lead", ledger=house.ledger)
    # Nor whoever stepped down for it: they led in this phase.
    with pytest.raises(NotTheLead):
        await office.do(attest, "dana", "security-review", words="It is so.", on=today)
    await office.begun()
    office.clock.advance(days=3)
    office.evidence = Evidence(today=office.clock.now().date())
    await office.skipped()

    async def counted() -> set[str]:
        async with house.database.transaction() as session:
            return {one.by for one in (await collect(session, clock=office.clock)).attested.values()}

    await office.do(attest, "dana", "security-review", words="It is so.", on=today)
    assert await counted() == {people["dana"].id}, "somebody else led since the phase began"
    # Who has left vouches for nothing; the one before does again.
    await office.do(attest, "ana", "security-review", words="It is so.", on=today + timedelta(days=1))
    assert await counted() == {people["ana"].id}
    await office.do(set_active, "owner", people["ana"].id, active=False)
    assert await counted() == {people["dana"].id}
    await office.do(name_programme, "owner", **NAMED)
    assert await counted() == set()
    await office.do(name_programme, "owner", **{**NAMED, "lead": "ben@aldermoor.example"})
    assert await counted() == set(), "led in this phase"


async def test_a_token_neither_confirms_for_the_sponsor_nor_vouches(office: Office) -> None:
    await office.begun()
    row = await office.do(propose_gate, "dana")
    house, today = office.home.house, office.clock.now().date()
    async with house.database.transaction() as session:
        rita = await actor_of(session, person_id=office.home.people["rita"].id, via="page")
        token = replace(rita, via="api", permissions=frozenset({"own:tasks:use"}))
        with pytest.raises(SignInYourself):
            await confirm_move(session, token, row.id, row.digest, ledger=house.ledger, clock=house.clock)
        with pytest.raises(SignInYourself):
            await attest(
                session, token, "security-review", words="So.", on=today, ledger=house.ledger, clock=house.clock
            )  # fmt: skip


async def test_what_was_changed_in_the_phase_is_frozen_with_the_evidence(office: Office) -> None:
    await office.begun()
    house, owner = office.home.house, office.home.people["owner"]
    async with house.database.transaction() as session:
        await take_seat_back(session, owner, office.home.people["ben"].id, ledger=house.ledger, clock=house.clock)
        for excluded in (True, False, True):
            await set_excluded(
                session, owner, office.home.people["ana"].id, excluded=excluded, why="test user", ledger=house.ledger
            )  # fmt: skip
        for name in ("Bids, north", "Bids"):
            await set_department(session, owner, office.home.people["rita"].id, name, ledger=house.ledger)
        found = await collect(session, clock=office.clock)
    left_out = {"people left out of the numbers": 2, "people counted again": 1}
    moved = {"people moved to another department by hand": 2}
    assert found.changed == {"seats taken back": 1, "sponsor or lead named": 1, **left_out, **moved}
    assert found.excluded == 1
    office.evidence = replace(PILOT, changed=found.changed, excluded=found.excluded)
    frozen = (await office.do(propose_gate, "dana")).snapshot
    assert (frozen["changed"], frozen["excluded"]) == (found.changed, 1)


async def test_closing_the_item_of_week_six_adjusts_nothing(office: Office) -> None:
    """KP-2: the gate stays shut until somebody else stands for what was changed, whatever was written meanwhile."""
    house = office.home.house
    async with house.database.transaction() as session:
        session.add(MoveRow(
            id="move_two", kind="gate", from_phase=1, to_phase=2, state="done", why="", snapshot={}, digest="",
            proposed_by=office.home.people["dana"].id, proposed_at=office.clock.now(), on=office.clock.now().date(),
        ))  # fmt: skip
        key = f"kp-2:{office.clock.now().date().isoformat()}"
        await open_item(
            session, key, "onboarding", "programme", "30 % in week 6.", ledger=house.ledger, clock=office.clock
        )  # fmt: skip

    async def hold() -> str:
        async with house.database.transaction() as session:
            return (await collect(session, clock=office.clock)).hold

    assert await hold() == "30 % in week 6."
    async with house.database.transaction() as session:
        (item,) = await list_items(session, office.home.people["owner"], state="open")
    today = office.clock.now().date()
    await office.do(attest, "rita", "onboarding-adjusted", words="Before anything was.", on=today)
    office.clock.advance(minutes=1)
    await office.do(close_item, "owner", item.id, "Looked into.")
    await office.do(write_playbook, "dana", "", shipped_playbook() + "\n", "Week one is shorter.", after=0)
    assert "closed («Looked into.»). The hold is lifted once" in await hold()
    await office.do(attest, "owner", "onboarding-adjusted", words="I closed it myself.", on=today)
    assert await hold(), "nobody stands for what they did"
    await office.do(attest, "rita", "onboarding-adjusted", words="Week one is shorter, I sat in.", on=today)
    assert await hold() == ""


async def test_a_token_skips_no_gate(office: Office) -> None:
    """What two owners answer for they do themselves, signed in on the page."""
    await office.begun()
    office.evidence, house = Evidence(today=PILOT.today), office.home.house
    async with house.database.transaction() as session:
        token = await actor_of(session, person_id=office.home.people["owner"].id, via="api")
        with pytest.raises(SignInYourself):
            await propose_skip(session, token, why=WHY, risk=RISK, ledger=house.ledger, clock=house.clock)
