"""People, teams and roles: every change of who is here and what they may do."""

import re

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor, permissions_of
from colleague.identity.permissions import ROLES
from colleague.identity.tables import LinkRow, MembershipRow, PersonRow, RoleRow, SignInRow, TeamRow, TokenRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id

# What kit/mail.py can write to, so that nobody is here whose address looks like another's.
_MAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]|localhost)"
)
_OWNERS = 727011


class BadPerson(Invalid):
    """A person needs a name (at most 120 characters) and a mail address."""


class AlreadyHere(Conflict):
    """Somebody with this mail address is here already."""


class NoSuchPerson(NotFound):
    """There is no such person."""


class NoSuchTeam(NotFound):
    """There is no such team."""


class NoSuchRole(Invalid):
    """There is no role «{role}»."""


class LastOwner(Conflict):
    """This is the last owner: make somebody else an owner first."""


class OwnersOnly(Forbidden):
    """Only an owner makes or unmakes owners."""


class BeyondYourself(Forbidden):
    """Nobody gives somebody else more than they may do themselves."""


class NotOneself(Forbidden):
    """Nobody changes their own roles or deactivates themselves."""


class TeamNameTaken(Conflict):
    """A team of this name is here already."""


async def _get(session: Session, person_id: str) -> PersonRow:
    row = await session.get(PersonRow, person_id, populate_existing=True) if is_id(person_id) else None
    if row is None:
        raise NoSuchPerson
    return row


async def _roles(session: Session, person_id: str) -> frozenset[str]:
    return frozenset(await session.scalars(select(RoleRow.role).where(RoleRow.person_id == person_id)))


async def check_reach(session: Session, actor: Actor, person_id: str) -> None:
    """Raise unless `person_id` is active and may do nothing that `actor` may not: NoSuchPerson, OwnersOnly,
    BeyondYourself."""
    if not (await _get(session, person_id)).active:
        raise NoSuchPerson
    roles = await _roles(session, person_id)
    if "owner" in roles and not actor.may("org:roles:own"):
        raise OwnersOnly
    if not permissions_of(roles) <= actor.permissions:
        raise BeyondYourself


async def create_person(session: Session, actor: Actor, email: str, name: str, *, ledger: Ledger, clock: Clock) -> str:
    """Add a person without any role but member, and return their id. Raises BadPerson, AlreadyHere."""
    actor.require("org:people:manage")
    # Looked at before it is folded: «ß» or a Kelvin sign would become somebody else's letters.
    plain = email.isascii()
    email, name = email.strip().lower(), " ".join(name.split())
    good = plain and len(email) <= 254 and len(email.partition("@")[0]) <= 64 and _MAIL.fullmatch(email)
    if not good or not 1 <= len(name) <= 120 or not name.isprintable():
        raise BadPerson
    row = PersonRow(id=new_id("person"), email=email, name=name, created_at=clock.now(), active=True)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise AlreadyHere from None
    session.add(RoleRow(person_id=row.id, role="member"))
    personal = {"email": email, "name": name}
    await ledger.record(session, Event("person.added", actor.id, subject=row.id, person=row.id, personal=personal))
    return row.id


async def set_active(session: Session, actor: Actor, person_id: str, *, active: bool, ledger: Ledger) -> None:
    """Deactivate a person (sessions and tokens end at once) or let them in again. Raises LastOwner, NotOneself."""
    actor.require("org:people:manage")
    if person_id == actor.id:
        raise NotOneself
    await advisory_lock(session, _OWNERS)
    row = await _get(session, person_id)
    await _keep_an_owner(session, actor, person_id, leaves=not active)
    if not active:
        await session.execute(delete(SignInRow).where(SignInRow.person_id == person_id))
        await session.execute(delete(LinkRow).where(LinkRow.person_id == person_id))
        tokens = update(TokenRow).where(TokenRow.person_id == person_id, TokenRow.revoked_at.is_(None))
        await session.execute(tokens.values(revoked_at=func.now()))
    row.active = active
    verb = "person.reactivated" if active else "person.deactivated"
    await ledger.record(session, Event(verb, actor.id, subject=person_id, person=person_id))


