"""What was asked of policy in the past, call by call, for those who look at decisions over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from colleague.kit.db import Session
from colleague.tasks.tables import CallRow, RunRow


@dataclass(frozen=True, slots=True)
class Past:
    """A call that was decided: its task, when, and the question as it was kept (policy/asked.py)."""

    call: str
    task: str
    at: datetime
    question: Any


async def past_questions(
    session: Session, since: datetime, *, before: Past | None = None, limit: int = 500
) -> Sequence[Past]:  # fmt: skip
    """Return questions that were put since a moment, newest first, those before `before` if one is given."""
    query = select(CallRow.id, RunRow.task_id, CallRow.decided_at, CallRow.question)
    query = query.join(RunRow, RunRow.id == CallRow.run_id)
    query = query.where(CallRow.question.is_not(None), CallRow.decided_at >= since)
    if before is not None:
        query = query.where(tuple_(CallRow.decided_at, CallRow.id) < (before.at, before.call))
    rows = await session.execute(query.order_by(CallRow.decided_at.desc(), CallRow.id.desc()).limit(limit))
    return [Past(*row) for row in rows]
