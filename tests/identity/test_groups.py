"""What a group gives is given and taken at once, shown before it is saved, never more than its saver may."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.identity.actor import SYSTEM, Actor, PermissionMissing
from colleague.identity.directory import actor_of, get_person, teams_of
from colleague.identity.groups.members import (
    BadGroup,
    GroupHere,
    NoSuchGroup,
    UnknownMember,
    apply_groups,
    change_group,
    change_members,
    delete_group,
    get_group,
    make_group,
)
from colleague.identity.groups.rules import (
    BadRule,
    LooksDifferent,
    NoSuchRule,
    list_groups,
    preview,
    set_rule,
    show_group,
)
from colleague.identity.people import (
    BeyondYourself,
    FromGroup,
    LastOwner,
    NoSuchRole,
    NoSuchTeam,
    OwnersOnly,
    add_member,
    assign_role,
    create_team,
    remove_member,
    remove_role,
)
from colleague.kit.ids import new_id
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio


class Hand:
    """Does deeds of groups in one transaction each."""

    def __init__(self, home: TestHouse) -> None:
        self.home, self.house = home, home.house

    async def do(self, deed: Any, *things: Any, actor: Actor = SYSTEM, clock: bool = True, **more: Any) -> Any:
        more |= {"clock": self.house.clock} if clock else {}
        async with self.house.database.transaction() as session:
            return await deed(session, actor, *things, ledger=self.house.ledger, **more)

    async def group(self, name: str, *people: str) -> str:
        async with self.house.database.transaction() as session:
            more = {"ledger": self.house.ledger, "clock": self.house.clock}
            row = await make_group(session, SYSTEM, "scim", name, **more)
            await change_members(session, SYSTEM, row, add=[self.id(p) for p in people], **more)
        return row.id

    def id(self, who: str) -> str:
        return self.home.people[who].id

    async def move(self, group: str, **change: Any) -> None:
        async with self.house.database.transaction() as session:
            row = await get_group(session, group)
            people = {k: [self.id(p) for p in v] for k, v in change.items()}
            await change_members(
                session, SYSTEM, row, ledger=self.house.ledger, clock=self.house.clock, **people
            )  # fmt: skip

    async def teams(self, who: str) -> frozenset[str]:
        async with self.house.database.transaction() as session:
            return await teams_of(session, self.id(who))

    async def roles(self, who: str) -> frozenset[str]:
        async with self.house.database.transaction() as session:
            return (await get_person(session, self.id(who))).roles

    async def verbs(self, person: str) -> list[str]:
        async with self.house.database.transaction() as session:
            rows = (await session.scalars(select(EntryRow).order_by(EntryRow.id))).all()
        return [r.verb for r in rows if '"by":"groups"' in r.body and self.id(person) in r.body]


@pytest.fixture
async def hand(home: TestHouse) -> Hand:
    return Hand(home)


async def test_a_rule_gives_to_who_is_in_the_group_and_takes_from_who_leaves(hand: Hand) -> None:
    legal = await hand.do(create_team, "Legal", clock=False)
    group = await hand.group("Lawyers", "ana", "ben")
    assert legal not in await hand.teams("ana")
    await hand.do(set_rule, group, "team", legal, gives=True)
    await hand.do(set_rule, group, "role", "reviewer", gives=True)
    assert legal in await hand.teams("ana")
    assert "reviewer" in await hand.roles("ben")
    await hand.move(group, remove=["ana"], add=["dana"])
    assert legal not in await hand.teams("ana")
    assert "reviewer" not in await hand.roles("ana")
    assert legal in await hand.teams("dana")
    assert await hand.verbs("ana") == [
        "team.member_added", "role.assigned", "role.removed", "team.member_removed"
    ]  # fmt: skip
    await hand.do(delete_group, group, clock=False)
    assert legal not in await hand.teams("ben") | await hand.teams("dana")
    assert "reviewer" not in await hand.roles("dana")


async def test_what_was_given_by_hand_stays_and_what_a_group_gives_is_not_taken_by_hand(hand: Hand) -> None:
    legal = await hand.do(create_team, "Legal", clock=False)
    group = await hand.group("Lawyers", "ana", "ben")
    await hand.do(set_rule, group, "team", legal, gives=True)
    await hand.do(set_rule, group, "role", "reviewer", gives=True)
    for deed, thing in ((remove_member, (legal, hand.id("ana"))), (remove_role, (hand.id("ana"), "reviewer"))):
        with pytest.raises(FromGroup):
            await hand.do(deed, *thing, clock=False)
    await hand.do(add_member, legal, hand.id("ben"), clock=False)
    await hand.do(assign_role, hand.id("ben"), "reviewer", clock=False)
    await hand.move(group, only=[])
    assert legal in await hand.teams("ben")
    assert "reviewer" in await hand.roles("ben")
    assert legal not in await hand.teams("ana")
    # Both at once, then by hand no more: the group's word still holds.
    await hand.move(group, add=["ben"])
    await hand.do(remove_member, legal, hand.id("ben"), clock=False)
    assert legal in await hand.teams("ben")


async def test_two_groups_that_give_the_same_are_both_left_before_it_is_taken(hand: Hand) -> None:
    legal = await hand.do(create_team, "Legal", clock=False)
    one, two = await hand.group("A", "ana"), await hand.group("B", "ana")
    for group in (one, two):
        await hand.do(set_rule, group, "team", legal, gives=True)
    # Both at the same moment: each must not see the other's group as a reason to keep the team.
    await asyncio.gather(hand.move(one, remove=["ana"]), hand.move(two, remove=["ana"]))
    assert legal not in await hand.teams("ana")


async def test_the_preview_says_who_and_the_saving_holds_to_it(hand: Hand) -> None:
    owner = hand.home.people["owner"]
    group = await hand.group("Lawyers", "ana", "rita")
    async with hand.house.database.transaction() as session:
        seen = await preview(session, owner, group, "role", "reviewer", gives=True)
    assert [name for _, name in seen.people] == ["Ana Ruiz"]
    assert (seen.count, seen.unchanged) == (1, 1)
    await hand.move(group, add=["ben"])
    with pytest.raises(LooksDifferent):
        await hand.do(set_rule, group, "role", "reviewer", actor=owner, gives=True, seal=seen.seal)
    assert "reviewer" not in await hand.roles("ana")
    async with hand.house.database.transaction() as session:
        seen = await preview(session, owner, group, "role", "reviewer", gives=True)
    await hand.do(set_rule, group, "role", "reviewer", actor=owner, gives=True, seal=seen.seal)
    async with hand.house.database.transaction() as session:
        loss = await preview(session, owner, group, "role", "reviewer", gives=False)
        shown = await show_group(session, owner, group)
    # Rita holds it by hand as well.
    assert [name for _, name in loss.people] == ["Ana Ruiz", "Ben Carter"]
    assert [rule.words for rule in shown.rules] == ["role reviewer"]


async def test_nobody_gives_by_a_rule_what_they_could_not_give(hand: Hand) -> None:
    group = await hand.group("All", "ana")
    await hand.do(assign_role, hand.id("ben"), "administrator", clock=False)
    async with hand.house.database.transaction() as session:
        ben = await actor_of(session, person_id=hand.id("ben"), via="page")
    narrow = Actor(ben.id, ben.name, permissions=frozenset({"org:people:manage"}))
    for actor, kind, target, refusal in (
        (ben, "role", "owner", OwnersOnly), (narrow, "role", "administrator", BeyondYourself),
        (ben, "role", "emperor", NoSuchRole), (ben, "team", new_id("team"), NoSuchTeam),
        (ben, "seat", "x", BadRule), (hand.home.people["ana"], "role", "member", PermissionMissing),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await hand.do(set_rule, group, kind, target, actor=actor, gives=True)
    with pytest.raises(NoSuchRule):
        await hand.do(set_rule, group, "role", "member", actor=ben, gives=False)
    with pytest.raises(NoSuchGroup):
        await hand.do(set_rule, new_id("group"), "role", "member", actor=ben, gives=True)
    await hand.do(set_rule, group, "role", "owner", actor=hand.home.people["owner"], gives=True)
    with pytest.raises(OwnersOnly):
        await hand.do(set_rule, group, "role", "owner", actor=ben, gives=False)


async def test_the_last_owner_does_not_go_with_a_group(hand: Hand) -> None:
    group = await hand.group("Owners", "ana")
    await hand.do(set_rule, group, "role", "owner", gives=True)
    await hand.do(remove_role, hand.id("owner"), "owner", clock=False)
    for change in ({"remove": ["ana"]}, {"only": ["ana", "ben"]}, {"only": []}):
        if change.get("only") == ["ana", "ben"]:
            await hand.move(group, **change)
            await hand.move(group, remove=["ben"])
            continue
        with pytest.raises(LastOwner):
            await hand.move(group, **change)
    with pytest.raises(LastOwner):
        await hand.do(delete_group, group, clock=False)
    with pytest.raises(LastOwner):
        await hand.do(set_rule, group, "role", "owner", gives=False)
    assert "owner" in await hand.roles("ana")


async def test_a_sign_on_says_exactly_which_groups(hand: Hand) -> None:
    ana = hand.id("ana")
    await hand.do(apply_groups, ana, "sso:x", ["Bids", "Legal ", "", "a\nb", "\x00"])
    async with hand.house.database.transaction() as session:
        found = await list_groups(session, hand.home.people["owner"])
    assert [(g.name, g.members, g.rules) for g in found] == [("Bids", 1, ()), ("Legal", 1, ()), ("a b", 1, ())]
    legal = next(g.id for g in found if g.name == "Legal")
    await hand.do(set_rule, legal, "role", "reviewer", gives=True)
    assert "reviewer" in await hand.roles("ana")
    # The same name from another source is another group: it gives nothing.
    await hand.do(apply_groups, hand.id("ben"), "sso:y", ["Legal"])
    assert "reviewer" not in await hand.roles("ben")
    scim = await hand.group("Payroll", "ana")
    changes = await hand.do(apply_groups, ana, "sso:x", ["Bids"])
    assert [(c.kind, c.target, c.gained) for c in changes] == [("role", "reviewer", False)]
    async with hand.house.database.transaction() as session:
        assert (await show_group(session, hand.home.people["owner"], scim)).members == 1
    for source, names in (("sso:x", [f"g{n}" for n in range(1001)]), ("scim", ["Payroll"])):
        with pytest.raises(BadGroup):
            await hand.do(apply_groups, ana, source, names)


async def test_groups_are_refused_in_words(hand: Hand) -> None:
    for name in ("", "  ", "x" * 257, "a\x00b", "\u202eabc"):
        with pytest.raises(BadGroup):
            await hand.do(make_group, "scim", name)
    await hand.do(make_group, "sso:x", "One", key="one")
    with pytest.raises(GroupHere):
        await hand.do(make_group, "sso:x", "Uno", key="one")
    group = await hand.group("Two", "ana")
    async with hand.house.database.transaction() as session:
        row = await get_group(session, group)
        with pytest.raises(UnknownMember):
            await change_members(
                session, SYSTEM, row, add=[new_id("person")], ledger=hand.house.ledger, clock=hand.house.clock
            )
    await hand.do(set_rule, group, "role", "reviewer", gives=True)
    async with hand.house.database.transaction() as session:
        row = await get_group(session, group)
        await change_group(
            session, SYSTEM, row, name="Administrators", external_id="7", ledger=hand.house.ledger,
            clock=hand.house.clock,
        )  # fmt: skip
    # A group gives what its rules say, whatever it is called.
    assert await hand.roles("ana") == {"member", "reviewer"}
