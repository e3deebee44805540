"""Until when tasks are kept: from when they were last touched, by their surface or by a law (policy/standards)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.sql import Select

from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.kit.db import Session
from colleague.policy.model import Governance
from colleague.policy.standards.retention import Until, days_of, until
from colleague.tasks.model import ENDED, PARKED
from colleague.tasks.tables import RunRow, TaskRow, UndoRow


@dataclass(frozen=True, slots=True)
class Keeping:
    """A task, when it was last touched, until when it is kept; `ends`: whether all its runs have ended or only wait."""

    task: str
    person: str
    surface: str
    touched: datetime
    until: Until
    ends: bool


def surface_of(channel: str) -> str:
    """Return the surface of retention that a task from `channel` belongs to."""
    return "dispatch" if channel == "dispatch" else "tasks"


def _touched() -> Select[Any]:
    """Return every task with the time at which anybody, or the agent, last did something in it."""
    run = select(RunRow.task_id, func.max(RunRow.last_event_at).label("at")).group_by(RunRow.task_id).subquery()
    made = (
        select(OutputRow.task_id, func.max(func.greatest(OutputVersionRow.created_at, OutputVersionRow.reviewed_at)))
        .join(OutputVersionRow, OutputVersionRow.output_id == OutputRow.id)
        .group_by(OutputRow.task_id)
    ).subquery("made")
    undone = select(UndoRow.task_id, func.max(UndoRow.at)).group_by(UndoRow.task_id).subquery("undone")
    at = func.greatest(TaskRow.created_at, run.c.at, made.c[1], undone.c[1])
    return (
        select(TaskRow, at.label("touched"))
        .outerjoin(run, run.c.task_id == TaskRow.id)
        .outerjoin(made, made.c.task_id == TaskRow.id)
        .outerjoin(undone, undone.c.task_id == TaskRow.id)
    )


async def keeping_of(session: Session, task: str, governance: Governance) -> Keeping | None:
    """Return until when one task is kept; None if there is none of this id."""
    found = await _keepings(session, _touched().where(TaskRow.id == task), governance)
    return found[0] if found else None


async def going_before(
    session: Session, at: datetime, governance: Governance, *, after: tuple[datetime, str] | None = None,
    limit: int = 500,
) -> tuple[list[Keeping], tuple[datetime, str] | None]:  # fmt: skip
    """Return tasks whose surface's days have passed before `at`, oldest first, and where to go on; None: no more.

    Some of them a law keeps longer: their `until` says so.
    """
    inner = _touched().subquery()
    shortest = min(days_of(governance.retention).values())
    query = select(inner.c.id, inner.c.touched).where(inner.c.touched <= at - timedelta(days=shortest))
    if after is not None:
        query = query.where((inner.c.touched > after[0]) | ((inner.c.touched == after[0]) & (inner.c.id > after[1])))
    rows = (await session.execute(query.order_by(inner.c.touched, inner.c.id).limit(limit))).all()
    found = await _keepings(session, _touched().where(TaskRow.id.in_([task for task, _ in rows])), governance)
    days = days_of(governance.retention)
    due = [k for k in found if k.touched + timedelta(days=days[k.surface]) <= at]
    place = (rows[-1][1], rows[-1][0]) if len(rows) == limit else None
    return sorted(due, key=lambda k: (k.touched, k.task)), place


async def _keepings(
    session: Session, query: Select[Any], governance: Governance
) -> list[Keeping]:  # fmt: skip
    rows = (await session.execute(query)).all()
    ids = [task.id for task, _ in rows]
    categories = await _categories(session, ids)
    runs = select(RunRow.task_id).where(RunRow.task_id.in_(ids), RunRow.state.not_in((*ENDED, *PARKED)))
    working = set(await session.scalars(runs))
    return [
        Keeping(
            task.id, task.person_id, surface_of(task.channel), touched,
            until(
                touched, surface_of(task.channel), governance.retention, governance.kept_by_law,
                project=task.project_id or "", categories=categories[task.id],
            ),
            task.id not in working,
        )
        for task, touched in rows
    ]  # fmt: skip


async def _categories(session: Session, tasks: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    query = select(OutputRow.task_id, OutputRow.category).where(OutputRow.task_id.in_(tasks))
    for task, category in await session.execute(query):
        found[task].add(category)
    return found
