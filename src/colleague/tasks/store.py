"""Queries of tasks. Every write to a run in progress is fenced: a worker that lost its licence writes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, literal_column, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from colleague.agent.budget import Budget, Spent
from colleague.agent.interrupts import Paused, Stopped, Superseded
from colleague.agent.messages import Message, to_json
from colleague.agent.plan import Plan
from colleague.approvals.tables import ApprovalRow, ShareRow
from colleague.connectors.choose import choices_from
from colleague.kit.db import Session, notify
from colleague.kit.errors import NotFound
from colleague.kit.queue import RUNS, Job
from colleague.policy.model import Label, Tier
from colleague.tasks.model import Run, State, Step, Summary
from colleague.tasks.tables import CallRow, MarkRow, RunRow, StepRow, TaskRow

# A run's state as people see it, of `runs o`: one whose sub-agent waits for them waits for them too.
SHOWN_STATE: Final = """CASE
  WHEN o.state <> 'running' OR o.waiting_for <> 'sub-agents' THEN o.state
  WHEN 'needs approval' IN (SELECT state FROM runs WHERE parent_run = o.id) THEN 'needs approval'
  WHEN (SELECT bool_and(state = 'blocked') FROM runs
        WHERE parent_run = o.id AND state NOT IN ('completed', 'failed', 'stopped')) THEN 'blocked'
  ELSE o.state END"""


class TaskNotFound(NotFound):
    """There is no such task, or you may not see it."""


def run_value(run: RunRow, task: TaskRow, person_name: str) -> Run:
    """Return the run as a value."""
    return Run(
        id=run.id, task=task.id, person=task.person_id, person_name=person_name, goal=task.goal,
        state=State(run.state), segment=run.segment, fence=run.fence, model=run.model, channel=task.channel,
        plan=Plan.from_json(run.plan), label=Label.from_json(run.label), budget=Budget.from_json(run.budget),
        spent=Spent.from_json(run.spent), tools=run.tools, project=task.project_id or "",
        library_set=task.set_id or "", places=choices_from(task.places), parent=run.parent_run,
        cap=Tier(task.cap),
    )  # fmt: skip


async def get_task(session: Session, task_id: str) -> TaskRow:
    """Return the task; TaskNotFound if there is none."""
    task = await session.get(TaskRow, task_id)
    if task is None:
        raise TaskNotFound
    return task


async def newest_run(session: Session, task_id: str, *, lock: bool = False) -> RunRow:
    """Return the newest run of a task (no sub-agent), locked if asked; TaskNotFound if there is none."""
    own = RunRow.parent_run == ""
    query = select(RunRow).where(RunRow.task_id == task_id, own).order_by(RunRow.id.desc()).limit(1)
    query = query.execution_options(populate_existing=True)
    run = await session.scalar(query.with_for_update() if lock else query)
    if run is None:
        raise TaskNotFound
    # Who waited for the lock may hold what was the newest run before: look again.
    newest = select(RunRow.id).where(RunRow.task_id == task_id, own).order_by(RunRow.id.desc()).limit(1)
    if lock and await session.scalar(newest) != run.id:
        return await newest_run(session, task_id, lock=True)
    return run


async def shown_state(session: Session, run_id: str) -> State:
    """Return a run's state as people see it; TaskNotFound if there is none."""
    state = await session.scalar(text(f"SELECT {SHOWN_STATE} FROM runs o WHERE o.id = :run"), {"run": run_id})
    if state is None:
        raise TaskNotFound
    return State(state)


async def runs_of(session: Session, task_id: str) -> Sequence[RunRow]:
    """Return the runs of a task, oldest first, without sub-agents."""
    query = select(RunRow).where(RunRow.task_id == task_id, RunRow.parent_run == "")
    return (await session.scalars(query.order_by(RunRow.id))).all()


async def lock_run(session: Session, run_id: str, fence: int | None = None) -> RunRow:
    """Return the run, locked to the end of the transaction; Superseded if another worker holds it by now."""
    run = await session.scalar(
        select(RunRow).where(RunRow.id == run_id).with_for_update().execution_options(populate_existing=True)
    )
    if run is None:
        raise TaskNotFound
    if fence is not None and run.fence != fence:
        raise Superseded
    return run


def may_go_on(run: RunRow) -> None:
    """Raise Stopped or Paused if a person said so: nothing new may be begun then. The run is locked."""
    if run.stop_requested:
        raise Stopped
    if run.paused_by:
        raise Paused


def wait(run: RunRow, state: State, waiting_for: str) -> None:
    """Let a locked run wait for a person; one that was paused meanwhile is shown as paused, and waits all the same."""
    run.state, run.waiting_for = State.PAUSED if run.paused_by else state, waiting_for


def resume_job(run: RunRow) -> Job:
    """Return the queue job of the run's present segment. Enqueued twice it waits once; done twice it acts once."""
    return Job(
        "tasks.resume", {"run": run.id, "segment": run.segment}, RUNS, key=f"{run.id}.{run.segment}", lock=run.id
    )


