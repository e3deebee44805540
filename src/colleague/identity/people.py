"""People, teams and roles: every change of who is here and what they may do."""

import re
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import is_managed
from colleague.identity.roles import check_decided, known_roles, permissions_held
from colleague.identity.seats.hold import check_not_above, seat, waits_when_added
from colleague.identity.seats.reason import check_reason, keep_reason, may_give, reasons_missing
from colleague.identity.tables import (
    LinkRow,
    MembershipRow,
    PersonRow,
    ProvisionedRow,
    RoleRow,
    SignInRow,
    TeamRow,
    TokenRow,
)
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id, new_id
from colleague.kit.queue import Job, enqueue

# What kit/mail.py can write to, so that nobody is here whose address looks like another's.
_MAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]|localhost)"
)
_OWNERS = 727011
# Of the sealed account alone (ID-5): nobody else is here by this address, whoever would make or describe them.
SEALED = "break-glass@localhost"
Without = Literal["refuse", "wait", "no seat", "sealed"]
# Done by tasks/leave.py: what stands above people stops what somebody who has left was doing.
STOP_ALL = "tasks.stop_all"
# Done by dispatch/schedules/leave.py.
PAUSE_ALL = "dispatch.schedules.pause_all"


class BadPerson(Invalid):
    """A person needs a name (at most 120 characters) and a mail address."""


class Reserved(Invalid):
    """This mail address is kept for the sealed break-glass account, which is made when passwords are switched off."""


class AlreadyHere(Conflict):
    """Somebody with this mail address is here already."""


class NoSuchPerson(NotFound):
    """There is no such person."""


class PersonErased(Conflict):
    """This person was erased: nobody comes back to this record. Add them anew, as a new person."""


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


class ManagedElsewhere(Conflict):
    """This person comes from your identity provider: change them there. It is done here within seconds."""


class FromGroup(Conflict):
    """This comes from a group of your identity provider: take the person out of it there, or change its rules here."""


class NoSeatHeld(Conflict):
    """This person holds no seat."""


class BadDepartment(Invalid):
    """A department's name has at most 80 printable characters."""


class TeamNameTaken(Conflict):
    """A team of this name is here already."""


async def _get(session: Session, person_id: str, *, lock: bool = False) -> PersonRow:
    key, held = person_id if is_id(person_id) else "", lock or None
    row = await session.get(PersonRow, key, populate_existing=True, with_for_update=held)
    if row is None:
        raise NoSuchPerson
    if row.erased_at is not None:
        raise PersonErased
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
    if not await permissions_held(session, roles) <= actor.permissions:
        raise BeyondYourself


def read_address(email: str, *, sealed: bool = False) -> str:
    """Return a mail address in its one spelling; BadPerson if nobody can be written to there, Reserved."""
    # Looked at before it is folded: «ß» or a Kelvin sign would become somebody else's letters.
    plain = email.isascii()
    email = email.strip().lower()
    if not (plain and len(email) <= 254 and len(email.partition("@")[0]) <= 64 and _MAIL.fullmatch(email)):
        raise BadPerson
    if email == SEALED and not sealed:
        raise Reserved
    return email


