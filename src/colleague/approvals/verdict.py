"""What became of a question: read by the governed wrapper, and used up when the call is about to happen."""

from dataclasses import dataclass
from datetime import timedelta

from colleague.approvals.answer import ApprovalNotFound
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict

# An approval given in the last minute of a question's life still holds until the next day.
HOLDS = timedelta(days=1)


class ApprovalUsed(Conflict):
    """This approval was used already: it stood for one attempt only."""


class ApprovalStale(Conflict):
    """This was approved too long ago to be done now without being looked at again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a question, who answered it, what it was bound to, and who had to answer (`level`)."""

    state: str
    by: str
    reason: str
    digest: str
    level: str


async def find_verdict(session: Session, approval_id: str) -> Verdict:
    """Return what became of a question; ApprovalNotFound if there is none."""
    row = await session.get(ApprovalRow, approval_id, populate_existing=True)
    if row is None:
        raise ApprovalNotFound
    return Verdict(row.state, row.answered_by or "", row.reason, row.digest, row.approver)


async def consume(session: Session, approval_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Use an approval up. Raises ApprovalUsed if it is not approved or was used before, ApprovalStale if it is old."""
    row = await session.get(ApprovalRow, approval_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "approved" or row.used_at is not None:
        raise ApprovalUsed
    if row.answered_at is None or clock.now() >= max(row.expires_at, row.answered_at + HOLDS):
        raise ApprovalStale
    row.used_at = clock.now()
    await ledger.record(session, Event("approval.used", "agent", subject=row.id, run=row.run_id))
