"""The sub-agents of a run as a person or a program sees them: their part, their calls, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from colleague.kit.db import Session
from colleague.tasks.model import START_SUBAGENT, Step
from colleague.tasks.store import calls_of, steps_after
from colleague.tasks.tables import CallRow, RunRow


@dataclass(frozen=True, slots=True)
class Subagent:
    """A sub-agent with its steps and calls; `call` is the model's id of the call that started it, in the run's turns.

    `steps` begin after the words that it was given at its start.
    """

    run: RunRow
    call: str
    goal: str
    steps: Sequence[Step]
    calls: Sequence[CallRow]

    @property
    def calls_by_model_id(self) -> dict[str, CallRow]:
        """Return the calls by the id the model's turn gives them."""
        return {c.model_call_id: c for c in self.calls}

    def to_json(self) -> dict[str, Any]:
        """Return it as programs see it."""
        run = self.run
        return {
            "run": run.id, "call": run.parent_call, "goal": self.goal, "state": run.state, "why": run.why,
            "waiting_for": run.waiting_for, "answer": run.answer, "partial": run.partial, "spent": run.spent,
            "label": run.label, "tools": sorted(run.tools),
            "calls": [
                {"id": c.id, "tool": c.tool, "state": c.state, "effect": c.decision.get("effect", ""),
                 "approval": c.approval_id, "at": c.decided_at}
                for c in self.calls
            ],
        }  # fmt: skip


async def list_subagents(session: Session, run: RunRow, steps: Sequence[Step]) -> list[Subagent]:
    """Return the sub-agents of a run in the order they were started, those of an earlier run whose report it has too.

    `steps` are the run's own: one that tries again from a step has copies of the reports before it.
    """
    outcomes = [s.body for s in steps if s.kind == "outcome" and s.body["tool"] == START_SUBAGENT]
    reported = {str(o["data"].get("subagent")): str(o["call_id"]) for o in outcomes if isinstance(o.get("data"), dict)}
    query = (
        select(RunRow, CallRow)
        .join(CallRow, CallRow.id == RunRow.parent_call)
        .where(or_(RunRow.parent_run == run.id, RunRow.id.in_(reported)), RunRow.task_id == run.task_id)
        .order_by(RunRow.id)
        .execution_options(populate_existing=True)
    )
    found = []
    for child, call in (await session.execute(query)).all():
        of_child = await steps_after(session, child.id)
        given = max((s.seq for s in of_child if s.kind == "said" and s.body["who"] == "agent"), default=0)
        fresh = [s for s in of_child if s.seq > given]
        goal = str(call.arguments.get("goal", ""))
        found.append(Subagent(child, call.model_call_id, goal, fresh, await calls_of(session, child.id)))
    return found