async def create_person(
    session: Session, actor: Actor, email: str, name: str, *, department: str = "", reason: str = "", ledger: Ledger,
    clock: Clock, without: Without = "refuse",
) -> str:  # fmt: skip
    """Add a person without any role but member, and return their id.

    `without` a seat for them: refuse, or let them wait; "no seat" gives none anyway; "sealed" needs none.
    `reason`: the sponsor's, where the pilot is warned of them. While it runs they wait until they are chosen (PP-2).
    Raises BadPerson, Reserved, BadDepartment, AlreadyHere, NoSeat, SponsorReasonNeeded.
    """
    actor.require("org:people:manage")
    email, name = read_address(email, sealed=without == "sealed"), " ".join(name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise BadPerson
    row = PersonRow(id=new_id("person"), email=email, name=name, created_at=clock.now(), active=False)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise AlreadyHere from None
    session.add(RoleRow(person_id=row.id, role="member"))
    personal = {"email": email, "name": name}
    await ledger.record(session, Event("person.added", actor.id, subject=row.id, person=row.id, personal=personal))
    if department:
        await set_department(session, actor, row.id, department, ledger=ledger)
    if reason and await reasons_missing(session, [row]):
        await keep_reason(session, actor, row.id, reason, ledger=ledger, clock=clock)
    if without not in ("no seat", "sealed"):
        waits = without == "wait" or await waits_when_added(session)
        await seat(session, actor, row, wait=waits, ledger=ledger, clock=clock)
    return row.id


async def set_active(
    session: Session, actor: Actor, person_id: str, *, active: bool, ledger: Ledger, clock: Clock
) -> None:
    """Deactivate a person or let them in again. Sessions and tokens end at once, tasks by a job that goes with it.

    Where there is no seat, whom an identity provider lets in again waits; for everybody else NoSeat, NotChosen or
    SponsorReasonNeeded is raised, as by `seat`. Raises LastOwner, NotOneself, ManagedElsewhere.
    """
    actor.require("org:people:manage")
    if person_id == actor.id:
        raise NotOneself
    # The row before the locks, as provisioning takes them: nobody waits for each other both ways.
    row = await _get(session, person_id, lock=True)
    await advisory_lock(session, _OWNERS)
    if actor.via not in ("provisioning", "system") and await is_managed(session, person_id):
        raise ManagedElsewhere
    await _keep_an_owner(session, actor, person_id, leaves=not active)
    verb = "person.reactivated" if active else "person.deactivated"
    if not active:
        row.waiting_since = None
        await _end_access(session, row)
    await ledger.record(session, Event(verb, actor.id, subject=person_id, person=person_id))
    if active:
        wait = actor.via == "provisioning"
        await seat(session, actor, row, wait=wait, ledger=ledger, clock=clock)


async def take_seat_back(session: Session, actor: Actor, person_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Take a person's seat: they wait for another one, and what they had open ends as if they had left.

    Raises AboveYourself, LastOwner, NotOneself, NoSuchPerson, NoSeatHeld, OwnersOnly.
    """
    if not may_give(actor):
        actor.require("org:people:manage")
    if person_id == actor.id:
        raise NotOneself
    # The row before the locks, as provisioning takes them: nobody waits for each other both ways.
    row = await _get(session, person_id, lock=True)
    await advisory_lock(session, _OWNERS)
    if not row.active:
        raise NoSeatHeld
    await _keep_an_owner(session, actor, person_id)
    await check_not_above(session, actor, person_id)
    row.waiting_since = clock.now()
    await _end_access(session, row)
    await ledger.record(session, Event("seat.taken_back", actor.id, subject=person_id, person=person_id))


async def set_department(session: Session, actor: Actor, person_id: str, name: str, *, ledger: Ledger) -> None:
    """Say in which department a person works ("" for none).

    Raises BadDepartment, NoSuchPerson, ManagedElsewhere, SponsorReasonNeeded for a seat of which the pilot is warned.
    """
    actor.require("org:people:manage")
    name = read_department(name)
    row = await _get(session, person_id)
    if row.department == name:
        return
    described = await session.get(ProvisionedRow, person_id)
    if described is not None and described.department and await is_managed(session, person_id):
        raise ManagedElsewhere
    known = await reasons_missing(session, [row])
    verb, row.department = "person.department_changed" if row.department else "person.department_set", name
    if row.active and not known:
        await check_reason(session, row)
    event = Event(verb, actor.id, subject=person_id, person=person_id, data={"department": name})
    await ledger.record(session, event)


def read_department(name: str) -> str:
    """Return a department's name in its one spelling; BadDepartment if it cannot be one."""
    name = " ".join(name.split())
    if len(name) > 80 or not name.isprintable():
        raise BadDepartment
    return name


async def _end_access(session: Session, row: PersonRow) -> None:
    person_id, row.active = row.id, False
    await session.execute(delete(SignInRow).where(SignInRow.person_id == person_id))
    await session.execute(delete(LinkRow).where(LinkRow.person_id == person_id))
    tokens = update(TokenRow).where(TokenRow.person_id == person_id, TokenRow.revoked_at.is_(None))
    await session.execute(tokens.values(revoked_at=func.now()))
    for name in (STOP_ALL, PAUSE_ALL):
        await enqueue(session, Job(name, {"person": person_id}, key=f"{name}:{person_id}"))


async def _keep_an_owner(session: Session, actor: Actor, person_id: str, *, leaves: bool = True) -> None:
    """Raise unless another active owner stays when `person_id` goes; owners are touched by owners only.

    An owner who is not active at present is one too: whoever lets them in again makes an owner.
    """
    if "owner" not in await _roles(session, person_id):
        return
    if not actor.may("org:roles:own"):
        raise OwnersOnly
    if leaves and await active_owners(session) == {person_id}:
        raise LastOwner


async def active_owners(session: Session) -> set[str]:
    """Return the ids of the owners who can sign in."""
    query = select(RoleRow.person_id).join(PersonRow, PersonRow.id == RoleRow.person_id)
    return set(await session.scalars(query.where(RoleRow.role == "owner", PersonRow.active)))


async def assign_role(
    session: Session, actor: Actor, person_id: str, role: str, *, ledger: Ledger, decided: bool = False
) -> None:  # fmt: skip
    """Give a person a role by hand; `decided`: by the decision that this role comes with (CH-2).

    Raises NoSuchRole, ByDecision, OwnersOnly, BeyondYourself, NotOneself.
    """
    actor.require("org:people:manage")
    if person_id == actor.id:
        raise NotOneself
    await check_role(session, actor, role)
    check_decided(role, decided=decided)
    await _get(session, person_id)
    given = insert(RoleRow).values(person_id=person_id, role=role, by_hand=True, by_groups=False)
    held = given.on_conflict_do_update(
        index_elements=["person_id", "role"], set_={"by_hand": True}, where=RoleRow.by_hand.is_(False)
    )
    if (by_groups := await session.scalar(held.returning(RoleRow.by_groups))) is not None:
        facts = {"role": role} | ({"held": True} if by_groups else {})
        await ledger.record(session, Event("role.assigned", actor.id, subject=person_id, person=person_id, data=facts))


async def check_role(session: Session, actor: Actor, role: str) -> None:
    """Raise unless `actor` may give `role`: NoSuchRole, OwnersOnly, BeyondYourself."""
    permissions = (await known_roles(session)).get(role)
    if permissions is None:
        raise NoSuchRole(role=role[:40])
    if role == "owner" and not actor.may("org:roles:own"):
        raise OwnersOnly
    if not permissions <= actor.permissions:
        raise BeyondYourself


async def _drop(session: Session, row: RoleRow | MembershipRow) -> None:
    """Take back what was given by hand; what a group gives stays. Raises FromGroup if nothing was given by hand."""
    if row.by_groups and not row.by_hand:
        raise FromGroup
    if row.by_groups:
        row.by_hand = False
    else:
        await session.delete(row)


async def remove_role(
    session: Session, actor: Actor, person_id: str, role: str, *, ledger: Ledger, decided: bool = False
) -> None:  # fmt: skip
    """Take a role from a person that was given by hand, or by what was `decided`.

    Raises NoSuchRole, ByDecision, NoSuchPerson, LastOwner, OwnersOnly, NotOneself, FromGroup.
    """
    actor.require("org:people:manage")
    if role not in await known_roles(session):
        raise NoSuchRole(role=role[:40])
    check_decided(role, decided=decided)
    await _get(session, person_id)
    if person_id == actor.id and role != "owner":
        raise NotOneself
    await advisory_lock(session, _OWNERS)
    row = await session.get(RoleRow, (person_id, role), with_for_update=True, populate_existing=True)
    if role == "owner":
        await _keep_an_owner(session, actor, person_id, leaves=row is None or not row.by_groups)
    if row is None:
        return
    await _drop(session, row)
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
    try:
        async with session.begin_nested():
            session.add(row := TeamRow(id=new_id("team"), name=name))
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
    joined = insert(MembershipRow).values(team_id=team_id, person_id=person_id, by_hand=True, by_groups=False)
    held = joined.on_conflict_do_update(
        index_elements=["team_id", "person_id"], set_={"by_hand": True}, where=MembershipRow.by_hand.is_(False)
    )
    if await session.scalar(held.returning(MembershipRow.team_id)):
        event = Event("team.member_added", actor.id, subject=team_id, person=person_id, data={"person": person_id})
        await ledger.record(session, event)


async def remove_member(session: Session, actor: Actor, team_id: str, person_id: str, *, ledger: Ledger) -> None:
    """Take a person out of a team: what the team was given is gone for them at the next call. Raises FromGroup."""
    actor.require("org:people:manage")
    await _get(session, person_id)
    if not is_id(team_id):
        return
    row = await session.get(MembershipRow, (team_id, person_id), with_for_update=True, populate_existing=True)
    if row is None:
        return
    await _drop(session, row)
    event = Event("team.member_removed", actor.id, subject=team_id, person=person_id, data={"person": person_id})
    await ledger.record(session, event)
