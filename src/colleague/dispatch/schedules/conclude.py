"""What became of the runs that schedules started: written beside the slot, and told to the owner if they wish so."""

from collections.abc import Sequence

from sqlalchemy import select, update

from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.tables import ScheduleRow, SlotRow
from colleague.kit.db import Session
from colleague.tasks.keeping.ended import newest_states
from colleague.tasks.model import ENDED

AT_ONCE = 500
_WORDS = {"completed": "is done", "failed": "failed", "stopped": "was stopped"}


async def conclude(*, parts: Scheduling) -> int:
    """Write the end of every run that has ended since; return how many. A run that waits for somebody goes on."""
    async with parts.database.transaction() as session:
        gone = update(SlotRow).where(SlotRow.state == "started", SlotRow.task_id.is_(None))
        await session.execute(gone.values(state="stopped", why="Its task was deleted.", ended_at=parts.clock.now()))
        query = select(SlotRow).where(SlotRow.state == "started")
        rows = (await session.scalars(query.with_for_update(skip_locked=True).limit(AT_ONCE))).all()
        states = await newest_states(session, [row.task_id or "" for row in rows])
        ended = [(row, states[row.task_id or ""]) for row in rows if states.get(row.task_id or "") in ENDED]
        over = await _schedules(session, [row.schedule_id for row, _ in ended])
        for row, state in ended:
            row.state, row.ended_at = state.value, parts.clock.now()
            schedule = over[row.schedule_id]
            if schedule.delivery == "notice":
                title, text = f"A schedule {_WORDS[state.value]}", f"«{schedule.name}»: its run has ended."
                await parts.tell(session, schedule.owner_id, title, text, f"/tasks/{row.task_id}")
    return len(ended)


async def _schedules(session: Session, ids: Sequence[str]) -> dict[str, ScheduleRow]:
    rows = await session.scalars(select(ScheduleRow).where(ScheduleRow.id.in_(ids)))
    return {row.id: row for row in rows}
