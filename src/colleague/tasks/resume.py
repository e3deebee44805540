"""One segment of a run: load, advance step by step, save each step, end. A queue job; a killed one is taken over."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from colleague.agent.interrupts import NeedsAnswer, NeedsApproval, Stopped, Superseded
from colleague.agent.llm import Llm, ModelUnavailable
from colleague.agent.loop import AskModel, Finish, GiveUp, UseTool, next_move
from colleague.agent.messages import Call, Message, Turn, from_json
from colleague.audit.event import Event
from colleague.files.outputs import list_outputs
from colleague.identity.directory import get_person
from colleague.kit.db import Session, notify
from colleague.kit.log import get_log
from colleague.kit.queue import RUNS, Job, enqueue
from colleague.tasks.governed import Governed, Parts
from colleague.tasks.model import ENDED, Run, State
from colleague.tasks.store import append, get_task, lock_run, run_value, steps_after, touch
from colleague.tasks.tables import RunRow

log = get_log("resume")

OUTAGES = 6
MAX_TEXT = 400_000


async def resume(run_id: str, segment: int, outage: int = 0, *, parts: Parts, models: Callable[[str], Llm]) -> None:
    """Advance the run by its segment `segment`, until it ends, parks, is stopped or is taken over.

    Harmless when it comes twice, late, or for a run that has moved on. `outage` counts tries while the model is away.
    """
    run = await _claim(run_id, segment, parts)
    if run is None:
        return
    try:
        await _advance(run, parts, models)
    except (NeedsApproval, NeedsAnswer, Stopped, Superseded) as interrupt:
        log.info("segment ended", run=run_id, segment=segment, by=type(interrupt).__name__)
    except ModelUnavailable as error:
        await _outage(run, segment, outage, error.message, parts)


async def _claim(run_id: str, segment: int, parts: Parts) -> Run | None:
    async with parts.database.transaction() as session:
        row = await lock_run(session, run_id)
        if row.segment != segment or row.state in ENDED:
            return None
        now = parts.clock.now()
        if row.started_at is None:
            row.started_at = now
            await parts.ledger.record(session, Event("run.started", "agent", subject=run_id, run=run_id))
        elif row.state == State.RUNNING:
            await parts.ledger.record(session, Event("run.taken_over", "agent", subject=run_id, run=run_id))
        row.fence += 1
        row.state, row.why = State.RUNNING, ""
        await touch(session, row, now)
        task = await get_task(session, row.task_id)
        await notify(session, f"person:{task.person_id}")
        return run_value(row, task, (await get_person(session, task.person_id)).name)


async def _advance(run: Run, parts: Parts, models: Callable[[str], Llm]) -> None:
    governed = Governed(run, parts)
    async with parts.database.transaction() as session:
        steps = await steps_after(session, run.id)
    messages: list[Message] = [from_json(s.body) for s in steps if s.kind != "note"]
    numbers = [s.seq for s in steps if s.kind != "note"]
    while True:
        async with parts.database.transaction() as session:
            row = await lock_run(session, run.id, run.fence)
            if row.stop_requested:
                await _end(session, row, State.STOPPED, "You stopped it.", parts)
                raise Stopped
            run = replace(run, spent=run_value(row, await get_task(session, row.task_id), "").spent)
            fresh = await steps_after(session, run.id, numbers[-1])
        messages += [from_json(s.body) for s in fresh if s.kind != "note"]
        numbers += [s.seq for s in fresh if s.kind != "note"]
        match next_move(messages, run.budget, run.spent):
            case UseTool(call, turn, position):
                await governed.perform(call, numbers[turn], position, messages)
            case AskModel():
                await _turn(run, governed, messages, parts, models)
            case Finish(text):
                await _finish(run, text, parts)
                return
            case GiveUp(why):
                await _finish(run, why, parts, partial=True)
                return


async def _turn(
    run: Run, governed: Governed, messages: list[Message], parts: Parts, models: Callable[[str], Llm]
) -> None:
    """Ask the model for one turn and save it before anything in it happens."""
    async with parts.database.transaction() as session:
        toolbox = await governed.toolbox(session)
    started = time.monotonic()
    turn = tidy(await models(run.model).turn(messages, toolbox.specs()), len(messages))
    seconds = time.monotonic() - started
    async with parts.database.transaction() as session:
        row = await lock_run(session, run.id, run.fence)
        row.spent = run.spent.plus(turn.usage, seconds=seconds).to_json()
        await append(session, row, turn, parts.clock.now())


def tidy(turn: Turn, number: int) -> Turn:
    """Make a model's answer storable: no NUL, no endless text, and call ids of our own.

    INVARIANT: ids are unique in the run, whatever the model says; else a result could borrow another one's label.
    """
    calls = tuple(
        Call(f"c{number}_{position}", call.tool[:200], call.arguments) for position, call in enumerate(turn.calls)
    )
    return replace(turn, text=turn.text.replace("\x00", "")[:MAX_TEXT], calls=calls)


async def _finish(run: Run, text: str, parts: Parts, *, partial: bool = False) -> None:
    async with parts.database.transaction() as session:
        row = await lock_run(session, run.id, run.fence)
        if partial:
            made = [o.name for o, _ in await list_outputs(session, run.task)]
            have = f" What is there so far: {', '.join(made)}." if made else " Nothing was written so far."
            text = f"Stopped early. {text}{have}"
        row.answer, row.partial = text, partial
        await _end(session, row, State.COMPLETED, text if partial else "", parts)


async def _end(session: Session, row: RunRow, state: State, why: str, parts: Parts) -> None:
    now = parts.clock.now()
    row.state, row.why, row.ended_at, row.waiting_for = state, why, now, ""
    await touch(session, row, now)
    task = await get_task(session, row.task_id)
    facts = {"task": task.id, "partial": row.partial, "steps": row.next_seq - 1, **row.spent}
    verb = {State.COMPLETED: "run.completed", State.STOPPED: "run.stopped"}.get(state, "run.failed")
    await parts.ledger.record(session, Event(verb, "agent", subject=row.id, run=row.id, data=facts))
    await notify(session, f"person:{task.person_id}")


async def _outage(run: Run, segment: int, outage: int, why: str, parts: Parts) -> None:
    """The model is away: try again later, with growing pauses; then park the run as blocked and say so."""
    async with parts.database.transaction() as session:
        row = await lock_run(session, run.id)
        if row.fence != run.fence or row.state in ENDED:
            return
        now = parts.clock.now()
        if outage < OUTAGES:
            again = {"run": run.id, "segment": segment, "outage": outage + 1}
            later = now + timedelta(seconds=2**outage * 5)
            key = f"{run.id}.{segment}.{outage + 1}"
            row.state, row.why = State.QUEUED, f"{why} Trying again at {later:%H:%M:%S} (UTC)."
            await enqueue(session, Job("tasks.resume", again, RUNS, key=key, lock=run.id, at=later))
        else:
            row.state, row.why = State.BLOCKED, f"{why} Try again when it is back."
            row.segment += 1
        await touch(session, row, now)
        await parts.ledger.record(
            session, Event("run.model_unavailable", "agent", subject=run.id, run=run.id, data={"try": outage + 1})
        )
