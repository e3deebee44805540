"""Nobody gives more than they have, an owner always stays, and each change of people is refused or recorded."""

import ast
import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from colleague.audit.tables import EntryRow
from colleague.identity.actor import SYSTEM, Actor, PermissionMissing, permissions_of
from colleague.identity.directory import PersonNotFound, actor_of, find_by_email, get_person, list_people
from colleague.identity.links.first_run import invite
from colleague.identity.people import (
    AlreadyHere,
    BadPerson,
    BeyondYourself,
    LastOwner,
    NoSuchPerson,
    NoSuchRole,
    NoSuchTeam,
    NotOneself,
    OwnersOnly,
    TeamNameTaken,
    add_member,
    assign_role,
    create_person,
    create_team,
    remove_member,
    remove_role,
    set_active,
)
from colleague.identity.permissions import PERMISSIONS, ROLES
from colleague.kit.errors import Invalid
from colleague.testing.house import TestHouse

pytestmark = pytest.mark.anyio
SRC = Path(__file__).parents[2] / "src" / "colleague"


async def do(home: TestHouse, deed: Any, actor: Actor, *things: Any, **more: Any) -> Any:
    if deed in (create_person, invite, set_active):
        more["clock"] = home.house.clock
    if deed is invite:
        more["invitations"] = home.house.invitations
    async with home.house.database.transaction() as session:
        return await deed(session, actor, *things, ledger=home.house.ledger, **more)


async def holding(home: TestHouse, who: str, *roles: str) -> Actor:
    """Give a person roles (by the owner) and return them as an actor."""
    for role in roles:
        await do(home, assign_role, SYSTEM, home.people[who].id, role)
    async with home.house.database.transaction() as session:
        return await actor_of(session, person_id=home.people[who].id, via="page")


def asked_permissions() -> set[str]:
    """Return every permission that the product asks for, found in the syntax of its files."""
    found = set()
    for file in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                value = node.args[0]
                if node.func.attr in ("require", "may") and isinstance(value, ast.Constant):
                    found.add(str(value.value))
    return found


def test_the_table_of_permissions_is_complete() -> None:
    assert asked_permissions() <= set(PERMISSIONS)
    for name, words in PERMISSIONS.items():
        scope, resource, action = name.split(":")
        assert scope in ("own", "org")
        assert resource
        assert action
        assert words.endswith(".")
    for role, held in ROLES.items():
        assert held <= set(PERMISSIONS), role
    assert frozenset(PERMISSIONS) == ROLES["owner"]
    assert ROLES["owner"] - ROLES["administrator"] == {"org:roles:own"}
    assert not {p for p in ROLES["auditor"] if p.endswith((":manage", ":use", ":answer"))} - {"own:tokens:manage"}
    assert permissions_of(frozenset({"nope"})) == frozenset()
    with pytest.raises(PermissionMissing) as refused:
        Actor("x", "X").require("org:policy:manage")
    assert PERMISSIONS["org:policy:manage"] in refused.value.message


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_does_what_its_permissions_say_and_no_more(home: TestHouse, role: str) -> None:
    """Every deed of people, tried by a holder of each role alone."""
    actor = replace(home.people["ben"], permissions=ROLES[role])
    ana, manages = home.people["ana"].id, "org:people:manage" in ROLES[role]
    deeds: list[tuple[Any, ...]] = [
        (create_person, f"{role}@x.example", "New"),
        (create_team, role),
        (add_member, home.team, ana),
        (remove_member, home.team, ana),
        (assign_role, ana, "reviewer"),
        (remove_role, ana, "reviewer"),
        (invite, ana),
    ]
    for deed, *things in deeds:
        if manages:
            await do(home, deed, actor, *things)
        else:
            with pytest.raises(PermissionMissing):
                await do(home, deed, actor, *things)
    for active in (False, True):
        if manages:
            await do(home, set_active, actor, ana, active=active)
        else:
            with pytest.raises(PermissionMissing):
                await do(home, set_active, actor, ana, active=active)


