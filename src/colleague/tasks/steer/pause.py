"""Pause a task and let it go on. What was asked stays answerable; nothing is performed before it goes on."""

from colleague.approvals.verdict import find_verdict
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Conflict
from colleague.kit.queue import enqueue
from colleague.tasks.delegate import AlreadyEnded, own_run
from colleague.tasks.model import ENDED, SUBAGENTS, CallState, State
from colleague.tasks.store import resume_job, touch
from colleague.tasks.subagents.family import at_work, subagents_of
from colleague.tasks.tables import CallRow, RunRow


class AlreadyPaused(Conflict):
    """{who} has paused this task already."""


class NotPaused(Conflict):
    """This task is not paused."""


class NothingToPause(Conflict):
    """This task is blocked: nothing happens until somebody lets it try again."""


async def pause(session: Session, actor: Actor, task_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Pause a task (R3). One that is queued or waits is paused at once, a running one before its next step.

    A call that has begun is brought to its end, a model that is thinking is heard; nothing after that is begun, nor by
    its sub-agents. Raises NotYourTask, AlreadyEnded, AlreadyPaused, NothingToPause.
    """
    task, run = await own_run(session, actor, task_id)
    if run.state in ENDED or run.stop_requested:
        raise AlreadyEnded
    if run.paused_by:
        raise AlreadyPaused(who=(await names_of(session, [run.paused_by])).get(run.paused_by, "Somebody"))
    if run.state == State.BLOCKED:
        raise NothingToPause
    facts = {"while": run.state, "via": actor.via}
    for one in (run, *await subagents_of(session, run.id, lock=True)):
        if one.state in (*ENDED, State.BLOCKED):
            continue
        one.paused_by = actor.id
        if one.state != State.RUNNING or one.waiting_for == SUBAGENTS:
            one.state, one.why = State.PAUSED, ""
        await touch(session, one, clock.now())
    await ledger.record(session, Event("task.paused", actor.id, subject=task.id, run=run.id, data=facts))
    await notify(session, f"person:{task.person_id}")


async def unpause(session: Session, actor: Actor, task_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Let a paused task go on exactly where it stands: with its next step, or waiting for what was asked.

    What was approved meanwhile is decided anew before it is performed. Raises NotYourTask, NotPaused.
    """
    task, run = await own_run(session, actor, task_id)
    if not run.paused_by:
        raise NotPaused
    for one in (*await subagents_of(session, run.id, lock=True), run):
        one.paused_by = ""
        # One that has not come to its next step yet simply goes on: its worker finds nothing to park for.
        if one.state == State.PAUSED:
            one.state, one.why = await _waits(session, one) or State.QUEUED, ""
            if one.state == State.QUEUED:
                await enqueue(session, resume_job(one))
        await touch(session, one, clock.now())
    await ledger.record(session, Event("task.resumed", actor.id, subject=task.id, run=run.id, data={"via": actor.via}))
    await notify(session, f"person:{task.person_id}")


async def _waits(session: Session, run: RunRow) -> State | None:
    """Return how the run still waits for a person or its sub-agents; None if that is over, or it waited for nothing.

    Who answers later finds the run locked until this is committed, and their job goes on from there.
    """
    if run.waiting_for == SUBAGENTS:
        return State.RUNNING if await at_work(session, run.id) else None
    if run.waiting_for.startswith("ask_"):
        verdict = await find_verdict(session, run.waiting_for)
        return State.NEEDS_APPROVAL if verdict.state == "asked" else None
    call = await session.get(CallRow, run.waiting_for) if run.waiting_for else None
    return State.WAITING if call is not None and call.state == CallState.ASKED else None
