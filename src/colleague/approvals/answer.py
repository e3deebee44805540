"""Answer a question: exactly once, by somebody who may, about exactly what was shown."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select

from colleague.approvals.model import SECONDS, STAND_INS
from colleague.approvals.seconds import DEPUTY, deputies_of
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.kit.ids import is_id
from colleague.kit.queue import Job, enqueue


class ApprovalNotFound(NotFound):
    """There is no such question, or it is not for you."""


class AlreadyDecided(Conflict):
    """Already {state} by {who} at {at}."""


class ApprovalExpired(Conflict):
    """This question has expired; it was not denied. The task can ask again."""


class ApprovalWithdrawn(Conflict):
    """This question was withdrawn: {why}."""


class NothingAskedBack(Invalid):
    """Write what you want to know before you decide."""


class NotAsShown(Conflict):
    """This has changed since you looked at it. Read it again before you decide."""


class NotYoursToAnswer(Forbidden):
    """This question is for {who} to answer."""


# What somebody else needs, besides the right to answer at all.
NEEDS = {"reviewer": "org:outputs:review", "administrator": "org:policy:manage"}
EDITED = "it was edited, and the new version is asked about instead"
WHO = {
    "user": "the person who asked for it",
    "other": "somebody other than the person who asked for it",
    "reviewer": "a reviewer",
    "administrator": "an administrator",
}


def may_answer(actor: Actor, row: ApprovalRow) -> bool:
    """Say whether `actor` may answer: as the rule says, never somebody else by accident."""
    return _may_as(actor, row, row.also.get(actor.id, ""))


async def require_answerer(session: Session, actor: Actor, row: ApprovalRow, clock: Clock) -> None:
    """Raise NotYoursToAnswer unless `actor` may answer now: who was asked as a deputy must still be one."""
    part = row.also.get(actor.id, "")
    if part == DEPUTY:
        deputies = await deputies_of(session, row.requester_id, now=clock.now())
        part = part if actor.id in {one.deputy_id for one in deputies} else ""
    if not _may_as(actor, row, part):
        raise NotYoursToAnswer(who=WHO.get(row.approver, row.approver))


def _may_as(actor: Actor, row: ApprovalRow, part: str) -> bool:
    if not actor.may("own:approvals:answer"):
        return False
    own = actor.id == row.requester_id
    # Who shares the task as approver or driver stands in for its requester; who drives it is no second person.
    match row.approver:
        case "user":
            return own or part in STAND_INS
        case "other":
            return not own and part != "driver" and (part in SECONDS or actor.may(NEEDS["administrator"]))
        case "reviewer" | "administrator":
            return not own and part != "driver" and actor.may(NEEDS[row.approver])
        case _:
            return False


def may_see(actor: Actor, row: ApprovalRow) -> bool:
    """Say whether `actor` may know of the question: it is theirs, they may answer it, or they see all tasks."""
    own = actor.id == row.requester_id and actor.may("own:tasks:use")
    shared = actor.id in row.also and actor.may("own:tasks:use")
    return own or shared or may_answer(actor, row) or actor.may("org:tasks:read")


async def lock_open(session: Session, actor: Actor, approval_id: str, clock: Clock) -> ApprovalRow:
    """Return an open question, locked. Raises ApprovalNotFound, AlreadyDecided, ApprovalExpired, ApprovalWithdrawn.

    Whom the question does not concern learns nothing of it, not even that it exists.
    """
    if not is_id(approval_id):
        raise ApprovalNotFound
    row = await session.scalar(
        select(ApprovalRow)
        .where(ApprovalRow.id == approval_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or not may_see(actor, row):
        raise ApprovalNotFound
    match row.state:
        case "approved" | "denied":
            names = await names_of(session, [row.answered_by])
            at = f"{row.answered_at:%H:%M} (UTC)" if row.answered_at else ""
            raise AlreadyDecided(state=row.state, who=names.get(row.answered_by or "", "somebody"), at=at)
        case "withdrawn":
            raise ApprovalWithdrawn(why=row.reason or "the task was stopped")
        case "expired":
            raise ApprovalExpired
        case "returned":
            raise ApprovalWithdrawn(why=f"something was asked back: «{row.reason}»")
        case _ if clock.now() >= row.expires_at:
            raise ApprovalExpired
        case _:
            return row


async def answer(
    session: Session, actor: Actor, approval_id: str, verdict: Literal["approved", "denied"], *, digest: str,
    reason: str = "", ledger: Ledger, clock: Clock,
) -> None:  # fmt: skip
    """Record the answer and let the run go on, in the caller's transaction.

    `digest` is what the person was shown. Raises what `lock_open` raises, NotYoursToAnswer, NotAsShown.
    """
    row = await lock_open(session, actor, approval_id, clock)
    await require_answerer(session, actor, row, clock)
    if digest != row.digest:
        raise NotAsShown
    row.state, row.answered_by, row.answered_at = verdict, actor.id, clock.now()
    row.reason = reason.replace("\x00", "").strip()[:1000]
    facts = {"digest": digest, "tool": row.tool, "via": actor.via, "own": actor.id == row.requester_id}
    if actor.id in row.also:
        facts["as"] = row.also[actor.id]
    event = Event(f"approval.{verdict}", actor.id, subject=row.id, run=row.run_id, data=facts)
    await ledger.record(session, event)
    await go_on(session, row)


async def ask_back(
    session: Session, actor: Actor, approval_id: str, text: str, *, digest: str, ledger: Ledger, clock: Clock
) -> None:  # fmt: skip
    """Ask something before deciding: the question ends undecided, the task is told what is wanted and may ask again.

    Raises what `lock_open` raises, NotYoursToAnswer, NotAsShown, NothingAskedBack.
    """
    row = await lock_open(session, actor, approval_id, clock)
    await require_answerer(session, actor, row, clock)
    if digest != row.digest:
        raise NotAsShown
    words = text.replace("\x00", "").strip()[:1000]
    if not words:
        raise NothingAskedBack
    row.state, row.answered_by, row.answered_at, row.reason = "returned", actor.id, clock.now(), words
    facts = {"digest": digest, "tool": row.tool, "via": actor.via}
    await ledger.record(session, Event("approval.asked_back", actor.id, subject=row.id, run=row.run_id, data=facts))
    await go_on(session, row)


async def lock_for_edit(session: Session, actor: Actor, approval_id: str, *, digest: str, clock: Clock) -> ApprovalRow:
    """Return an open question whose content `actor` may edit, locked: their own one, exactly as they were shown it.

    Raises what `lock_open` raises, NotYoursToAnswer, NotAsShown.
    """
    row = await lock_open(session, actor, approval_id, clock)
    if actor.id != row.requester_id or not actor.may("own:approvals:answer"):
        raise NotYoursToAnswer(who=WHO["user"])
    if digest != row.digest:
        raise NotAsShown
    return row


async def supersede(
    session: Session, actor: Actor, row: ApprovalRow, by: str, changed: Sequence[str], *, ledger: Ledger, clock: Clock
) -> None:
    """End a locked question because its content was edited: the new one `by` stands in its place, undecided."""
    row.state, row.answered_at, row.reason = "withdrawn", clock.now(), EDITED
    facts = {"digest": row.digest, "replaced_by": by, "arguments": sorted(changed), "via": actor.via}
    await ledger.record(session, Event("approval.edited", actor.id, subject=row.id, run=row.run_id, data=facts))


async def go_on(session: Session, row: ApprovalRow) -> None:
    """Enqueue what waits for this question, and wake the pages that show it."""
    await enqueue(session, Job(**row.then))
    await notify(session, f"run:{row.run_id}")
    await notify(session, "approvals")
