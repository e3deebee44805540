"""What weakens a rule of the organisation waits for another person: bound, once, for seven days (CT-3)."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from colleague.identity.actor import SYSTEM, Actor, PermissionMissing
from colleague.identity.directory import actor_of
from colleague.identity.people import assign_role, set_active
from colleague.kit.errors import Failure
from colleague.policy.governance import ByDocumentOnly, SecondPersonNeeded, change_governance, current_governance
from colleague.policy.model import DataClass, Governance, Tier, Zone
from colleague.policy.second_person.propose import (
    NobodyElse,
    NoSuchProposal,
    NotYourOwn,
    Proposal,
    ProposalStale,
    confirm,
    list_proposals,
    set_or_propose,
    withdraw,
)
from colleague.policy.stricter import weaker
from colleague.testing.clock import TestClock
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
BASE = Governance(
    internal_domains=("in.example",), confirm_internal=True, highest_input=DataClass.CONFIDENTIAL, zone=Zone.EU,
    blocked_types=("a/b",), blocked_paths=("x",), label_classes=("g1=restricted", "g2=internal"),
    input_ceilings=("bids/*=internal",), reviewed_categories=("internal_summary",),
    rules='@id("a") forbid (principal, action, resource) when { context.data_class > 2 };',
    require_acknowledgement=True,
)  # fmt: skip
WEAKER: list[tuple[str, Any]] = [
    ("internal_domains", ("in.example", "more.example")), ("internal_domains", ()), ("confirm_internal", False),
    ("highest_input", DataClass.RESTRICTED), ("highest_external", DataClass.CONFIDENTIAL),
    ("dispatch_ceiling", Tier.COMMUNICATE), ("zone", Zone.ANY), ("zone", Zone.US), ("blocked_types", ()),
    ("blocked_paths", ("y",)), ("label_classes", ("g2=internal",)), ("label_classes", ("g1=restricted", "g2=public")),
    ("label_classes", ("g1=restricted", "g2=internal", "g3=public")), ("input_ceilings", ()),
    ("input_ceilings", ("bids/*=confidential",)), ("input_ceilings", ("bids/lawyer:review=internal",)),
    ("reviewed_categories", ()), ("rules", ""), ("require_acknowledgement", False),
    ("ask_champions_early", True),
    ("rules", '@id("a") forbid (principal, action, resource) when { context.data_class > 3 };'),
]  # fmt: skip
STRICTER: list[tuple[str, Any]] = [
    ("highest_input", DataClass.PUBLIC), ("highest_external", DataClass.PUBLIC),
    ("zone", Zone.OWN), ("blocked_types", ("a/b", "c/d")), ("blocked_paths", ("x", "y")),
    ("label_classes", ("g1=restricted", "g2=restricted")), ("label_classes", ("g1=restricted",)),
    ("label_classes", ("g1=restricted", "g2=internal", "g3=restricted")),
    ("input_ceilings", ("bids/*=public",)), ("input_ceilings", ("*/review=public", "bids/*=internal")),
    ("reviewed_categories", ("internal_summary", "policy_answer")),
    ("rules", '@id("b") forbid (principal, action, resource) when { context.data_class > 3 };\n' + BASE.rules),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WEAKER, ids=str)
def test_each_setting_that_allows_more_is_named(name: str, value: Any) -> None:
    assert weaker(BASE, replace(BASE, **{name: value})) == (name,)


@pytest.mark.parametrize(("name", "value"), STRICTER, ids=str)
def test_what_allows_less_is_no_weakening(name: str, value: Any) -> None:
    assert weaker(BASE, replace(BASE, **{name: value})) == ()


def test_the_first_naming_of_mail_domains_is_no_weakening() -> None:
    assert weaker(Governance(), Governance(internal_domains=("in.example",))) == ()


def test_a_ceiling_for_a_skill_of_any_plugin_is_not_narrowed_to_one_plugin_by_one_person() -> None:
    wide, narrow = (replace(BASE, input_ceilings=(entry,)) for entry in ("*/review=internal", "*/law:review=internal"))
    assert weaker(wide, narrow) == ("input_ceilings",)
    assert weaker(narrow, wide) == ()


@pytest.fixture
async def home(database_url: str, tmp_path: Path, clock: TestClock) -> Any:
    home = await furnish(database_url, tmp_path, connectors=(), clock=clock)
    yield home
    await home.house.close()


async def do(home: TestHouse, deed: Any, who: Actor, *args: Any) -> Any:
    house = home.house
    async with house.database.transaction() as session:
        return await deed(session, who, *args, ledger=house.ledger, clock=house.clock)


async def second(home: TestHouse, name: str = "ben") -> Actor:
    """Make somebody an administrator and return them with what they may do now."""
    house = home.house
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people[name].id, "administrator", ledger=house.ledger)
        return await actor_of(session, person_id=home.people[name].id, via="page")


async def force(home: TestHouse) -> Governance:
    async with home.house.database.transaction() as session:
        return await current_governance(session)


async def test_strengthening_holds_at_once_and_weakening_waits(home: TestHouse) -> None:
    owner, ben = home.people["owner"], await second(home)
    done = await do(home, set_or_propose, owner, {"highest_external": "public"})
    assert isinstance(done, Governance)
    before = await force(home)
    waits = await do(home, set_or_propose, owner, {"highest_external": "confidential", "confirm_internal": False})
    assert isinstance(waits, Proposal)
    assert waits.weakens == ("confirm_internal", "highest_external")
    assert await force(home) == before
    after = await do(home, confirm, ben, waits.id, waits.digest)
    assert after == await force(home)
    assert (after.highest_external, after.confirm_internal) == (DataClass.CONFIDENTIAL, False)
    with pytest.raises(NoSuchProposal):
        await do(home, confirm, ben, waits.id, waits.digest)


async def test_one_person_does_not_empty_the_mail_domains_to_name_others(home: TestHouse) -> None:
    owner, _ = home.people["owner"], await second(home)
    before = await force(home)
    assert before.internal_domains
    emptied = await do(home, set_or_propose, owner, {"internal_domains": []})
    assert isinstance(emptied, Proposal), "emptied, the list would take any domain without a second person"
    named = await do(home, set_or_propose, owner, {"internal_domains": ["elsewhere.example"]})
    assert isinstance(named, Proposal)
    assert await force(home) == before


async def test_alone_in_the_organisation_it_is_refused_with_what_to_do(home: TestHouse) -> None:
    with pytest.raises(NobodyElse) as refused:
        await do(home, set_or_propose, home.people["owner"], {"confirm_internal": False})
    assert "second person" in refused.value.message
    with pytest.raises(SecondPersonNeeded):
        await do(home, change_governance, home.people["owner"], {"confirm_internal": False})
    assert (await force(home)).confirm_internal


async def test_nobody_confirms_their_own_and_members_confirm_nothing(home: TestHouse) -> None:
    owner, _ = home.people["owner"], await second(home)
    waits = await do(home, set_or_propose, owner, {"dispatch_ceiling": "modify"})
    with pytest.raises(NotYourOwn):
        await do(home, confirm, owner, waits.id, waits.digest)
    for deed, args in ((confirm, (waits.id, waits.digest)), (withdraw, (waits.id,)), (set_or_propose, ({},))):
        with pytest.raises(PermissionMissing):
            await do(home, deed, home.people["ana"], *args)


async def test_it_holds_for_what_was_shown_against_this_version_only(home: TestHouse) -> None:
    owner, ben = home.people["owner"], await second(home)
    waits = await do(home, set_or_propose, owner, {"dispatch_ceiling": "modify"})
    for seen in ("", waits.digest[:-1], "0" * 64):
        with pytest.raises(ProposalStale):
            await do(home, confirm, ben, waits.id, seen)
    await do(home, set_or_propose, owner, {"highest_external": "public"})
    with pytest.raises(ProposalStale):
        await do(home, confirm, ben, waits.id, waits.digest)
    assert (await force(home)).dispatch_ceiling is Tier.READ


async def test_it_expires_and_can_be_withdrawn(home: TestHouse, clock: TestClock) -> None:
    owner, ben = home.people["owner"], await second(home)
    waits = await do(home, set_or_propose, owner, {"confirm_internal": False})
    other = await do(home, set_or_propose, owner, {"highest_input": "restricted"})
    await do(home, withdraw, ben, waits.id)
    async with home.house.database.transaction() as session:
        assert [p.id for p in await list_proposals(session, clock=clock)] == [other.id]
    clock.advance(days=7)
    for proposal in (waits, other):
        with pytest.raises(NoSuchProposal):
            await do(home, confirm, ben, proposal.id, proposal.digest)


async def test_who_may_no_more_stands_behind_nothing(home: TestHouse) -> None:
    owner, ben = home.people["owner"], await second(home)
    waits = await do(home, set_or_propose, ben, {"confirm_internal": False})
    async with home.house.database.transaction() as session:
        await set_active(session, owner, ben.id, active=False, ledger=home.house.ledger, clock=home.house.clock)
    with pytest.raises(ProposalStale):
        await do(home, confirm, owner, waits.id, waits.digest)


async def test_two_who_confirm_at_once_do_it_once(home: TestHouse) -> None:
    owner, people = home.people["owner"], [await second(home), await second(home, "dana")]
    waits = await do(home, set_or_propose, owner, {"confirm_internal": False})
    before = (await force(home)).version
    done = await asyncio.gather(*(do(home, confirm, p, waits.id, waits.digest) for p in people), return_exceptions=True)
    assert sorted(isinstance(d, Failure) for d in done) == [False, True]
    assert (await force(home)).version == before + 1


async def test_rules_change_with_the_document_only(home: TestHouse) -> None:
    with pytest.raises(ByDocumentOnly):
        await do(home, set_or_propose, home.people["owner"], {"rules": ""})
