"""A run and its sub-agents as one: who works, what they spent, what they have read, what a person sees of it.

INVARIANT: whoever locks a run and its sub-agents locks the run first. A sub-agent never locks the run it works for: it
ends in a transaction of its own and leaves that run a job (`wake_parent`), which looks whether it was the last.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, func, select

from colleague.agent.budget import Spent
from colleague.approvals.tables import ApprovalRow
from colleague.kit.db import Session
from colleague.kit.queue import RUNS, Job, enqueue
from colleague.plugins.allowed import TAKES_UP
from colleague.policy.model import Label
from colleague.tasks.model import ENDED, SUBAGENTS, CallState, Run, State
from colleague.tasks.tables import CallRow, RunRow, StepRow


async def subagents_of(session: Session, run_id: str, *, lock: bool = False) -> Sequence[RunRow]:
    """Return the sub-agents of a run, oldest first, as they stand now. To lock them, the run must be locked."""
    query = select(RunRow).where(RunRow.parent_run == run_id).order_by(RunRow.id)
    query = query.execution_options(populate_existing=True)
    return (await session.scalars(query.with_for_update() if lock else query)).all()


async def at_work(session: Session, run_id: str) -> int:
    """Return how many sub-agents of a run have not ended."""
    query = select(RunRow.id).where(RunRow.parent_run == run_id, RunRow.state.not_in(ENDED))
    return len((await session.scalars(query)).all())


async def wait_for_all(session: Session, run: RunRow) -> bool:
    """Park a locked run until its sub-agents have ended; False if they have already.

    They are locked before it is looked: one that is just ending is seen as ended, or finds the run parked and wakes it.
    """
    if all(s.state in ENDED for s in await subagents_of(session, run.id, lock=True)):
        return False
    run.segment += 1
    run.state, run.waiting_for = State.PAUSED if run.paused_by else State.RUNNING, SUBAGENTS
    return True


async def wake_parent(session: Session, run: RunRow) -> None:
    """Give the run that waits for this sub-agent, locked and ended, a job: the last one to end lets it go on.

    Each has a key of its own: two that end at the same moment must not count as one.
    """
    if run.parent_run:
        segment = await session.scalar(select(RunRow.segment).where(RunRow.id == run.parent_run))
        args = {"run": run.parent_run, "segment": segment}
        key = f"{run.parent_run}.{segment}.{run.id}"
        await enqueue(session, Job("tasks.resume", args, RUNS, key=key, lock=run.parent_run))


async def spent_together(session: Session, run: RunRow) -> Spent:
    """Return what the family of a run has spent: all of it counts against one budget."""
    root = run.parent_run or run.id
    query = select(RunRow.spent).where((RunRow.id == root) | (RunRow.parent_run == root))
    return sum(map(Spent.from_json, await session.scalars(query)), Spent())


async def read_together(session: Session, run: RunRow) -> Label:
    """Return what a run and its sub-agents have read, those that have not reported yet included."""
    labels = [Label.from_json(s.label) for s in await subagents_of(session, run.id)]
    return reduce(Label.join, labels, Label.from_json(run.label))


def _others(run: Run) -> ColumnElement[bool]:
    """Return what says that a run belongs to the family of `run` and is another one."""
    family = (RunRow.parent_run != "") | (RunRow.id == run.root)
    return (RunRow.task_id == run.task) & family & (RunRow.id != run.id)


async def followed_elsewhere(session: Session, run: Run) -> frozenset[str]:
    """Return the skills that the other runs of the task's family follow, as they were written.

    What is permitted with them holds for all: their words reach the others as a goal or a report.
    """
    query = select(CallRow.arguments["name"].astext).join(RunRow, RunRow.id == CallRow.run_id)
    done = CallRow.tool.in_(TAKES_UP) & (CallRow.state == CallState.DONE)
    names = await session.scalars(query.where(_others(run), done))
    return frozenset(name.strip().removeprefix("/").casefold() for name in names if name)


async def denied_elsewhere(session: Session, run: Run) -> list[tuple[str, dict[str, Any]]]:
    """Return what people denied in the other runs of the task's family since the person last spoke: tool, arguments.

    A denial stands for the whole task: it is not got round by letting a sub-agent try, nor after it by the run itself.
    """
    said = (StepRow.run_id == run.root) & (StepRow.kind == "said") & (StepRow.body["who"].astext == "person")
    spoke = select(func.max(StepRow.at)).where(said).scalar_subquery()
    query = (
        select(CallRow.tool, CallRow.arguments)
        .join(RunRow, RunRow.id == CallRow.run_id)
        .join(ApprovalRow, ApprovalRow.id == CallRow.approval_id)
        .where(_others(run), ApprovalRow.state == "denied", ApprovalRow.answered_at >= spoke)
    )
    return [(tool, arguments) for tool, arguments in await session.execute(query)]