async def test_an_administrator_makes_no_owner_by_any_way(home: TestHouse) -> None:
    ana, ben, owner = await holding(home, "ana", "administrator"), home.people["ben"].id, home.people["owner"].id
    with pytest.raises(OwnersOnly):
        await do(home, assign_role, ana, ben, "owner")
    with pytest.raises(NotOneself):
        await do(home, assign_role, ana, ana.id, "owner")
    with pytest.raises(OwnersOnly):
        await do(home, invite, ana, owner)
    for deed, things in ((set_active, {"active": False}), (set_active, {"active": True})):
        with pytest.raises(OwnersOnly):
            await do(home, deed, ana, owner, **things)
    with pytest.raises(OwnersOnly):
        await do(home, remove_role, ana, owner, "owner")
    second = await holding(home, "dana", "owner")
    await do(home, set_active, home.people["owner"], second.id, active=False)
    for deed, args, kw in (
        (set_active, (second.id,), {"active": True}),
        (remove_role, (second.id, "owner"), {}),
    ):
        with pytest.raises(OwnersOnly):
            await do(home, deed, ana, *args, **kw)


async def test_a_narrow_token_gives_nothing_that_it_does_not_hold(home: TestHouse) -> None:
    """A token that may only manage people would else make an administrator, or a link to become one."""
    await holding(home, "ana", "administrator")
    token = replace(home.people["owner"], permissions=frozenset({"org:people:manage"}), via="api")
    with pytest.raises(BeyondYourself):
        await do(home, assign_role, token, home.people["ben"].id, "administrator")
    with pytest.raises(BeyondYourself):
        await do(home, invite, token, home.people["ana"].id)
    with pytest.raises(OwnersOnly):
        await do(home, assign_role, token, home.people["ben"].id, "owner")


async def test_nobody_changes_their_own_roles_or_deactivates_themselves(home: TestHouse) -> None:
    owner = home.people["owner"]
    for deed, things, more in (
        (assign_role, ("auditor",), {}),
        (remove_role, ("member",), {}),
        (set_active, (), {"active": False}),
        (set_active, (), {"active": True}),
    ):
        with pytest.raises(NotOneself):
            await do(home, deed, owner, owner.id, *things, **more)


async def test_the_last_owner_stays(home: TestHouse) -> None:
    owner = home.people["owner"]
    with pytest.raises(LastOwner):
        await do(home, remove_role, owner, owner.id, "owner")
    second = await holding(home, "ana", "owner")
    await do(home, set_active, owner, second.id, active=False)
    with pytest.raises(LastOwner):
        await do(home, remove_role, owner, owner.id, "owner")
    await do(home, set_active, owner, second.id, active=True)
    await do(home, remove_role, owner, owner.id, "owner")
    with pytest.raises(LastOwner):
        await do(home, remove_role, second, second.id, "owner")


async def test_two_owners_who_unmake_each_other_at_once_leave_one(home: TestHouse) -> None:
    for _ in range(3):
        first = await holding(home, "ana", "owner")
        second = await holding(home, "ben", "owner")
        await do(home, remove_role, SYSTEM, home.people["owner"].id, "owner")
        given = await asyncio.gather(
            do(home, remove_role, first, second.id, "owner"),
            do(home, set_active, second, first.id, active=False),
            do(home, remove_role, first, first.id, "owner"),
            return_exceptions=True,
        )
        async with home.house.database.transaction() as session:
            owners = [p for p in await list_people(session) if p.active and "owner" in p.roles]
        assert len(owners) >= 1, given
        for who in ("owner", "ana", "ben"):
            await holding(home, who, "owner") if who == owners[0].email.partition("@")[0] else None
            await do(home, set_active, SYSTEM, home.people[who].id, active=True)
        await holding(home, "owner", "owner")


BAD_PEOPLE = [
    ("", "Ana"),
    ("ana", "Ana"),
    ("ana@", "Ana"),
    ("@x.example", "Ana"),
    ("a@b@c.example", "Ana"),
    ("a b@x.example", "Ana"),
    ("ana@x", "Ana"),
    ("ana@x.example\nBcc: e@e.example", "Ana"),
    ("a\x00@x.example", "A"),
    ("аna@x.example", "Ana"),
    ("ana@x..example", "Ana"),
    ("ana@-x.example", "Ana"),
    ("an\u212a@x.example", "Ana"),
    ("stra\u00dfe@x.example", "Ana"),
    (".a@x.example", "Ana"),
    ("a@1.2.3.4", "Ana"),
    ("a" * 65 + "@x.example", "A"),
    ("a@" + "x." * 130 + "example", "A"),
    ("ok@x.example", ""),
    ("ok@x.example", " "),
    ("ok@x.example", "x" * 121),
    ("ok@x.example", "A\x00"),
    ("ok@x.example", "A\u202eb"),
    ("ok@x.example", "A\u200bb"),
]


