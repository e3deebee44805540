"""An envelope stands in for the question whether something may be sent inside: once for each call, counted with it.

What may be stood in for at all is said by tasks/calls/stand.py; here is whether this person agreed to this very thing.
"""

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.dispatch.schedules.envelopes.give import PERIODS, uses_since
from colleague.dispatch.schedules.permitted import may_agree_beforehand
from colleague.dispatch.schedules.tables import EnvelopeRow, EnvelopeUseRow, ScheduleRow, SlotRow
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.policy.addresses import bare
from colleague.policy.governance import current_governance
from colleague.policy.model import Ask
from colleague.tasks.parts import Stood


async def stand_in(session: Session, task: str, call: str, ask: Ask, *, ledger: Ledger, clock: Clock) -> Stood | None:
    """Spend one use of an envelope for `call` of `task`, in the caller's transaction; None if none fits.

    INVARIANT: the envelope's row is locked while its uses are counted, so that two runs never spend the last one twice.
    """
    if not may_agree_beforehand(await current_governance(session)):
        return None
    now = clock.now()
    wanted = {bare(r) for r in ask.recipients}
    query = (
        select(EnvelopeRow)
        .join(ScheduleRow, ScheduleRow.id == EnvelopeRow.schedule_id)
        .join(SlotRow, SlotRow.schedule_id == ScheduleRow.id)
        .where(
            SlotRow.task_id == task,
            # The words that were started are the words that were agreed to.
            SlotRow.revision == EnvelopeRow.revision,
            ScheduleRow.revision == EnvelopeRow.revision,
            ScheduleRow.owner_id == ask.person,
            EnvelopeRow.given_by == ask.person,
            ScheduleRow.state != "paused",
            EnvelopeRow.tool == ask.tool,
            EnvelopeRow.ended_at.is_(None),
            EnvelopeRow.ends_at > now,
            # What was read before, and what is attached: the class of the mailbox it leaves from says nothing of it.
            EnvelopeRow.ceiling >= int(ask.label.data_class),
        )
        .order_by(EnvelopeRow.id)
        .with_for_update(of=EnvelopeRow)
        .execution_options(populate_existing=True)
    )
    for row in await session.scalars(query):
        if not wanted or not wanted <= set(row.recipients):
            continue
        used = await uses_since(session, row.id, now - PERIODS[row.period])
        if used >= row.most:
            continue
        session.add(EnvelopeUseRow(call_id=call, envelope_id=row.id, at=now))
        facts = {"call": call, "tool": ask.tool, "recipients": len(wanted), "use": used + 1, "of": row.most}
        await ledger.record(session, Event("envelope.used", row.given_by, subject=row.id, data=facts))
        return Stood(by=row.given_by, id=row.id)
    return None
