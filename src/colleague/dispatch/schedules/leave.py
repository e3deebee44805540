"""Somebody was deactivated: their schedules are paused with that reason, and who manages Dispatch is told (ID-3)."""

from sqlalchemy import select

from colleague.dispatch.schedules.begin import LEFT
from colleague.dispatch.schedules.make import set_state
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.tables import ScheduleRow
from colleague.identity.directory import is_active


async def pause_all(person: str, *, parts: Scheduling) -> int:
    """Pause every active schedule of a person who is not active any more; return how many. Twice is harmless."""
    async with parts.database.transaction() as session:
        if await is_active(session, person):
            return 0
        query = select(ScheduleRow).where(ScheduleRow.owner_id == person, ScheduleRow.state == "active")
        rows = (await session.scalars(query.with_for_update())).all()
        for row in rows:
            await set_state(session, row, "paused", "system", LEFT, parts=parts)
    return len(rows)
