"""An organisation's own role is a role like any other, and gives nobody more than its maker holds."""

from typing import Any

import pytest

from colleague.identity.actor import SYSTEM, Actor, PermissionMissing
from colleague.identity.directory import actor_of, who_may
from colleague.identity.groups.custom_roles import (
    BadRole,
    NoCustomRole,
    OwnersStay,
    RoleInUse,
    RoleNameTaken,
    change_role,
    define_role,
    list_roles,
    retire_role,
)
from colleague.identity.groups.members import make_group
from colleague.identity.groups.rules import set_rule
from colleague.identity.people import BeyondYourself, NoSuchRole, assign_role, create_team, remove_role
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
READ = ["org:people:read", "org:connectors:read"]


async def do(home: TestHouse, deed: Any, *things: Any, actor: Actor = SYSTEM, **more: Any) -> Any:
    if deed in (define_role, change_role, make_group, set_rule):
        more["clock"] = home.house.clock
    async with home.house.database.transaction() as session:
        return await deed(session, actor, *things, ledger=home.house.ledger, **more)


async def ana(home: TestHouse) -> Actor:
    async with home.house.database.transaction() as session:
        return await actor_of(session, person_id=home.people["ana"].id, via="page")


async def test_it_gives_what_it_says_from_the_next_call_on(home: TestHouse) -> None:
    person = home.people["ana"].id
    await do(home, define_role, "desk_lead", "Leads a desk.", READ)
    await do(home, assign_role, person, "desk_lead")
    assert (await ana(home)).may("org:connectors:read")
    await do(home, change_role, "desk_lead", "Leads a desk.", ["org:people:read", "org:people:manage"])
    actor = await ana(home)
    assert not actor.may("org:connectors:read")
    await do(home, create_team, "Desk", actor=actor)
    async with home.house.database.transaction() as session:
        assert "Ana Ruiz" in [p.name for p in await who_may(session, "org:people:manage", "own:approvals:answer")]
    await do(home, remove_role, person, "desk_lead")
    with pytest.raises(PermissionMissing):
        await do(home, create_team, "Another", actor=await ana(home))


async def test_nobody_makes_or_gives_a_role_beyond_themselves(home: TestHouse) -> None:
    await do(home, define_role, "people_desk", "Looks after people.", ["org:people:read", "org:people:manage"])
    await do(home, define_role, "watcher", "Reads the ledger.", ["org:ledger:read"])
    await do(home, assign_role, home.people["ana"].id, "people_desk")
    actor = await ana(home)
    for deed, things, refusal in (
        (define_role, ("more", "More.", ["org:ledger:read"]), PermissionMissing),
        (change_role, ("people_desk", "More.", ["org:ledger:read"]), PermissionMissing),
        # Neither may it be made narrower by somebody who could not have made it.
        (change_role, ("watcher", "Less.", ["org:people:read"]), PermissionMissing),
        (retire_role, ("watcher",), PermissionMissing),
        (assign_role, (home.people["ben"].id, "watcher"), BeyondYourself),
    ):  # fmt: skip
        with pytest.raises(refusal):
            await do(home, deed, *things, actor=actor)
    with pytest.raises(OwnersStay):
        await do(home, define_role, "kings", "All.", ["org:roles:own"])
    with pytest.raises(OwnersStay):
        await do(home, change_role, "watcher", "All.", ["org:roles:own"])


@pytest.mark.parametrize(
    ("name", "meaning", "permissions"),
    [
        ("Desk", "x", READ), ("d", "x", READ), ("a b", "x", READ), ("desk\n", "x", READ), ("d" * 41, "x", READ),
        ("desk", "", READ), ("desk", "x" * 301, READ), ("desk", "\u202e", READ), ("desk", "x", []),
        ("desk", "x", ["org:everything"]), ("desk", "\x00", READ),
    ],
)  # fmt: skip
async def test_what_is_no_role_is_refused(home: TestHouse, name: str, meaning: str, permissions: list[str]) -> None:
    with pytest.raises(BadRole):
        await do(home, define_role, name, meaning, permissions)


async def test_shipped_roles_stay_and_a_role_in_use_stays(home: TestHouse) -> None:
    for name in ("owner", "member"):
        with pytest.raises(RoleNameTaken):
            await do(home, define_role, name, "Mine.", READ)
        with pytest.raises(NoCustomRole):
            await do(home, change_role, name, "Mine.", READ)
        with pytest.raises(NoCustomRole):
            await do(home, retire_role, name)
    await do(home, define_role, "desk_lead", "Leads a desk.", READ)
    with pytest.raises(RoleNameTaken):
        await do(home, define_role, "desk_lead", "Again.", READ)
    group = await do(home, make_group, "scim", "Desk leads")
    await do(home, set_rule, group.id, "role", "desk_lead", gives=True)
    with pytest.raises(RoleInUse, match="0 people hold this role and 1 groups"):
        await do(home, retire_role, "desk_lead")
    await do(home, set_rule, group.id, "role", "desk_lead", gives=False)
    await do(home, retire_role, "desk_lead")
    with pytest.raises(NoSuchRole):
        await do(home, assign_role, home.people["ana"].id, "desk_lead")
    async with home.house.database.transaction() as session:
        assert not any(role.own for role in await list_roles(session, home.people["owner"]))
