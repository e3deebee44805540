"""Roles that the organisation makes itself: a named set of permissions, used wherever roles are (R71)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor, PermissionMissing
from colleague.identity.groups.settle import hold
from colleague.identity.permissions import PERMISSIONS, ROLES
from colleague.identity.tables import CustomRoleRow, GroupRuleRow, RoleRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound

_NAME, LIMIT = re.compile(r"[a-z][a-z0-9_]{1,39}"), 100


class BadRole(Invalid):
    """A role needs a name (2 to 40 small letters, digits and _), a sentence on what it is for, and permissions."""


class OwnersStay(Forbidden):
    """«Make and unmake owners» is the owner's alone: no other role can hold it."""


class RoleNameTaken(Conflict):
    """A role of this name is here already."""


class NoCustomRole(NotFound):
    """The organisation has made no such role. Shipped roles cannot be changed."""


class RoleInUse(Conflict):
    """{people} people hold this role and {groups} groups give it: take it from them first."""


class TooManyRoles(Conflict):
    """An organisation makes at most 100 roles of its own."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role as people look at it. `own`: the organisation made it."""

    name: str
    meaning: str
    permissions: tuple[str, ...]
    people: int
    own: bool

    def to_json(self) -> dict[str, object]:
        """Return the role as JSON."""
        return {"name": self.name, "meaning": self.meaning, "permissions": list(self.permissions),
                "people": self.people, "own": self.own}  # fmt: skip


async def list_roles(session: Session, actor: Actor) -> list[Role]:
    """Return every role: shipped ones first, then the organisation's own. Raises PermissionMissing."""
    actor.require("org:people:read")
    query = select(RoleRow.role, func.count()).group_by(RoleRow.role)
    holders: dict[str, int] = dict((await session.execute(query)).all())
    shipped = [Role(n, "", tuple(sorted(held)), holders.get(n, 0), False) for n, held in ROLES.items()]
    rows = (await session.scalars(select(CustomRoleRow).order_by(CustomRoleRow.name))).all()
    return shipped + [Role(r.name, r.meaning, tuple(r.permissions), holders.get(r.name, 0), True) for r in rows]


def _read(actor: Actor, name: str, meaning: str, permissions: Iterable[str]) -> tuple[str, str, list[str]]:
    """Return name, meaning and permissions as they are kept. Nobody gives more than they hold."""
    actor.require("org:people:manage")
    meaning, wanted = " ".join(meaning.split()), sorted(set(permissions))
    good = _NAME.fullmatch(name) and 1 <= len(meaning) <= 300 and meaning.isprintable()
    if not good or not wanted or not set(wanted) <= set(PERMISSIONS):
        raise BadRole
    if "org:roles:own" in wanted:
        raise OwnersStay
    for permission in wanted:
        if not actor.may(permission):
            raise PermissionMissing(permission=permission, meaning=PERMISSIONS[permission])
    return name, meaning, wanted


async def define_role(
    session: Session, actor: Actor, name: str, meaning: str, permissions: Iterable[str], *, ledger: Ledger, clock: Clock
) -> None:
    """Make a role. Raises BadRole, OwnersStay, RoleNameTaken, TooManyRoles, PermissionMissing."""
    name, meaning, wanted = _read(actor, name, meaning, permissions)
    await hold(session)
    if name in ROLES or await session.scalar(select(CustomRoleRow.name).where(CustomRoleRow.name == name)):
        raise RoleNameTaken
    if (await session.scalar(select(func.count()).select_from(CustomRoleRow)) or 0) >= LIMIT:
        raise TooManyRoles
    now = clock.now()
    session.add(
        CustomRoleRow(
            name=name, meaning=meaning, permissions=wanted, made_by=actor.id, made_at=now, changed_at=now
        )
    )  # fmt: skip
    await ledger.record(session, Event("role.defined", actor.id, subject=name, data={"permissions": wanted}))


async def change_role(
    session: Session, actor: Actor, name: str, meaning: str, permissions: Iterable[str], *, ledger: Ledger, clock: Clock
) -> None:
    """Change what a role of the organisation's own gives: everybody who holds it has that from their next call on.

    Who changes it must hold what it gave as well as what it will give. Raises what `define_role` raises, NoCustomRole.
    """
    name, meaning, wanted = _read(actor, name, meaning, permissions)
    row = await _own(session, actor, name)
    facts = {"gained": sorted(set(wanted) - set(row.permissions)), "lost": sorted(set(row.permissions) - set(wanted))}
    row.meaning, row.permissions, row.changed_at = meaning, wanted, clock.now()
    await ledger.record(session, Event("role.changed", actor.id, subject=name, data=facts))


async def retire_role(session: Session, actor: Actor, name: str, *, ledger: Ledger) -> None:
    """Remove a role that nobody holds and no group gives. Raises NoCustomRole, RoleInUse."""
    actor.require("org:people:manage")
    await hold(session)
    row = await _own(session, actor, name)
    people = await session.scalar(select(func.count()).where(RoleRow.role == name)) or 0
    rules = select(func.count()).where(GroupRuleRow.kind == "role", GroupRuleRow.target == name)
    groups = await session.scalar(rules) or 0
    if people or groups:
        raise RoleInUse(people=people, groups=groups)
    await session.delete(row)
    await ledger.record(session, Event("role.retired", actor.id, subject=name))


async def _own(session: Session, actor: Actor, name: str) -> CustomRoleRow:
    row = await session.get(CustomRoleRow, name, with_for_update=True, populate_existing=True)
    if row is None:
        raise NoCustomRole
    for permission in row.permissions:
        if permission in PERMISSIONS and not actor.may(permission):
            raise PermissionMissing(permission=permission, meaning=PERMISSIONS[permission])
    return row
