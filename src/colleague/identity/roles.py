"""Roles by name: those that ship, and those the organisation made. Everything that asks «who may?» asks here."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import select

from colleague.identity.actor import permissions_of
from colleague.identity.permissions import BY_DECISION, ROLES
from colleague.identity.tables import CustomRoleRow, PersonRow, RoleRow
from colleague.kit.db import Session
from colleague.kit.errors import Conflict


class ByDecision(Conflict):
    """The role «{role}» comes and goes with a decision and its reason, never by hand or by a group: {where}."""


def check_decided(role: str, *, decided: bool = False) -> None:
    """Raise ByDecision for a role that is given and taken by a decision alone, unless it was `decided`."""
    if role in BY_DECISION and not decided:
        raise ByDecision(role=role, where=BY_DECISION[role])


async def known_roles(session: Session) -> dict[str, frozenset[str]]:
    """Return every role with its permissions, shipped ones first."""
    query = select(CustomRoleRow.name, CustomRoleRow.permissions).order_by(CustomRoleRow.name)
    return {**ROLES, **{name: frozenset(held) for name, held in await session.execute(query) if name not in ROLES}}


async def roles_since(session: Session, names: Iterable[str]) -> dict[str, datetime]:
    """Return since when each of these roles has been here; shipped ones always were, an unknown one is left out."""
    names = frozenset(names)
    query = select(CustomRoleRow.name, CustomRoleRow.made_at).where(CustomRoleRow.name.in_(names - ROLES.keys()))
    always = datetime.min.replace(tzinfo=UTC)
    return {**dict.fromkeys(names & ROLES.keys(), always), **dict((await session.execute(query)).all())}


async def permissions_held(session: Session, roles: Iterable[str]) -> frozenset[str]:
    """Return the permissions that `roles` give together at this moment; an unknown role gives none."""
    roles = frozenset(roles)
    own = roles - ROLES.keys()
    held = permissions_of(roles)
    if own:
        query = select(CustomRoleRow.permissions).where(CustomRoleRow.name.in_(own))
        held = held.union(*(permissions for permissions in await session.scalars(query)))
    return held


async def ids_that_may(session: Session, *permissions: str) -> frozenset[str]:
    """Return the ids of the active people whose roles together give all of `permissions`."""
    roles = await known_roles(session)
    people: frozenset[str] | None = None
    for permission in permissions:
        able = [name for name, held in roles.items() if permission in held]
        query = select(RoleRow.person_id).join(PersonRow, PersonRow.id == RoleRow.person_id)
        found = frozenset(await session.scalars(query.where(PersonRow.active, RoleRow.role.in_(able))))
        people = found if people is None else people & found
    return people or frozenset()
