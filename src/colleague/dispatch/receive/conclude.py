"""What came of the tasks that messages started, written into their records: the output and its human review (DI-11)."""

from collections.abc import Sequence

from sqlalchemy import func, select

from colleague.approvals.tables import ApprovalRow
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.record import event_of
from colleague.dispatch.receive.tables import MessageRow
from colleague.files.outputs import list_outputs
from colleague.files.tables import OutputRow, OutputVersionRow
from colleague.kit.db import Session
from colleague.policy.governance import current_governance
from colleague.policy.model import Governance
from colleague.policy.standards.category import standard_of
from colleague.tasks.keeping.ended import newest_states
from colleague.tasks.model import ENDED
from colleague.tasks.tables import RunRow

AT_ONCE = 500
_WORDS = {
    "completed": "answered in its task",
    "failed": "none: the task failed",
    "stopped": "none: the task was stopped",
}


async def conclude(*, parts: DispatchParts) -> int:
    """Write the end of every started message whose task has ended since; return how many. Twice is harmless."""
    async with parts.tasks.database.transaction() as session:
        query = select(MessageRow).where(MessageRow.state == "started").order_by(MessageRow.received_at)
        rows = (await session.scalars(query.with_for_update(skip_locked=True).limit(AT_ONCE))).all()
        states = await newest_states(session, [row.task_id for row in rows])
        governance = await current_governance(session)
        count = 0
        for row in rows:
            state = states.get(row.task_id)
            if state is not None and state not in ENDED:
                continue
            outputs = await list_outputs(session, row.task_id)
            row.output = _output(outputs) or _WORDS.get(str(state), "deleted with its task")
            row.review = _review(outputs, await _answers(session, row.task_id), governance)
            row.state, row.finished_at = "finished", parts.tasks.clock.now()
            await parts.tasks.ledger.record(session, event_of(row))
            count += 1
        return count


def _output(outputs: Sequence[tuple[OutputRow, OutputVersionRow]]) -> str:
    """Return what was made, by id and version: names may say what is confidential."""
    return ", ".join(f"{output.id} version {version.version}" for output, version in outputs[:10])


def _review(
    outputs: Sequence[tuple[OutputRow, OutputVersionRow]], answers: dict[str, int], governance: Governance
) -> str:  # fmt: skip
    """Return the state of the human review: of what was asked on the way and what was made; n/a where no gate was."""
    said = [f"{number} {state}" for state, number in sorted(answers.items())]
    for output, version in outputs[:10]:
        if version.reviewed_by:
            said.append(f"{output.id} {version.review}")
        elif standard_of(governance, output.category).high_stakes:
            said.append(f"{output.id} waits for its review")
    return "; ".join(said) or "n/a"


async def _answers(session: Session, task: str) -> dict[str, int]:
    """Return how many questions of the task's runs ended how."""
    runs = select(RunRow.id).where(RunRow.task_id == task)
    query = select(ApprovalRow.state, func.count()).where(ApprovalRow.run_id.in_(runs)).group_by(ApprovalRow.state)
    return {str(state): int(number) for state, number in (await session.execute(query)).all()}