async def append(session: Session, run: RunRow, message: Message | dict[str, Any], at: datetime) -> int:
    """Add one step to a locked run, wake its watchers, and return its number."""
    body = message if isinstance(message, dict) else to_json(message)
    seq = run.next_seq
    session.add(StepRow(run_id=run.id, seq=seq, kind=body["type"], body=body, at=at))
    run.next_seq, run.last_event_at = seq + 1, at
    await session.flush()
    await notify(session, f"run:{run.parent_run or run.id}")
    return seq


async def touch(session: Session, run: RunRow, at: datetime) -> None:
    """Say that something about a locked run changed, without adding a step."""
    run.last_event_at = at
    await session.flush()
    await notify(session, f"run:{run.parent_run or run.id}")


async def steps_after(session: Session, run_id: str, seq: int = 0, limit: int = 5000) -> list[Step]:
    """Return the steps of a run after `seq`, oldest first."""
    rows = await session.scalars(
        select(StepRow).where(StepRow.run_id == run_id, StepRow.seq > seq).order_by(StepRow.seq).limit(limit)
    )
    return [Step(r.seq, r.kind, r.body, r.at) for r in rows]


async def calls_of(session: Session, run_id: str) -> Sequence[CallRow]:
    """Return all calls of a run in order."""
    query = select(CallRow).where(CallRow.run_id == run_id).order_by(CallRow.turn_seq, CallRow.position)
    return (await session.scalars(query)).all()


async def find_call(session: Session, run_id: str, turn_seq: int, position: int) -> CallRow | None:
    """Return the call at that place of the run, if it was ever decided."""
    return await session.scalar(
        select(CallRow).where(
            CallRow.run_id == run_id, CallRow.turn_seq == turn_seq, CallRow.position == position
        ).execution_options(populate_existing=True)
    )  # fmt: skip


async def open_calls(session: Session, run_id: str) -> list[tuple[str, str, CallRow | None]]:
    """Return the calls of the newest turn without an outcome: the model's id, the tool, the row if it was decided."""
    newest = select(StepRow).where(StepRow.run_id == run_id, StepRow.kind == "turn").order_by(StepRow.seq.desc())
    turn = await session.scalar(newest.limit(1))
    if turn is None:
        return []
    answered = {s.body["call_id"] for s in await steps_after(session, run_id, turn.seq) if s.kind == "outcome"}
    return [
        (call["id"], call["tool"], await find_call(session, run_id, turn.seq, position))
        for position, call in enumerate(turn.body["calls"])
        if call["id"] not in answered
    ]


async def labels_of(session: Session, run_id: str) -> dict[str, Label]:
    """Return what is known of each result of a run, by the model's id of the call."""
    query = select(CallRow.model_call_id, CallRow.label).where(CallRow.run_id == run_id, CallRow.label.is_not(None))
    return {call: Label.from_json(label) for call, label in (await session.execute(query)) if label}


async def denied_calls(session: Session, run_id: str) -> list[str]:
    """Return the calls of a run that a person was asked about and denied, by the model's id of the call."""
    query = select(CallRow.model_call_id).join(ApprovalRow, ApprovalRow.id == CallRow.approval_id)
    return list(await session.scalars(query.where(CallRow.run_id == run_id, ApprovalRow.state == "denied")))


async def list_tasks(
    session: Session, *, person: str | None = None, before: str | None = None, limit: int = 30, project: str = "",
    pinned: bool | None = None, archived: bool = False, marks: str = "",
) -> list[Summary]:  # fmt: skip
    """Return tasks (of one person, and those shared with them), newest first; `before` is the id to page on from.

    What that person put into the archive is left out, or (`archived`) the only thing returned; `pinned` narrows to
    what they pinned or did not. `marks`: whose marks count where tasks of everybody are listed.
    """
    run = aliased(RunRow, name="o")
    shown = literal_column(SHOWN_STATE, String).label("shown")
    newest = (
        select(run, shown)
        .where(run.parent_run == "")
        .ext(distinct_on(run.task_id))
        .order_by(run.task_id, run.id.desc())
        .subquery()
    )
    query = (
        select(
            TaskRow,
            newest.c.id,
            newest.c.shown,
            newest.c.plan,
            newest.c.last_event_at,
            MarkRow.pinned_at.is_not(None),
            MarkRow.archived_at.is_not(None),
        )
        .join(newest, newest.c.task_id == TaskRow.id)
        .outerjoin(MarkRow, (MarkRow.task_id == TaskRow.id) & (MarkRow.person_id == (person or marks)))
        .order_by(TaskRow.id.desc())
        .limit(limit)
    )
    if person is not None:
        shared = select(ShareRow.task_id).where(ShareRow.person_id == person)
        query = query.where((TaskRow.person_id == person) | TaskRow.id.in_(shared))
        query = query.where(MarkRow.archived_at.is_not(None) if archived else MarkRow.archived_at.is_(None))
    if before is not None:
        query = query.where(TaskRow.id < before)
    if project:
        query = query.where(TaskRow.project_id == project)
    if pinned is not None:
        query = query.where(MarkRow.pinned_at.is_not(None) if pinned else MarkRow.pinned_at.is_(None))
    return [
        Summary(t.id, t.title, t.person_id, State(state), Plan.from_json(plan), t.created_at, at, run, pin, away)
        for t, run, state, plan, at, pin, away in (await session.execute(query))
    ]