@pytest.mark.parametrize(("email", "name"), BAD_PEOPLE, ids=lambda v: ascii(v)[:20])
async def test_a_person_without_a_plain_name_and_address_is_refused(home: TestHouse, email: str, name: str) -> None:
    with pytest.raises(BadPerson):
        await do(home, create_person, home.people["owner"], email, name)


async def test_an_address_is_here_once_also_when_two_add_it_at_once(home: TestHouse) -> None:
    owner = home.people["owner"]
    for email in ("ana@aldermoor.example", " ANA@Aldermoor.example"):
        with pytest.raises(AlreadyHere):
            await do(home, create_person, owner, email, "Ana")
    given = await asyncio.gather(
        *(do(home, create_person, owner, "new@x.example", f"N{n}") for n in range(5)), return_exceptions=True
    )
    assert sum(isinstance(g, str) for g in given) == 1
    assert sum(isinstance(g, AlreadyHere) for g in given) == 4
    given = await asyncio.gather(*(do(home, create_team, owner, "Law") for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(g, TeamNameTaken) for g in given) == 4
    for name in ("", "  ", "a\x00b"):
        with pytest.raises(Invalid):
            await do(home, create_team, owner, name)


NOBODY = ["", "person_x", "a\x00b", "person_" + "0" * 26, "'; --", "x" * 5000]


@pytest.mark.parametrize("nobody", NOBODY, ids=lambda v: ascii(v)[:12])
async def test_what_is_done_to_nobody_is_refused_and_leaves_no_trace(home: TestHouse, nobody: str) -> None:
    owner = home.people["owner"]
    async with home.house.database.transaction() as session:
        before = len((await session.scalars(select(EntryRow.id))).all())
        with pytest.raises(PersonNotFound):
            await get_person(session, nobody)
        assert await find_by_email(session, nobody) is None
    for deed, things, more in (
        (set_active, (), {"active": False}),
        (assign_role, ("member",), {}),
        (remove_role, ("member",), {}),
        (invite, (), {}),
    ):
        with pytest.raises(NoSuchPerson):
            await do(home, deed, owner, nobody, *things, **more)
    with pytest.raises(NoSuchPerson):
        await do(home, add_member, owner, home.team, nobody)
    with pytest.raises(NoSuchTeam):
        await do(home, add_member, owner, nobody, owner.id)
    with pytest.raises(NoSuchPerson):
        await do(home, remove_member, owner, home.team, nobody)
    await do(home, remove_member, owner, nobody, owner.id)
    for role in (nobody, "root"):
        for deed in (assign_role, remove_role):
            with pytest.raises(NoSuchRole):
                await do(home, deed, owner, home.people["ana"].id, role)
    async with home.house.database.transaction() as session:
        assert len((await session.scalars(select(EntryRow.id))).all()) == before


async def test_done_twice_or_at_once_is_done_and_recorded_once(home: TestHouse) -> None:
    owner, ben = home.people["owner"], home.people["ben"].id
    team = await do(home, create_team, owner, "Law")
    for deed, things, verb in (
        (assign_role, (ben, "reviewer"), "role.assigned"),
        (add_member, (team, ben), "team.member_added"),
        (remove_role, (ben, "reviewer"), "role.removed"),
        (remove_member, (team, ben), "team.member_removed"),
    ):
        await asyncio.gather(*(do(home, deed, owner, *things) for _ in range(4)))
        subject = team if deed in (add_member, remove_member) else ben
        async with home.house.database.transaction() as session:
            found = await session.scalars(
                select(EntryRow.body).where(EntryRow.verb == verb, EntryRow.subject == subject)
            )
            assert len([b for b in found if 'member"' not in b or deed in (add_member, remove_member)]) == 1, verb
