"""Questions that nobody answers: reminded of, and ended as expired. Never denied in silence, never approved."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import select

from colleague.approvals.answer import go_on
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session

REMIND_AFTER, REMIND_EVERY = timedelta(hours=1), timedelta(hours=24)

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
    """Remind the requester of open questions: after an hour, then once a day. Returns how many reminders went out.

    `tell(session, person, title, text, link)` delivers durably, in the same transaction.
    """
    count, now = 0, clock.now()
    async with database.transaction() as session:
        query = select(ApprovalRow).where(
            ApprovalRow.state == "asked",
            ApprovalRow.asked_at <= now - REMIND_AFTER,
            ApprovalRow.reminded_at.is_(None) | (ApprovalRow.reminded_at <= now - REMIND_EVERY),
        )
        for row in (await session.scalars(query.limit(200).with_for_update(skip_locked=True))).all():
            row.reminded_at = now
            title = "A task waits for your answer"
            await tell(session, row.requester_id, title, f"«{row.title}» needs your approval.", f"/approvals/{row.id}")
            await ledger.record(session, Event("approval.reminded", "system", subject=row.id, run=row.run_id))
            count += 1
    return count
