"""From whom a provider has signed in to whom that is here: by stable subject; the first time by verified mail only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.audit.event import Event
from colleague.identity.actor import SYSTEM, Actor
from colleague.identity.directory import find_by_email, get_person
from colleague.identity.groups.members import BadGroup, apply_groups
from colleague.identity.local_routes import PROVIDER, current_mode
from colleague.identity.model import Person
from colleague.identity.people import LastOwner, create_person
from colleague.identity.roles import permissions_held
from colleague.identity.seats.hold import refusal_of
from colleague.identity.sessions import open_session, sha256
from colleague.identity.sso.model import Principal, Provider
from colleague.identity.sso.parts import SignOn
from colleague.identity.sso.providers import provider_by_id
from colleague.identity.sso.refusals import (
    AlreadyLinked,
    ForeignDomain,
    LinkedElsewhere,
    LinkItYourself,
    NoMail,
    NoSuchProvider,
    NotProvisioned,
    PersonNotActive,
    UnverifiedMail,
)
from colleague.identity.tables import SsoLinkRow, SsoSessionRow
from colleague.kit.db import Session, advisory_lock
from colleague.kit.errors import Failure


@dataclass(frozen=True, slots=True)
class Settled:
    """Who a principal is here: somebody known, somebody linked now for the first time, or (None) somebody new."""

    person: Person | None
    first: bool


async def settle(session: Session, provider: Provider, principal: Principal) -> Settled:
    """Find out who this is, without changing anything.

    Raises PersonNotActive, NoMail, UnverifiedMail, ForeignDomain, AlreadyLinked, LinkItYourself, NotProvisioned.
    """
    link = await session.get(SsoLinkRow, (provider.id, principal.subject))
    if link is not None:
        if link.person_id == (await current_mode(session)).break_glass:
            raise LinkItYourself
        return Settled(_active(await get_person(session, link.person_id)), False)
    mail = check_mail(provider, principal)
    person = await find_by_email(session, mail)
    if person is None:
        if provider.joining != "jit":
            raise NotProvisioned
        return Settled(None, True)
    _active(person)
    mine = (SsoLinkRow.provider_id == provider.id) & (SsoLinkRow.person_id == person.id)
    if await session.scalar(select(SsoLinkRow.subject).where(mine)):
        # A mail address that was given to somebody else must not carry the account along.
        raise AlreadyLinked
    if await _guarded(session, person) or person.id == (await current_mode(session)).break_glass:
        raise LinkItYourself
    return Settled(person, True)


async def _guarded(session: Session, person: Person) -> bool:
    """Say whether a person may change what others may do: such accounts are linked by themselves only."""
    held = await permissions_held(session, person.roles)
    return any(p.startswith("org:") and p.endswith((":manage", ":own")) for p in held)


def _active(person: Person) -> Person:
    if not person.active and person.waiting_since is None:
        raise PersonNotActive
    return person


def check_mail(provider: Provider, principal: Principal) -> str:
    """Return a mail address that may be matched; NoMail, UnverifiedMail, ForeignDomain.

    Where the provider does not say whether it is verified, it counts as such in the domains an owner named for it.
    """
    mail = principal.mail.strip()
    if not mail.isascii() or "@" not in mail:
        raise NoMail
    domain = mail.lower().rpartition("@")[2]
    listed = domain in provider.domains
    if principal.mail_verified is False or (principal.mail_verified is None and not listed):
        raise UnverifiedMail
    if provider.domains and not listed:
        raise ForeignDomain
    return mail.lower()


async def enter(parts: SignOn, provider: Provider, principal: Principal, *, device: str) -> str:
    """Sign a principal in and return the cookie of a new session; what `settle` raises, and WaitsForSeat."""
    async with parts.database.transaction() as session:
        # Two first sign-ins of one person at once: one links, the other finds the link.
        await advisory_lock(session, int(sha256(provider.id)[:15], 16))
        if not (await provider_by_id(session, provider.id)).enabled:
            raise NoSuchProvider
        settled = await settle(session, provider, principal)
        person = settled.person.id if settled.person else await _join(session, parts, principal)
        now = parts.clock.now()
        if settled.first:
            await _link(session, parts, provider, principal, person, by="system")
        link = await session.get_one(SsoLinkRow, (provider.id, principal.subject))
        link.groups, link.last_sign_in_at = list(principal.groups), now
        await _group(session, parts, provider, principal, person)
        # Who waits is known from now on, and told so: only the session is missing.
        refusal = await refusal_of(session, person)
        if refusal is None:
            cookie = await open_session(
                session, person, how=PROVIDER, device=device, ledger=parts.ledger, clock=parts.clock
            )
            session.add(_session_row(parts, provider, principal, cookie))
            await session.flush()
            return cookie
    raise refusal


async def _group(session: Session, parts: SignOn, provider: Provider, principal: Principal, person: str) -> None:
    """Let a person be in the groups that the provider names, which may give teams and roles.

    Where that cannot be (the last owner would be none, or there are too many), all stays and the person comes in.
    """
    if not provider.config.get("groups_claim"):
        return
    source = f"sso {provider.id}"
    with suppress(LastOwner, BadGroup):
        async with session.begin_nested():
            await apply_groups(
                session, SYSTEM, person, source, principal.groups, ledger=parts.ledger, clock=parts.clock
            )  # fmt: skip


async def _join(session: Session, parts: SignOn, principal: Principal) -> str:
    name = principal.name or principal.mail.partition("@")[0]
    return await create_person(
        session, SYSTEM, principal.mail, name, ledger=parts.ledger, clock=parts.clock, without="wait"
    )  # fmt: skip


def _session_row(parts: SignOn, provider: Provider, principal: Principal, cookie: str) -> SsoSessionRow:
    token = sha256(cookie)
    return SsoSessionRow(
        token_sha256=token, provider_id=provider.id, subject=principal.subject, sid=principal.sid,
        sealed=parts.secrets.seal(principal.hint, context=f"sso_sessions.sealed:{token}"),
    )  # fmt: skip


async def _link(
    session: Session, parts: SignOn, provider: Provider, principal: Principal, person: str, *, by: str
) -> None:
    row = {"provider_id": provider.id, "subject": principal.subject, "person_id": person,
           "groups": list(principal.groups), "created_at": parts.clock.now()}  # fmt: skip
    await session.execute(insert(SsoLinkRow).values(**row).on_conflict_do_nothing())
    facts = {"provider": provider.key}
    await parts.ledger.record(
        session, Event("sign_on.linked", by, subject=person, person=person, data=facts)
    )  # fmt: skip


async def link_oneself(parts: SignOn, provider: Provider, principal: Principal, actor: Actor, begun_by: str) -> None:
    """Link the account of a person who is signed in and showed themselves at the provider.

    Raises SignInYourself, LinkedElsewhere, AlreadyLinked, ForeignDomain.
    """
    actor.require_presence()
    async with parts.database.transaction() as session:
        await advisory_lock(session, int(sha256(provider.id)[:15], 16))
        if actor.id != begun_by or actor.id == (await current_mode(session)).break_glass:
            raise LinkedElsewhere
        held = await session.get(SsoLinkRow, (provider.id, principal.subject))
        if held is not None and held.person_id != actor.id:
            raise LinkedElsewhere
        mine = (SsoLinkRow.provider_id == provider.id) & (SsoLinkRow.person_id == actor.id)
        if held is None and await session.scalar(select(SsoLinkRow.subject).where(mine)):
            raise AlreadyLinked
        if held is None:
            await _link(session, parts, provider, principal, actor.id, by=actor.id)


@asynccontextmanager
async def refusals_on_record(parts: SignOn, provider: Provider, *, how: str) -> AsyncIterator[None]:
    """Put whatever is refused inside on record before it goes on to the page."""
    try:
        yield
    except Failure as failure:
        await put_refusal_on_record(parts, provider, failure, how=how)
        raise


async def put_refusal_on_record(parts: SignOn, provider: Provider, failure: Failure, *, how: str) -> None:
    """Write down that a provider's answer was refused and why, in words of ours only: no token, no personal data."""
    facts = {"reason": failure.code, "how": how, "provider": provider.key}
    async with parts.database.transaction() as session:
        await parts.ledger.record(session, Event("sign_on.refused", "nobody", subject=provider.id, data=facts))
