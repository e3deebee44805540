"""What the posture finds of schedules: automations that the ceiling or the phase does not allow now (C-3)."""

from collections.abc import Sequence

from sqlalchemy import select

from colleague.dispatch.schedules.permitted import check_permitted
from colleague.dispatch.schedules.store import order_of
from colleague.dispatch.schedules.tables import ScheduleRow
from colleague.governance.posture.model import Finding
from colleague.kit.db import Session
from colleague.kit.errors import Forbidden
from colleague.policy.governance import current_governance
from colleague.policy.model import Tier

CHECK = "automations-phase"


async def of_schedules(session: Session) -> Sequence[Finding]:
    """Return every active schedule above reading that may not run now, whose it is and since when."""
    query = select(ScheduleRow).where(ScheduleRow.state == "active")
    if await session.scalar(query.limit(1)) is None:
        return [Finding(CHECK, "schedules", "Nothing is scheduled.", state="not applicable")]
    governance, found = await current_governance(session), []
    for row in await session.scalars(query.where(ScheduleRow.tier > int(Tier.READ)).order_by(ScheduleRow.id)):
        try:
            check_permitted(order_of(row), governance)
        except Forbidden as failure:
            found.append(Finding(CHECK, row.id, f"«{row.name}»: {failure.message}", row.state_at, row.owner_id))
    return found
