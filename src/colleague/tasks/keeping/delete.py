"""Delete a task: the true end of its content. The ledger keeps that it was, and what was decided, not what was said.

INVARIANT: whatever a slice keeps of a task's content is taken away here, or named in STAYS. A test looks for a word of
a deleted task in every table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import delete, func, select

from colleague.approvals.ask import forget_questions
from colleague.approvals.tables import ApprovalRow
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.channels.page import forget_notices
from colleague.files.forget import count_files, forget_files
from colleague.files.tables import OutputRow
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Conflict, Forbidden
from colleague.models.spoken import forget_thinking
from colleague.projects.propose import forget_proposals
from colleague.tasks.keeping.held import check_task_not_held
from colleague.tasks.model import ENDED
from colleague.tasks.sight import see_task
from colleague.tasks.store import TaskNotFound
from colleague.tasks.tables import CallRow, HandOverRow, RunRow, StepRow, TaskRow, UndoRow

STAYS: Final = (
    "entries of the ledger: who did what and when, with hashes, without content",
    "the numbers of what the models used",
    "what was sent, saved or changed elsewhere: mail, files in shared places, entries in other systems",
    "the versions of such files before a change: kept beside them for 30 days, readable by the server only",
    "notes and instructions that people accepted into a project",
    "files of the project",
    "copies in backups, until those are replaced",
)


class NotYoursToDelete(Forbidden):
    """Only the person in charge of a task may delete it. You can put it into your archive."""


class StopFirst(Conflict):
    """This task has not ended: stop it first, then delete it."""


class NotConfirmed(Conflict):
    """Deleting cannot be undone: say that you mean it."""


@dataclass(frozen=True, slots=True)
class Going:
    """What a deletion takes away, in numbers."""

    title: str
    steps: int
    calls: int
    questions: int
    files: int
    outputs: int
    readings: int

    @property
    def lines(self) -> list[str]:
        """Return it in words, what there is none of left out."""
        named = (
            ("the goal, every message and every step of the work", self.steps),
            ("calls of tools with what came of them", self.calls),
            ("approvals with what was shown", self.questions), ("files that were given", self.files),
            ("results with all versions", self.outputs), ("copies of what was read elsewhere", self.readings),
        )  # fmt: skip
        return [f"{words} ({number:,})" for words, number in named if number]


async def going(session: Session, actor: Actor, task_id: str) -> Going:
    """Return what would go. Raises TaskNotFound, NotYoursToDelete, StopFirst, KeptByHold."""
    task, runs = await _deletable(session, actor, task_id)
    await check_task_not_held(session, task_id)
    return await _count(session, task, runs)


async def delete_task(
    session: Session, actor: Actor, task_id: str, *, sure: bool, ledger: Ledger, clock: Clock
) -> None:
    """Delete a task of one's own with everything in it. It must have ended; `sure` says that the person confirmed.

    Raises TaskNotFound, NotYoursToDelete, StopFirst, NotConfirmed, KeptByHold.
    """
    if not sure:
        raise NotConfirmed
    task, runs = await _deletable(session, actor, task_id)
    await take_away(session, actor, task, runs, ledger=ledger)


async def take_away(
    session: Session, actor: Actor, task: TaskRow, runs: Sequence[str], *, ledger: Ledger,
    why: Mapping[str, object] | None = None,
) -> Going:  # fmt: skip
    """Take away a task whose runs (all of them) have ended and are locked, whoever decided that: `why` goes on record.

    Raises KeptByHold. Returns what went, in numbers.
    """
    await check_task_not_held(session, task.id)
    gone = await _count(session, task, runs)
    questions = await session.scalars(select(ApprovalRow.id).where(ApprovalRow.run_id.in_(runs)))
    outputs = await session.scalars(select(OutputRow.id).where(OutputRow.task_id == task.id))
    offers = await session.scalars(select(HandOverRow.id).where(HandOverRow.task_id == task.id))
    links = [
        f"/tasks/{task.id}", *(f"/approvals/{q}" for q in questions), *(f"/outputs/{o}" for o in outputs),
        *(f"/hand-overs/{o}" for o in offers),
    ]  # fmt: skip
    await forget_notices(session, links)
    await forget_questions(session, runs)
    await forget_thinking(session, runs)
    await forget_proposals(session, task.id)
    files = await forget_files(session, task.id)
    for row in (CallRow, StepRow):
        await session.execute(delete(row).where(row.run_id.in_(runs)))
    await session.execute(delete(UndoRow).where(UndoRow.task_id == task.id))
    # Shares, marks, words for search, offers and mentions go with their rows.
    await session.execute(delete(RunRow).where(RunRow.id.in_(runs)))
    await session.execute(delete(TaskRow).where(TaskRow.id == task.id))
    facts = {**asdict(gone), "contents": files.contents, "via": actor.via, **(why or {})}
    del facts["title"]
    await ledger.forget(session, task.id)
    await ledger.record(session, Event("task.deleted", actor.id, subject=task.id, data=facts))
    for run in runs:
        await notify(session, f"run:{run}")
    await notify(session, f"person:{task.person_id}")
    return gone


async def _deletable(session: Session, actor: Actor, task_id: str) -> tuple[TaskRow, Sequence[str]]:
    """Return one's own task and its runs, locked and ended."""
    await see_task(session, actor, task_id)
    return await ended(session, task_id, lambda task: task.person_id == actor.id and actor.may("own:tasks:use"))


async def ended(
    session: Session, task_id: str, may: Callable[[TaskRow], bool] = lambda _: True
) -> tuple[TaskRow, Sequence[str]]:
    """Return a task that one `may` delete and its runs, locked and ended: for `take_away`.

    Raises TaskNotFound, NotYoursToDelete, StopFirst.
    """
    # The lock of a run is what every other deed takes first: none of them is in the middle of something here.
    query = select(RunRow).where(RunRow.task_id == task_id).order_by(RunRow.id).with_for_update()
    rows = (await session.scalars(query.execution_options(populate_existing=True))).all()
    task = await session.get(TaskRow, task_id, populate_existing=True)
    if task is None:
        raise TaskNotFound
    if not may(task):
        raise NotYoursToDelete
    if any(row.state not in ENDED for row in rows):
        raise StopFirst
    return task, [row.id for row in rows]


async def _count(session: Session, task: TaskRow, runs: Sequence[str]) -> Going:
    files = await count_files(session, task.id)
    steps, calls, questions = [
        await session.scalar(select(func.count()).where(row.run_id.in_(runs))) or 0
        for row in (StepRow, CallRow, ApprovalRow)
    ]
    return Going(task.title, steps, calls, questions, files.files, files.outputs, files.readings)
