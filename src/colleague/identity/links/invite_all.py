"""Links for everybody who has nothing to sign in with yet: what a cohort needs on the day before it begins."""

from dataclasses import dataclass

from sqlalchemy import ColumnExpressionArgument, exists, func, select

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.groups.mapping import Invitations, signs_on
from colleague.identity.links.first_run import invite
from colleague.identity.people import BeyondYourself, OwnersOnly
from colleague.identity.tables import LinkRow, PasskeyRow, PersonRow, SsoLinkRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody's link: `path` of this house; "" where only somebody who may do more may make it."""

    name: str
    email: str
    path: str = ""


async def who_cannot_sign_in(session: Session, *, clock: Clock) -> list[PersonRow]:
    """Return who holds a seat and has no password, passkey or sign-on, and no link that still holds, by name; nobody
    where people come by an identity provider."""
    if await signs_on(session):
        return []
    query = select(PersonRow).where(*_outside(clock)).order_by(PersonRow.name, PersonRow.id)
    return list(await session.scalars(query))


async def how_many_cannot_sign_in(session: Session, *, clock: Clock) -> int:
    """Return how many people `who_cannot_sign_in` has."""
    if await signs_on(session):
        return 0
    return await session.scalar(select(func.count()).select_from(PersonRow).where(*_outside(clock))) or 0


def _outside(clock: Clock) -> tuple[ColumnExpressionArgument[bool], ...]:
    return (
        PersonRow.active,
        PersonRow.password.is_(None),
        ~exists().where(PasskeyRow.person_id == PersonRow.id),
        ~exists().where(SsoLinkRow.person_id == PersonRow.id),
        ~exists().where(
            LinkRow.person_id == PersonRow.id, LinkRow.purpose == "invite", LinkRow.used_at.is_(None),
            LinkRow.expires_at > clock.now(),
        ),
    )  # fmt: skip


async def invite_all(
    session: Session, actor: Actor, *, invitations: Invitations, ledger: Ledger, clock: Clock
) -> list[Invited]:  # fmt: skip
    """Make a one-time link for each who cannot sign in yet (`who_cannot_sign_in`), as `invite` makes one; all or none.

    Whoever may do more than the actor gets none, and is named. Raises NotMappedYet, PermissionMissing.
    """
    actor.require("org:people:manage")
    found = []
    for row in await who_cannot_sign_in(session, clock=clock):
        try:
            path = await invite(session, actor, row.id, invitations=invitations, ledger=ledger, clock=clock)
        except (BeyondYourself, OwnersOnly):
            path = ""
        found.append(Invited(row.name, row.email, path))
    return found
