"""Who else may answer a question: a second person for what one may not decide alone, and deputies for who is away.

A second person is the requester's manager, a deputy of theirs, somebody they share the task with as approver, or who
may change the rules: so there is always somebody, and never the whole company.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from colleague.approvals.partners import partners_of_run
from colleague.approvals.tables import ApprovalRow, DeputyRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import find_by_email, is_active, manager_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid, NotFound

MOST, LONGEST = 5, timedelta(days=90)
SECOND: Final = "second"
DEPUTY: Final = "deputy"


class NoSuchDeputy(NotFound):
    """There is no active colleague with this address, or they are not your deputy."""


class NotYourself(Invalid):
    """You cannot be your own deputy."""


class TooManyDeputies(Conflict):
    """At most five deputies: end one first."""


class BadEnd(Invalid):
    """A deputy is named for at most 90 days, and not for the past."""


async def name_deputy(
    session: Session, actor: Actor, email: str, until: datetime, *, ledger: Ledger, clock: Clock
) -> str:  # fmt: skip
    """Let a colleague answer in one's place until then, when one has not answered for some hours; return their id.

    Raises NoSuchDeputy, NotYourself, TooManyDeputies, BadEnd, SignInYourself.
    """
    actor.require("own:approvals:answer")
    actor.require_presence()
    person = await find_by_email(session, email.strip())
    if person is None or not person.active:
        raise NoSuchDeputy
    if person.id == actor.id:
        raise NotYourself
    now = clock.now()
    if not now < until <= now + LONGEST:
        raise BadEnd
    named = await deputies_of(session, actor.id, now=now)
    if person.id not in {row.deputy_id for row in named} and len(named) >= MOST:
        raise TooManyDeputies
    await session.merge(DeputyRow(person_id=actor.id, deputy_id=person.id, until=until, named_at=now))
    facts = {"deputy": person.id, "until": until.isoformat()}
    await ledger.record(session, Event("deputy.named", actor.id, subject=actor.id, data=facts))
    return person.id


async def end_deputy(session: Session, actor: Actor, deputy_id: str, *, ledger: Ledger) -> None:
    """End a deputy of one's own at once, also for what they were asked already; NoSuchDeputy if they are none."""
    gone = delete(DeputyRow).where(DeputyRow.person_id == actor.id, DeputyRow.deputy_id == deputy_id)
    if not (await session.scalars(gone.returning(DeputyRow.deputy_id))).all():
        raise NoSuchDeputy
    asked = select(ApprovalRow).where(
        ApprovalRow.requester_id == actor.id, ApprovalRow.state == "asked", ApprovalRow.also[deputy_id].astext == DEPUTY
    )
    for row in await session.scalars(asked.with_for_update().execution_options(populate_existing=True)):
        row.also = {person: part for person, part in row.also.items() if person != deputy_id}
    await ledger.record(session, Event("deputy.ended", actor.id, subject=actor.id, data={"deputy": deputy_id}))


async def deputies_of(session: Session, person_id: str, *, now: datetime) -> Sequence[DeputyRow]:
    """Return who is somebody's deputy now."""
    query = select(DeputyRow).where(DeputyRow.person_id == person_id, DeputyRow.until > now)
    rows = (await session.scalars(query.order_by(DeputyRow.named_at))).all()
    return [row for row in rows if await is_active(session, row.deputy_id)]


async def others_for(session: Session, run: str, requester: str, approver: str, *, now: datetime) -> dict[str, str]:
    """Return the colleagues who may see or answer a question besides its requester, and as what."""
    others = await partners_of_run(session, run)
    if approver == "other":
        manager = await manager_of(session, requester)
        seconds = {row.deputy_id: DEPUTY for row in await deputies_of(session, requester, now=now)}
        seconds |= {manager: SECOND} if manager and manager != requester else {}
        others = seconds | others
    return others
