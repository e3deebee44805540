"""Stop a run and its sub-agents: what waits ends at once, what is in the middle of something before its next step."""

from datetime import datetime

from sqlalchemy import or_, select

from colleague.approvals.ask import withdraw
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.files.outputs import list_outputs
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.tasks.calls.conclude import close_calls
from colleague.tasks.model import ENDED, PARKED, SUBAGENTS, State
from colleague.tasks.store import touch
from colleague.tasks.subagents.family import read_together, subagents_of, wake_parent
from colleague.tasks.tables import CallRow, RunRow, TaskRow
from colleague.tasks.timeline import already_done


async def halt(
    session: Session, actor: Actor, task: TaskRow, run: RunRow, why: str, *, ledger: Ledger, clock: Clock
) -> None:
    """Let a locked run that has not ended end because of `why`: at once if it waits, else before its next step.

    One whose sub-agent is in the middle of a call ends right after that, and says what it did.
    """
    run.stop_requested, run.why, run.paused_by = True, why, ""
    going = await halt_subagents(session, run, why, ledger=ledger, clock=clock)
    await withdraw(session, actor, run.id, ledger=ledger, clock=clock)
    holds_nothing = run.state in PARKED or run.state == State.QUEUED or run.waiting_for == SUBAGENTS
    if going and holds_nothing:
        run.state, run.waiting_for = State.RUNNING, SUBAGENTS
    elif holds_nothing:
        now = clock.now()
        run.why = await leave_off(session, run, now)
        run.state, run.ended_at, run.waiting_for = State.STOPPED, now, ""
    await touch(session, run, clock.now())
    facts = {"reason": "user left"}
    await ledger.record(session, Event("task.stopped", actor.id, subject=task.id, run=run.id, data=facts))
    await notify(session, f"person:{task.person_id}")
    await notify(session, f"person:{actor.id}")


async def halt_subagents(session: Session, run: RunRow, why: str, *, ledger: Ledger, clock: Clock) -> int:
    """Stop the sub-agents of a locked run, those that wait at once; return how many are still in the middle of it."""
    going = 0
    for child in await subagents_of(session, run.id, lock=True):
        if child.state in ENDED:
            continue
        child.stop_requested, child.why, child.paused_by = True, why, ""
        if child.state == State.RUNNING:
            going += 1
            continue
        now = clock.now()
        child.why = await leave_off(session, child, now)
        child.state, child.ended_at, child.waiting_for = State.STOPPED, now, ""
        await touch(session, child, now)
        await ledger.record(session, Event("run.stopped", "agent", subject=child.id, run=child.id))
        await wake_parent(session, child)
    return going


async def leave_off(session: Session, run: RunRow, now: datetime) -> str:
    """Close what a locked run has begun, and return why it ends with what it and its sub-agents did already.

    The run counts as having read what its sub-agents read, although they do not report any more.
    """
    await close_calls(session, run, now)
    run.label = (await read_together(session, run)).to_json()
    family = select(RunRow.id).where(or_(RunRow.id == run.id, RunRow.parent_run == run.id))
    query = select(CallRow).where(CallRow.run_id.in_(family)).order_by(CallRow.decided_at, CallRow.id)
    calls = (await session.scalars(query.execution_options(populate_existing=True))).all()
    outputs = [output.name for output, _ in await list_outputs(session, run.task_id)]
    return f"{run.why} {already_done(calls, outputs)}"
