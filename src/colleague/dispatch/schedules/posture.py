"""What the posture finds of schedules: automations that the ceiling or the phase does not allow now (C-3)."""

from collections.abc import Sequence

from sqlalchemy import select

from colleague.dispatch.schedules.permitted import check_new
from colleague.dispatch.schedules.store import order_of
from colleague.dispatch.schedules.tables import ScheduleRow
from colleague.governance.posture.model import Finding
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden
from colleague.policy.governance import current_governance

CHECK = "automations-phase"


async def of_schedules(session: Session) -> Sequence[Finding]:
    """Return every active schedule that could not be switched on now, whose it is and since when: above the ceiling,
    or an automation more than a pilot has.
    """
    query = select(ScheduleRow).where(ScheduleRow.state == "active")
    if await session.scalar(query.limit(1)) is None:
        return [Finding(CHECK, "schedules", "Nothing is scheduled.", state="not applicable")]
    governance, found, earlier = await current_governance(session), [], dict[str, str]()
    for row in await session.scalars(query.order_by(ScheduleRow.state_at, ScheduleRow.id)):
        try:
            check_new(order_of(row), governance, earlier)
            if order_of(row).recurring:
                earlier[row.id] = f"«{row.name}»"
        except Forbidden as failure:
            found.append(Finding(CHECK, row.id, f"«{row.name}»: {failure.message}", row.state_at, row.owner_id))
    return found
