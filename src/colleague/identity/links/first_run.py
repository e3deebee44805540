"""Make and use one-time links: the first owner's, and a person's invitation."""

import secrets
from datetime import timedelta

from sqlalchemy import func, select, update

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.groups.mapping import Invitations
from colleague.identity.local_routes import check_open
from colleague.identity.passwords import check_strength, set_password
from colleague.identity.people import check_reach, create_person
from colleague.identity.seats.hold import refusal_of
from colleague.identity.sessions import open_session, sha256
from colleague.identity.tables import LinkRow, PasskeyRow, PersonRow, RoleRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Conflict, NotFound

LIFE = timedelta(hours=24)
_FIRST = 727012


class LinkSpent(NotFound):
    """This link was used already, has expired, or never was. Ask for a new one."""


class NotFirst(Conflict):
    """The organisation has an owner already: sign in, or ask them for an invitation."""


async def _new_link(session: Session, purpose: str, person_id: str | None, clock: Clock) -> str:
    token = secrets.token_urlsafe(32)
    row = LinkRow(token_sha256=sha256(token), purpose=purpose, person_id=person_id, expires_at=clock.now() + LIFE)
    session.add(row)
    return token


async def _use(session: Session, token: str, purpose: str, clock: Clock) -> LinkRow:
    """Use up a link of this purpose; LinkSpent if it does not hold."""
    row = await session.get(LinkRow, sha256(token), with_for_update=True)
    if row is None or row.purpose != purpose or row.used_at is not None or clock.now() >= row.expires_at:
        raise LinkSpent
    row.used_at = clock.now()
    return row


async def check_link(session: Session, token: str, purpose: str, *, clock: Clock) -> str | None:
    """Return whose link this is (None for the first owner's) without using it; LinkSpent if it does not hold."""
    row = await session.get(LinkRow, sha256(token))
    if row is None or row.purpose != purpose or row.used_at is not None or clock.now() >= row.expires_at:
        raise LinkSpent
    return row.person_id


async def first_run_link(session: Session, *, ledger: Ledger, clock: Clock) -> str | None:
    """Return the path of a fresh owner link, or None if anybody is here already."""
    if await session.scalar(select(func.count()).select_from(PersonRow)):
        return None
    token = await _new_link(session, "first_run", None, clock)
    await ledger.record(session, Event("first_run.link_made", "system"))
    return f"/first-run/{token}"


async def become_owner(
    session: Session, token: str, email: str, name: str, password: str, *, device: str, ledger: Ledger, clock: Clock
) -> str:
    """Make the first owner and sign them in; returns the cookie. Two who race: one becomes owner.

    Raises LinkSpent, NotFirst, BadPerson, WeakPassword.
    """
    await advisory_lock(session, _FIRST)
    check_strength(password, name=name, email=email)
    await _use(session, token, "first_run", clock)
    if await session.scalar(select(func.count()).select_from(PersonRow)):
        raise NotFirst
    person = await create_person(session, SYSTEM, email, name, ledger=ledger, clock=clock)
    session.add(RoleRow(person_id=person, role="owner"))
    await set_password(session, person, password, by=person, ledger=ledger)
    event = Event("role.assigned", "system", subject=person, person=person, data={"role": "owner"})
    await ledger.record(session, event)
    return await open_session(session, person, how="link", device=device, ledger=ledger, clock=clock)


async def invite(
    session: Session, actor: Actor, person_id: str, *, invitations: Invitations, ledger: Ledger, clock: Clock
) -> str:  # fmt: skip
    """Return the path of a one-time link with which a person sets their password (also when it was lost).

    Whoever holds the link becomes that person: so nobody makes one for somebody who may do more than they themselves.
    Somebody new is invited once the groups of the identity provider map to the cohorts (ID-4); who could sign in
    already is not held up.

    Raises NotMappedYet, WaitsForSeat, NoSuchPerson (also for one who is not active), OwnersOnly, BeyondYourself, and
    LocalRouteClosed where the identity provider signs people in.
    """
    actor.require("org:people:manage")
    await check_open(session)
    if refusal := await refusal_of(session, person_id):
        raise refusal
    await check_reach(session, actor, person_id)
    if not await _came_before(session, person_id):
        await invitations.check(session)
    token = await _new_link(session, "invite", person_id, clock)
    await ledger.record(session, Event("person.invited", actor.id, subject=person_id, person=person_id))
    return f"/invite/{token}"


async def accept(session: Session, token: str, password: str, *, device: str, ledger: Ledger, clock: Clock) -> str:
    """Set the password with an invitation link and sign in; returns the cookie. Raises LinkSpent, WeakPassword.

    Other links of the same person are used up with it, and their sessions end.
    """
    row = await _use(session, token, "invite", clock)
    person = row.person_id or ""
    if not (await session.get_one(PersonRow, person, with_for_update=True)).active:
        raise LinkSpent
    others = update(LinkRow).where(LinkRow.person_id == person, LinkRow.purpose == "invite", LinkRow.used_at.is_(None))
    await session.execute(others.values(used_at=clock.now()))
    await set_password(session, person, password, by=person, ledger=ledger)
    return await open_session(session, person, how="link", device=device, ledger=ledger, clock=clock)


async def _came_before(session: Session, person_id: str) -> bool:
    """Say whether somebody has something to sign in with: a password or a passkey."""
    passkey = select(PasskeyRow.id).where(PasskeyRow.person_id == person_id).limit(1)
    password = select(PersonRow.id).where(PersonRow.id == person_id, PersonRow.password.is_not(None))
    return await session.scalar(password) is not None or await session.scalar(passkey) is not None
