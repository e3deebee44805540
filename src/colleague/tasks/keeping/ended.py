"""Which tasks have ended, for those who wait for that: what followed a skill, and how each stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from colleague.agent.budget import Spent
from colleague.agent.plan import Plan
from colleague.kit.db import Session
from colleague.plugins.allowed import TAKES_UP
from colleague.plugins.slash import command_of
from colleague.tasks.model import ENDED, CallState, State
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
    written = skill.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    name = CallRow.arguments["name"].astext
    took_up = exists().where(
        CallRow.run_id == RunRow.id, CallRow.tool.in_(TAKES_UP), CallRow.state == CallState.DONE,
        or_(name.ilike(written), name.ilike(f"%:{written}")),
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
        if ended_at and (used or (command and skill in (command[0], command[0].rpartition(":")[2]))):
            found.append(Done(task, run, ended_at))
    return found


async def newest_states(session: Session, tasks: Sequence[str]) -> dict[str, State]:
    """Return the state of the newest run of each task."""
    query = select(RunRow.task_id, RunRow.state).where(RunRow.task_id.in_(tasks), RunRow.parent_run == "")
    query = query.ext(distinct_on(RunRow.task_id)).order_by(RunRow.task_id, RunRow.id.desc())
    return {task: State(state) for task, state in await session.execute(query)}


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier run planned and cost."""

    task: str
    steps: tuple[str, ...]
    micros: int


async def past_runs(session: Session, tasks: Sequence[str]) -> list[Past]:
    """Return the plan and the cost of the newest run of each task that has ended, in the order of `tasks`."""
    query = select(RunRow.task_id, RunRow.plan, RunRow.spent, RunRow.state)
    query = query.where(RunRow.task_id.in_(tasks), RunRow.parent_run == "")
    query = query.ext(distinct_on(RunRow.task_id)).order_by(RunRow.task_id, RunRow.id.desc())
    found = {
        task: Past(task, Plan.from_json(plan).steps, Spent.from_json(spent).micros)
        for task, plan, spent, state in await session.execute(query)
        if state in ENDED
    }
    return [found[task] for task in tasks if task in found]
