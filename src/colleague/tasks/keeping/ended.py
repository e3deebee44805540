"""Which tasks have ended, for those who wait for that: what followed a skill, and how each stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from colleague.kit.db import Session
from colleague.plugins.allowed import TAKES_UP
from colleague.plugins.slash import command_of
from colleague.tasks.model import CallState, State
from colleague.tasks.tables import CallRow, RunRow, TaskRow

MOST = 500


@dataclass(frozen=True, slots=True)
class Done:
    """A completed run of a task, and when it ended."""

    task: str
    run: str
    ended_at: datetime


async def completed_since(session: Session, person: str, skill: str, since: datetime) -> list[Done]:
    """Return the person's own runs that followed `skill` and were completed after `since`, oldest first.

    Tasks that a schedule began are left out: what one of them did must not set off another for ever.
    """
    took_up = exists().where(
        CallRow.run_id == RunRow.id, CallRow.tool.in_(TAKES_UP), CallRow.state == CallState.DONE,
        CallRow.arguments["name"].astext.ilike(skill.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")),
    )  # fmt: skip
    query = (
        select(TaskRow.id, TaskRow.goal, RunRow.id, RunRow.ended_at, took_up)
        .join(TaskRow, TaskRow.id == RunRow.task_id)
        .where(
            TaskRow.person_id == person, TaskRow.channel != "schedule", RunRow.state == State.COMPLETED,
            RunRow.parent_run == "", RunRow.ended_at > since, or_(took_up, TaskRow.goal.startswith("/")),
        )
        .order_by(RunRow.ended_at, RunRow.id)
        .limit(MOST)
    )  # fmt: skip
    found = []
    for task, goal, run, ended_at, used in await session.execute(query):
        command = command_of(goal)
        if ended_at and (used or (command and command[0] == skill)):
            found.append(Done(task, run, ended_at))
    return found


async def newest_states(session: Session, tasks: Sequence[str]) -> dict[str, State]:
    """Return the state of the newest run of each task."""
    query = select(RunRow.task_id, RunRow.state).where(RunRow.task_id.in_(tasks), RunRow.parent_run == "")
    query = query.ext(distinct_on(RunRow.task_id)).order_by(RunRow.task_id, RunRow.id.desc())
    return {task: State(state) for task, state in await session.execute(query)}
