"""May the words of a notice leave by mail? Not where they belong to a task that rests on confidential content."""

from sqlalchemy import select

from colleague.approvals.tables import ApprovalRow
from colleague.files.tables import OutputRow
from colleague.kit.db import Session
from colleague.policy.model import DataClass
from colleague.tasks.store import TaskNotFound, newest_run
from colleague.tasks.subagents.family import read_together
from colleague.tasks.tables import HandOverRow, RunRow

# The first part of a link that leads to something of a task.
OF_A_TASK = ("tasks", "outputs", "approvals", "hand-overs")


async def cleared(session: Session, link: str) -> bool:
    """Say whether the words of the notice with this link may go out; a link to nothing that is known: no.

    Judged when the notice goes, by what the task has read by then. Notices that belong to no task may always.
    """
    kind, _, rest = link.partition("?")[0].partition("#")[0].strip("/").partition("/")
    if kind not in OF_A_TASK or not rest:
        return True
    thing = rest.partition("/")[0]
    match kind:
        case "tasks":
            task: str | None = thing
        case "outputs":
            task = await session.scalar(select(OutputRow.task_id).where(OutputRow.id == thing))
        case "approvals":
            asked = select(RunRow.task_id).join(ApprovalRow, ApprovalRow.run_id == RunRow.id)
            task = await session.scalar(asked.where(ApprovalRow.id == thing))
        case _:
            task = await session.scalar(select(HandOverRow.task_id).where(HandOverRow.id == thing))
    if task is None:
        return False
    try:
        read = await read_together(session, await newest_run(session, task))
    except TaskNotFound:
        return False
    return read.data_class <= DataClass.INTERNAL
