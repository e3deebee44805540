"""Questions that nobody answers: reminded of, and ended as expired. Never denied in silence, never approved."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select

from colleague.approvals.answer import NEEDS, WHO, go_on
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.directory import get_person, manager_of, who_may
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session

REMIND_AFTER, REMIND_EVERY, ESCALATE_AFTER = timedelta(hours=1), timedelta(hours=24), timedelta(hours=24)

Remind = Callable[[Session, str, str, str, str], Awaitable[object]]


async def expire(database: Database, *, ledger: Ledger, clock: Clock) -> int:
    """End every open question whose time is over; its run goes on and is told so. Returns how many."""
    count = 0
    async with database.transaction() as session:
        query = select(ApprovalRow).where(ApprovalRow.state == "asked", ApprovalRow.expires_at <= clock.now())
        for row in (await session.scalars(query.limit(200).with_for_update(skip_locked=True))).all():
            row.state, row.answered_at = "expired", clock.now()
            event = Event("approval.expired", "system", subject=row.id, run=row.run_id, data={"tool": row.tool})
            await ledger.record(session, event)
            await go_on(session, row)
            count += 1
    return count


async def remind(database: Database, *, tell: Remind, ledger: Ledger, clock: Clock) -> int:
    """Remind those who may answer an open question: after an hour, then once a day. Returns how many were reminded of.

    After a day it is escalated once: the requester's manager, and a requester who waits for others, are told too.
    `tell(session, person, title, text, link)` delivers durably, in the same transaction.
    """
    count, now = 0, clock.now()
    async with database.transaction() as session:
        query = select(ApprovalRow).where(
            ApprovalRow.state == "asked",
            ApprovalRow.expires_at > now,
            ApprovalRow.asked_at <= now - REMIND_AFTER,
            ApprovalRow.reminded_at.is_(None) | (ApprovalRow.reminded_at <= now - REMIND_EVERY),
        )
        for row in (await session.scalars(query.limit(200).with_for_update(skip_locked=True))).all():
            late = now >= row.asked_at + ESCALATE_AFTER > (row.reminded_at or row.asked_at)
            row.reminded_at = now
            for person, title, text in await _whom(session, row, escalate=late):
                await tell(session, person, title, text, f"/approvals/{row.id}")
            verb = "approval.escalated" if late else "approval.reminded"
            await ledger.record(session, Event(verb, "system", subject=row.id, run=row.run_id))
            count += 1
    return count


async def _whom(session: Session, row: ApprovalRow, *, escalate: bool) -> list[tuple[str, str, str]]:
    """Return (person, title, text) of each notice: who may answer, and at an escalation who should know."""
    requester = await get_person(session, row.requester_id)
    told: dict[str, tuple[str, str]] = {}
    match row.approver:
        case "reviewer" | "administrator":
            for holder in await who_may(session, NEEDS[row.approver], "own:approvals:answer"):
                told[holder.id] = ("A task waits for your answer", f"«{row.title}» needs your approval.")
            told.pop(requester.id, None)
        case "other":
            text = f"«{row.title}» needs the approval of a second person: send somebody this page."
            told[requester.id] = ("A task waits for a second person", text)
        case _:
            told[requester.id] = ("A task waits for your answer", f"«{row.title}» needs your approval.")
    if escalate:
        text = f"«{row.title}» has waited for {WHO.get(row.approver, row.approver)} since yesterday."
        told.setdefault(requester.id, ("A task still waits", text))
        manager = await manager_of(session, requester.id)
        if manager:
            words = f"A task of {requester.name} has waited for an answer since yesterday: «{row.title}»."
            told.setdefault(manager, ("A task in your team still waits", words))
    if not requester.active:
        told.pop(requester.id, None)
    return [(person, *words) for person, words in told.items()]