async def _keep_an_owner(session: Session, actor: Actor, person_id: str, *, leaves: bool = True) -> None:
    """Raise unless another active owner stays when `person_id` goes; owners are touched by owners only.

    An owner who is not active at present is one too: whoever lets them in again makes an owner.
    """
    if "owner" not in await _roles(session, person_id):
        return
    if not actor.may("org:roles:own"):
        raise OwnersOnly
    owners = set(
        await session.scalars(
            select(RoleRow.person_id)
            .join(PersonRow, PersonRow.id == RoleRow.person_id)
            .where(RoleRow.role == "owner", PersonRow.active)
        )
    )
    if leaves and owners == {person_id}:
        raise LastOwner


async def assign_role(session: Session, actor: Actor, person_id: str, role: str, *, ledger: Ledger) -> None:
    """Give a person a role. Raises NoSuchRole, OwnersOnly, BeyondYourself, NotOneself."""
    actor.require("org:people:manage")
    if role not in ROLES:
        raise NoSuchRole(role=role[:40])
    if person_id == actor.id:
        raise NotOneself
    if role == "owner" and not actor.may("org:roles:own"):
        raise OwnersOnly
    if not ROLES[role] <= actor.permissions:
        raise BeyondYourself
    await _get(session, person_id)
    given = insert(RoleRow).values(person_id=person_id, role=role).on_conflict_do_nothing().returning(RoleRow.role)
    if await session.scalar(given):
        facts = {"role": role}
        await ledger.record(session, Event("role.assigned", actor.id, subject=person_id, person=person_id, data=facts))


async def remove_role(session: Session, actor: Actor, person_id: str, role: str, *, ledger: Ledger) -> None:
    """Take a role from a person. Raises NoSuchRole, NoSuchPerson, LastOwner, OwnersOnly, NotOneself."""
    actor.require("org:people:manage")
    if role not in ROLES:
        raise NoSuchRole(role=role[:40])
    await _get(session, person_id)
    if person_id == actor.id and role != "owner":
        raise NotOneself
    await advisory_lock(session, _OWNERS)
    if role == "owner":
        await _keep_an_owner(session, actor, person_id)
    held = (RoleRow.person_id == person_id) & (RoleRow.role == role)
    if await session.scalar(delete(RoleRow).where(held).returning(RoleRow.role)):
        facts = {"role": role}
        await ledger.record(session, Event("role.removed", actor.id, subject=person_id, person=person_id, data=facts))


async def create_team(session: Session, actor: Actor, name: str, *, ledger: Ledger) -> str:
    """Make a team and return its id. Raises TeamNameTaken, BadPerson for an empty name."""
    actor.require("org:people:manage")
    name = " ".join(name.split())[:80]
    if not name or not name.isprintable():
        raise Invalid("A team needs a name.")
    if await session.scalar(select(TeamRow.id).where(func.lower(TeamRow.name) == name.lower())):
        raise TeamNameTaken
    row = TeamRow(id=new_id("team"), name=name)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise TeamNameTaken from None
    await ledger.record(session, Event("team.created", actor.id, subject=row.id, data={"name": name}))
    return row.id


async def add_member(session: Session, actor: Actor, team_id: str, person_id: str, *, ledger: Ledger) -> None:
    """Put a person into a team: what the team was given is theirs from the next call on."""
    actor.require("org:people:manage")
    if not is_id(team_id) or await session.get(TeamRow, team_id) is None:
        raise NoSuchTeam
    await _get(session, person_id)
    joined = insert(MembershipRow).values(team_id=team_id, person_id=person_id).on_conflict_do_nothing()
    if await session.scalar(joined.returning(MembershipRow.team_id)):
        event = Event("team.member_added", actor.id, subject=team_id, person=person_id, data={"person": person_id})
        await ledger.record(session, event)


async def remove_member(session: Session, actor: Actor, team_id: str, person_id: str, *, ledger: Ledger) -> None:
    """Take a person out of a team: what the team was given is gone for them at the next call."""
    actor.require("org:people:manage")
    await _get(session, person_id)
    held = (MembershipRow.team_id == team_id) & (MembershipRow.person_id == person_id)
    if is_id(team_id) and await session.scalar(delete(MembershipRow).where(held).returning(MembershipRow.team_id)):
        event = Event("team.member_removed", actor.id, subject=team_id, person=person_id, data={"person": person_id})
        await ledger.record(session, event)
