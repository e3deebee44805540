"""Nobody is two people: an account that somebody made, named or paid for is no second person of theirs (PH-1, MI-1)."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from tests.rollout.conftest import NAMED, RISK, WHY, Office
from tests.rollout.test_gates import PILOT

from colleague.identity.actor import SYSTEM, SignInYourself
from colleague.identity.directory import actor_of, get_person
from colleague.identity.groups.members import change_members, make_group
from colleague.identity.groups.rules import set_rule
from colleague.identity.people import assign_role, create_person, remove_role, set_active, set_department
from colleague.identity.scim.tokens import actor_of_provisioning, create_token
from colleague.identity.tables import LocalRouteRow
from colleague.policy.model import Phase
from colleague.rollout.advance import MoveStale, confirm_move, propose_gate, propose_seats, propose_skip, withdraw_move
from colleague.rollout.define import name_programme
from colleague.rollout.model import Evidence
from colleague.rollout.second import AnotherPerson, NotTheSponsor, SponsorNotConfirmed, confirm_sponsor, owned_by
from colleague.rollout.tables import MoveRow

pytestmark = pytest.mark.anyio
ALIAS = "b.carter2@aldermoor.example"


async def as_person(office: Office, name: str, person: str) -> None:
    """Let the office know somebody of this id by a name."""
    async with office.home.house.database.transaction() as session:
        office.home.people[name] = await actor_of(session, person_id=(await get_person(session, person)).id, via="page")


async def test_one_administrator_is_not_two_people(office: Office) -> None:
    """They invite an alias, name it the sponsor, and would be given 99 seats, or any gate, by it."""
    await office.begun()
    people, house = office.home.people, office.home.house
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, people["ben"].id, "administrator", ledger=house.ledger)
    for name, mail in (("alias", ALIAS), ("helper", "b.carter3@aldermoor.example")):
        await as_person(office, name, await office.do(create_person, "ben", mail, "B Carter", department="Sales"))
    async with house.database.transaction() as session:
        # A second alias proposes, so that it is not who made the first.
        await assign_role(session, SYSTEM, people["helper"].id, "programme_lead", ledger=house.ledger)
    await office.do(name_programme, "ben", **NAMED | {"sponsor": ALIAS})
    for who in ("ben", "helper"):
        for deed, more in ((propose_seats, {"why": WHY}), (propose_gate, {})):
            row = await office.do(deed, who, *((99,) if more else ()), **more)
            with pytest.raises((AnotherPerson, SponsorNotConfirmed)):
                await office.do(confirm_move, "alias", row.id, row.digest)
            await office.do(withdraw_move, who, row.id)
    # The lead whom one named oneself is none either, where the sponsor proposes.
    await office.do(name_programme, "ben", **NAMED)
    async with house.database.transaction() as session:
        await set_department(session, SYSTEM, people["ben"].id, "Bids", ledger=house.ledger)
    await office.do(name_programme, "dana", **NAMED | {"sponsor": people["ben"].email})
    await office.do(name_programme, "ben", **NAMED | {"sponsor": people["ben"].email, "lead": people["rita"].email})
    row = await office.do(propose_gate, "ben")
    with pytest.raises(AnotherPerson, match="named the lead"):
        await office.do(confirm_move, "rita", row.id, row.digest)
    await office.do(confirm_move, "owner", row.id, row.digest)
    assert (await office.phase())[0] is Phase.EXPANSION


async def test_an_owner_who_neither_named_nor_invited_confirms_the_sponsor(office: Office) -> None:
    await office.begun()
    people, house = office.home.people, office.home.house
    await as_person(office, "kim", await office.do(create_person, "ana", ALIAS, "Kim Carter", department="Sales"))
    await office.do(name_programme, "owner", **NAMED | {"sponsor": ALIAS})
    kim = people["kim"].id
    with pytest.raises(NotTheSponsor):
        await office.do(confirm_sponsor, "owner", people["rita"].id)
    for who, why in (("owner", "did not name"), ("ana", "did not invite")):
        with pytest.raises(AnotherPerson, match=why):
            await office.do(confirm_sponsor, who, kim)
    row = await office.do(propose_seats, "dana", 45, why=WHY)
    with pytest.raises(SponsorNotConfirmed):
        await office.do(confirm_move, "kim", row.id, row.digest)
    async with house.database.transaction() as session:
        await remove_role(session, people["owner"], people["ana"].id, "owner", ledger=house.ledger)
        token = await actor_of(session, person_id=people["owner"].id, via="api")
        with pytest.raises(SignInYourself):
            await confirm_sponsor(session, token, kim, ledger=house.ledger, clock=house.clock)
    # One owner alone: somebody else names the sponsor, and the owner confirms.
    await office.do(name_programme, "dana", **NAMED)
    await office.do(name_programme, "dana", **NAMED | {"sponsor": ALIAS})
    await office.do(confirm_sponsor, "owner", kim)
    await office.do(confirm_move, "kim", row.id, row.digest)
    assert (await office.phase())[2] == 45
    # Who answers for it already is confirmed once.
    await office.do(name_programme, "dana", **NAMED | {"sponsor": ALIAS, "goal": "Bids are won twice as often."})
    with pytest.raises(NotTheSponsor):
        await office.do(confirm_sponsor, "owner", kim)


async def test_a_token_is_nobodys_second_person(office: Office) -> None:
    await office.begun()
    house, people = office.home.house, office.home.people
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, people["rita"].id, "administrator", ledger=house.ledger)
    for row in (await office.do(propose_seats, "dana", 45, why=WHY), None):
        move = row or await office.do(propose_gate, "dana")
        for who in ("rita", "owner"):
            async with house.database.transaction() as session:
                token = await actor_of(session, person_id=people[who].id, via="api")
                with pytest.raises(SignInYourself):
                    await confirm_move(session, token, move.id, move.digest, ledger=house.ledger, clock=house.clock)
        await office.do(withdraw_move, "dana", move.id)


async def test_who_was_dismissed_meanwhile_stands_behind_nothing(office: Office) -> None:
    """An owner who proposed, or confirmed first, and is one no more; a lead who proposed, and left."""
    await office.begun()
    people, house = office.home.people, office.home.house
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, people["ben"].id, "owner", ledger=house.ledger)
    office.evidence = Evidence(today=PILOT.today)
    for gone, role in (("ana", "owner"), ("ben", "owner")):
        row = await office.do(propose_skip, "ana", why=WHY, risk=RISK)
        await office.do(confirm_move, "ben", row.id, row.digest)
        async with house.database.transaction() as session:
            await remove_role(session, people["owner"], people[gone].id, role, ledger=house.ledger)
        with pytest.raises(MoveStale):
            await office.do(confirm_move, "rita", row.id, row.digest)
        async with house.database.transaction() as session:
            await assign_role(session, SYSTEM, people[gone].id, role, ledger=house.ledger)
        await office.do(withdraw_move, "ana", row.id)
    # The sponsor accepted, and was let go before the second owner confirmed.
    row = await office.do(propose_skip, "ana", why=WHY, risk=RISK)
    await office.do(confirm_move, "rita", row.id, row.digest)
    await office.do(set_active, "owner", people["rita"].id, active=False)
    with pytest.raises(MoveStale):
        await office.do(confirm_move, "ben", row.id, row.digest)
    await office.do(set_active, "owner", people["rita"].id, active=True)
    await office.do(withdraw_move, "ana", row.id)
    office.evidence = PILOT
    row = await office.do(propose_gate, "dana")
    await office.do(set_active, "owner", people["dana"].id, active=False)
    for who in ("rita", "owner"):
        with pytest.raises(MoveStale):
            await office.do(confirm_move, who, row.id, row.digest)
    assert (await office.phase())[0] is Phase.PILOT


async def test_what_is_confirmed_on_is_what_was_proposed_on(office: Office) -> None:
    """Somebody else's word, or a number that rests on something else by now, makes it stale; what comes in by itself
    is frozen with the confirmation."""
    await office.begun()
    row = await office.do(propose_gate, "dana")
    said = dict(PILOT.attested)
    said["connector-review"] = replace(said["connector-review"], id="attestation_other", by="person_other")
    for swapped in (replace(PILOT, attested=said), replace(PILOT, changed={"holidays added": 9})):
        office.evidence = swapped
        with pytest.raises(MoveStale):
            await office.do(confirm_move, "rita", row.id, row.digest)
    told = {"batches told by other agents": 7}
    office.evidence = replace(PILOT, changed=told)
    await office.do(confirm_move, "rita", row.id, row.digest)
    async with office.home.house.database.transaction() as session:
        kept = (await session.get_one(MoveRow, row.id)).snapshot
    assert (kept["changed"], kept["at_confirmation"]["changed"]) == ({}, told)


async def test_one_owner_is_not_two(office: Office) -> None:
    """An owner makes aliases owners, one through the other, and names one the sponsor; nor is the sealed account."""
    await office.begun()
    people, house = office.home.people, office.home.house
    for maker, name, number in (("owner", "second", 4), ("second", "third", 5)):
        mail = f"o.owner{number}@aldermoor.example"
        made = await office.do(create_person, maker, mail, "O Owner", department="Sales")
        async with house.database.transaction() as session:
            giver = await actor_of(session, person_id=people[maker].id, via="page")
            await assign_role(session, giver, made, "owner", ledger=house.ledger)
        await as_person(office, name, made)
    office.evidence = Evidence(today=office.evidence.today)
    row = await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    for alias in ("second", "third"):
        with pytest.raises(AnotherPerson, match="last four weeks"):
            await office.do(confirm_move, alias, row.id, row.digest)
    await office.do(withdraw_move, "owner", row.id)
    # Nor the other way round, nor as a sponsor of theirs.
    row = await office.do(propose_skip, "third", why=WHY, risk=RISK)
    with pytest.raises(AnotherPerson, match="last four weeks"):
        await office.do(confirm_move, "owner", row.id, row.digest)
    await office.do(withdraw_move, "third", row.id)
    await office.do(name_programme, "owner", **NAMED | {"sponsor": people["second"].email})
    row = await office.do(propose_seats, "owner", 45, why=WHY)
    with pytest.raises(AnotherPerson, match="last four weeks"):
        await office.do(confirm_move, "second", row.id, row.digest)
    await office.do(withdraw_move, "owner", row.id)
    await office.do(name_programme, "owner", **NAMED)
    with pytest.raises(AnotherPerson, match="last four weeks"):
        await office.do(confirm_sponsor, "third", people["rita"].id)
    # Who broke the glass is an owner, and nobody's second person.
    async with house.database.transaction() as session:
        session.add(LocalRouteRow(id=1, passwords_off=True, break_glass_id=people["ana"].id))
    with pytest.raises(AnotherPerson, match="sealed account"):
        await office.do(confirm_sponsor, "ana", people["rita"].id)
    async with house.database.transaction() as session:
        await session.execute(update(LocalRouteRow).values(break_glass_id=None, passwords_off=False))
    await office.do(confirm_sponsor, "ana", people["rita"].id)
    # Four weeks on, a second owner is one.
    office.clock.advance(days=28, seconds=1)
    row = await office.do(propose_skip, "owner", why=WHY, risk=RISK)
    await office.do(confirm_move, "second", row.id, row.digest)
    await office.do(confirm_move, "rita", row.id, row.digest)
    assert (await office.phase())[0] is Phase.EXPANSION


async def test_whom_a_provider_made_owners_are_two_people(office: Office) -> None:
    """One group made them owners, also anew; nor is somebody's maker who gives by hand what they hold by it."""
    await office.begun()
    people, house = office.home.people, office.home.house
    _, text = await office.do(create_token, "owner", "Directory", days=9)
    both = [people["ben"].id, people["dana"].id]
    async with house.database.transaction() as session:
        token = await actor_of_provisioning(session, f"Bearer {text}", clock=house.clock)
        assert token is not None
        parts: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
        group = await make_group(session, SYSTEM, "scim", "Owners", **parts)
        await set_rule(session, SYSTEM, group.id, "role", "owner", gives=True, **parts)
        for only in (both, [], both):
            await change_members(session, token, group, only=only, **parts)
        for one in both:
            await assign_role(session, people["owner"], one, "owner", ledger=house.ledger)
            assert await owned_by(session, one, clock=house.clock) == {one}
    office.evidence = Evidence(today=office.evidence.today)
    row = await office.do(propose_skip, "ben", why=WHY, risk=RISK)
    await office.do(confirm_move, "dana", row.id, row.digest)
    await office.do(confirm_move, "rita", row.id, row.digest)
    assert (await office.phase())[0] is Phase.EXPANSION


async def test_two_whom_one_person_made_owners_are_not_two_people(office: Office) -> None:
    """By hand, or by mapping the group in which they are: one owner with two aliases would be both."""
    await office.begun()
    people, house = office.home.people, office.home.house
    parts: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        await assign_role(session, people["owner"], people["ben"].id, "owner", ledger=house.ledger)
        group = await make_group(session, SYSTEM, "scim", "Owners", **parts)
        await change_members(session, SYSTEM, group, only=[people["dana"].id], **parts)
        await set_rule(session, people["owner"], group.id, "role", "owner", gives=True, **parts)
    office.evidence = Evidence(today=office.evidence.today)
    row = await office.do(propose_skip, "ben", why=WHY, risk=RISK)
    with pytest.raises(AnotherPerson, match="same person made you both owners"):
        await office.do(confirm_move, "dana", row.id, row.digest)
    await office.do(confirm_move, "ana", row.id, row.digest)
