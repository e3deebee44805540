"""One segment of a run: load, advance step by step, save each step, end. A queue job; a killed one is taken over."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import timedelta

from colleague.agent.budget import CALLS_PER_TURN, Spent
from colleague.agent.context import crowded
from colleague.agent.interrupts import (
    Interrupt,
    NeedsAnswer,
    NeedsApproval,
    NeedsSubagents,
    OverBudget,
    Paused,
    Stopped,
    Superseded,
)
from colleague.agent.llm import ModelRejects, ModelUnavailable
from colleague.agent.loop import AskModel, Finish, GiveUp, UseTool, next_move
from colleague.agent.messages import Call, Message, Turn, from_json
from colleague.agent.tools import size
from colleague.audit.event import Event
from colleague.files.outputs import list_outputs
from colleague.identity.directory import get_person, is_active
from colleague.kit import telemetry
from colleague.kit.canonical import storable
from colleague.kit.db import Session, notify
from colleague.kit.log import get_log
from colleague.kit.queue import RUNS, Job, enqueue
from colleague.models.need import need_of
from colleague.models.think import Answer
from colleague.plugins.allowed import followed
from colleague.policy.governance import SettingsUnreadable
from colleague.policy.model import Label, Tier
from colleague.tasks.afterwards import afterwards
from colleague.tasks.calls.arguments import unfit
from colleague.tasks.calls.conclude import MAX_TEXT, record_if_possible
from colleague.tasks.governed import Governed
from colleague.tasks.halt import halt_subagents, leave_off
from colleague.tasks.leave import LEFT
from colleague.tasks.model import ENDED, SUBAGENTS, CallState, Run, State
from colleague.tasks.parts import Parts
from colleague.tasks.recall.summarise import Older, summarise
from colleague.tasks.store import (
    TaskNotFound,
    append,
    calls_of,
    find_call,
    get_task,
    lock_run,
    may_go_on,
    resume_job,
    run_value,
    steps_after,
    touch,
)
from colleague.tasks.subagents.family import (
    at_work,
    followed_elsewhere,
    spent_together,
    wait_for_all,
    wake_parent,
)
from colleague.tasks.tables import RunRow
from colleague.tasks.together.hand_over import take_over

log = get_log("resume")

OUTAGES = 6
LOOK_EVERY = 1.0


@dataclass
class Segment:
    """One job: which segment of which run, the try it is, the licence it got, and the step it began at."""

    run: str
    number: int
    outage: int = 0
    fence: int = 0
    began_at: int = 0


async def resume(run_id: str, segment: int, outage: int = 0, *, parts: Parts) -> None:
    """Advance the run by its segment `segment`, until it ends, parks, is stopped or is taken over.

    Harmless when it comes twice, late, or for a run that has moved on. `outage` counts tries in trouble: a model that
    is away, a step that cannot be saved or put on record. The run is tried again later, then parked as blocked.
    """
    job = Segment(run_id, segment, outage)
    try:
        await _traced(job, parts)
    except Stopped as stopped:
        await _stopped(job, str(stopped), parts)
    except Paused:
        await _paused(job, parts)
    except (NeedsApproval, NeedsAnswer, NeedsSubagents, Superseded) as interrupt:
        log.info("segment ended", run=run_id, segment=segment, by=type(interrupt).__name__)
    except TaskNotFound:
        log.info("run is gone", run=run_id)
    except ModelUnavailable as error:
        await _later(job, error.message, "run.model_unavailable", parts, wait=error.retry_after)
    except ModelRejects as error:
        await _blocked(job, error.message, parts)
    except Exception as error:
        name = type(error).__name__
        log.error("segment failed", run=run_id, segment=segment, error=name)
        why = f"A step could not be completed or put on record ({name}); nothing of it was lost."
        if isinstance(error, SettingsUnreadable):
            why = error.message
        await _later(job, why, "run.stumbled", parts)
    await afterwards(run_id, parts=parts)


async def _traced(job: Segment, parts: Parts) -> None:
    """Claim the run and advance it, inside the one trace of all its segments."""
    facts = {"gen_ai.agent.name": "colleague", "colleague.run.id": job.run, "colleague.run.segment": str(job.number)}
    segment = telemetry.operation("invoke_agent", "colleague", facts, expected=(Interrupt,))
    with telemetry.one_trace(job.run), segment as span:
        try:
            run = await _claim(job, parts)
            if run is not None:
                span.set_attribute("gen_ai.conversation.id", run.task)
                await _advance(run, parts)
        except Exception as error:
            telemetry.ended(type(error).__name__)
            raise
        telemetry.ended("end")


async def _claim(job: Segment, parts: Parts) -> Run | None:
    """Take the run over for this segment; None if it has moved on."""
    async with parts.database.transaction() as session:
        row = await lock_run(session, job.run)
        if row.segment != job.number or row.state in (*ENDED, State.PAUSED):
            return None
        waited = row.waiting_for == SUBAGENTS
        if waited and await at_work(session, row.id):
            return None  # Another sub-agent works: the last one to end wakes this run.
        now = parts.clock.now()
        if row.paused_by and not row.stop_requested:  # Its worker died on the way to where it would have parked.
            await _park(session, row, parts)
            return None
        if row.started_at is None:
            row.started_at = now
            await parts.ledger.record(session, Event("run.started", "agent", subject=row.id, run=row.id))
        elif row.state == State.RUNNING and not waited:
            await parts.ledger.record(session, Event("run.taken_over", "agent", subject=row.id, run=row.id))
        row.fence += 1
        row.state, row.why = State.RUNNING, row.why if row.stop_requested else ""
        if waited:
            row.waiting_for = ""
        await touch(session, row, now)
        task = await get_task(session, row.task_id)
        await notify(session, f"person:{task.person_id}")
        job.fence, job.began_at = row.fence, row.next_seq
        return run_value(row, task, (await get_person(session, task.person_id)).name)


async def _advance(run: Run, parts: Parts) -> None:
    governed = Governed(run, parts)
    messages: list[Message] = []
    numbers: list[int] = []
    last = 0
    while True:
        async with parts.database.transaction() as session:
            row = await lock_run(session, run.id, run.fence)
            may_go_on(row)
            changed_hands = row.hand_over != "" and await take_over(session, row, parts)
            if not changed_hands and not await is_active(session, run.person):
                # The job that stops their tasks may have to wait for a free worker; this run does not.
                raise Stopped(LEFT)
            run = replace(run, spent=Spent.from_json(row.spent))
            fresh = await steps_after(session, run.id, last)
            last = fresh[-1].seq if fresh else last
            messages += [from_json(s.body) for s in fresh if s.kind != "note"]
            numbers += [s.seq for s in fresh if s.kind != "note"]
            move = next_move(messages, run.budget, await spent_together(session, row))
            decided = None
            if isinstance(move, UseTool):
                decided = await find_call(session, run.id, numbers[move.turn], move.position)
        if changed_hands:
            raise Superseded
        match move:
            case UseTool():
                await governed.perform(move, numbers[move.turn], messages, decided)
            case AskModel():
                try:
                    await _turn(run, governed, messages, numbers, last, parts)
                except OverBudget as limit:
                    if await _finish(run, str(limit), last, parts, partial=True):
                        return
            case Finish(text):
                if await _finish(run, text, last, parts):
                    return
            case GiveUp(why):
                if await _finish(run, why, last, parts, partial=True):
                    return


async def _turn(
    run: Run, governed: Governed, messages: list[Message], numbers: list[int], last: int, parts: Parts
) -> None:
    """Ask the model for one turn and save it, with what it cost, before anything in it happens.

    A final answer to a conversation in which the person has said more meanwhile (after step `last`) is not kept: the
    model is asked again, with their words. Where the conversation nears the model's window, its older steps are
    summarised instead, and the turn comes next.
    """
    async with parts.database.transaction() as session:
        toolbox = await governed.toolbox(session)
        row = await lock_run(session, run.id, run.fence)
        read = Label.from_json(row.label)
        need = await need_of(
            session, run.id, run.person, run.goal, row.model, read, messages,
            followed(messages) | await followed_elsewhere(session, run), charged_to=run.root,
        )  # fmt: skip
        window = await parts.models.window(session, need)
    tools = toolbox.specs()
    if covers := crowded(messages, window, sum(map(size, tools))):
        older = Older(messages, numbers, covers, window)
        await summarise(run, need, older, lambda answer: _unless_stopped(run, answer, parts), parts)
        return
    started = time.monotonic()
    answer = await _unless_stopped(run, parts.models.think(need, messages, tools), parts)
    turn = tidy(answer.turn, len(messages))
    seconds = time.monotonic() - started
    async with parts.database.transaction() as session:
        row = await lock_run(session, run.id, run.fence)
        row.spent = run.spent.plus(turn.usage, seconds=seconds).to_json()
        row.model = turn.model or row.model
        await parts.models.settle(session, need, answer)
        if turn.calls or row.next_seq - 1 == last:
            await append(session, row, turn, parts.clock.now())


async def _unless_stopped(run: Run, answer: Awaitable[Answer], parts: Parts) -> Answer:
    """Wait for the model's answer; give it up at once when the person stops the run or another worker has taken it."""
    asked = asyncio.ensure_future(answer)
    started = time.monotonic()
    try:
        while not (await asyncio.wait({asked}, timeout=LOOK_EVERY))[0]:
            if time.monotonic() - started > parts.turn_seconds:
                raise ModelUnavailable(f"The model did not answer within {parts.turn_seconds / 60:.0f} minutes.")
            async with parts.database.transaction() as session:
                if (await lock_run(session, run.id, run.fence)).stop_requested:
                    raise Stopped
        return asked.result()
    finally:
        if not asked.done():
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await asked


def tidy(turn: Turn, number: int) -> Turn:
    """Make a model's answer storable: no NUL, no endless text, no flood of calls, and call ids of our own.

    INVARIANT: ids are unique in the run, whatever the model says; else a result could borrow another one's label.
    Arguments that cannot be kept are replaced by the reason, which the model reads as the call's outcome.
    """
    calls = []
    for position, call in enumerate(turn.calls[:CALLS_PER_TURN]):
        fault = unfit(call.arguments)
        tool = str(storable(str(call.tool)))[:200]
        calls.append(Call(f"c{number}_{position}", tool, {} if fault else call.arguments, fault or ""))
    text = str(storable(str(turn.text)))
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}\n[… {len(text) - MAX_TEXT:,} more characters were cut]"
    if len(turn.calls) > CALLS_PER_TURN:
        text = f"{text}\n[{len(turn.calls):,} calls at once: only the first {CALLS_PER_TURN} are made]".strip()
    return replace(turn, text=text, calls=tuple(calls))


async def _finish(run: Run, text: str, last: int, parts: Parts, *, partial: bool = False) -> bool:
    """End the run with its answer; False if a person said something after step `last`: that is heard first."""
    async with parts.database.transaction() as session:
        row = await lock_run(session, run.id, run.fence)
        may_go_on(row)
        if row.next_seq - 1 > last:
            return False
        empty = False
        if partial:
            made = [o.name for o, _ in await list_outputs(session, run.task)]
            have = f" What is there so far: {', '.join(made)}." if made else " Nothing was written so far."
            text, empty = f"Stopped early. {text}{have}", not made and not await _acted(session, run.id)
        row.answer, row.partial = text, partial
        await _end(session, row, State.COMPLETED, text if partial else "", parts, empty=empty)
    return True


async def _acted(session: Session, run_id: str) -> bool:
    """Say whether a run sent or changed anything, or may have."""
    took = (CallState.DONE, CallState.UNKNOWN)
    return any(call.tier > Tier.READ and call.state in took for call in await calls_of(session, run_id))


async def _stopped(job: Segment, why: str, parts: Parts) -> None:
    """End the run that a person stopped: what was not done is never done later."""
    async with parts.database.transaction() as session:
        row = await lock_run(session, job.run)
        if row.fence != job.fence or row.state in ENDED:
            return
        row.why = row.why or why or "You stopped it."
        await halt_subagents(session, row, row.why, ledger=parts.ledger, clock=parts.clock)
        if await wait_for_all(session, row):
            row.stop_requested = True  # One is in the middle of a call: what it did is said when it has ended.
            await touch(session, row, parts.clock.now())
            return
        await _end(session, row, State.STOPPED, await leave_off(session, row, parts.clock.now()), parts)


async def _paused(job: Segment, parts: Parts) -> None:
    """Park the run that a person paused. If they let it go on meanwhile, it does: this segment anew."""
    async with parts.database.transaction() as session:
        row = await lock_run(session, job.run)
        if row.fence != job.fence or row.state in ENDED:
            return
        if row.paused_by:
            await _park(session, row, parts)
        else:
            row.state = State.QUEUED
            await touch(session, row, parts.clock.now())
            await enqueue(session, resume_job(row))


async def _park(session: Session, row: RunRow, parts: Parts) -> None:
    row.state = State.PAUSED
    await touch(session, row, parts.clock.now())
    await record_if_possible(session, parts.ledger, Event("run.paused", "agent", subject=row.id, run=row.id))
    await notify(session, f"person:{(await get_task(session, row.task_id)).person_id}")


async def _end(
    session: Session, row: RunRow, state: State, why: str, parts: Parts, *, empty: bool = False
) -> None:  # fmt: skip
    """End a run, and put on record how. `empty`: it came to nothing when it was stopped early."""
    now = parts.clock.now()
    row.state, row.why, row.ended_at, row.waiting_for, row.paused_by = state, why, now, "", ""
    await touch(session, row, now)
    task = await get_task(session, row.task_id)
    facts = {"task": task.id, "partial": row.partial, "steps": row.next_seq - 1, **row.spent}
    verb = {State.COMPLETED: "run.completed", State.STOPPED: "run.stopped"}.get(state, "run.failed")
    if state != State.COMPLETED or empty:
        facts |= {"empty": empty, "reason": "user left" if state == State.STOPPED else "system"}
    await parts.ledger.record(session, Event(verb, "agent", subject=row.id, run=row.id, data=facts))
    await wake_parent(session, row)
    await notify(session, f"person:{task.person_id}")


async def _blocked(job: Segment, why: str, parts: Parts) -> None:
    """Park the run until a person has changed something and lets it try again: waiting alone will not help."""
    async with parts.database.transaction() as session:
        row = await lock_run(session, job.run)
        if row.fence != job.fence or row.state in ENDED:
            return
        row.state, row.why, row.paused_by = State.BLOCKED, f"{why} Then let it try again.", ""
        row.segment += 1
        await touch(session, row, parts.clock.now())
        await record_if_possible(session, parts.ledger, Event("run.blocked", "agent", subject=row.id, run=row.id))
        task = await get_task(session, row.task_id)
        await notify(session, f"person:{task.person_id}")


async def _later(job: Segment, why: str, verb: str, parts: Parts, *, wait: float = 0) -> None:
    """Try the segment again later, with growing pauses (`wait` seconds at least); then park the run as blocked.

    A try that got further starts the count anew.
    """
    async with parts.database.transaction() as session:
        row = await lock_run(session, job.run)
        if row.segment != job.number or row.state in ENDED or (job.fence and row.fence != job.fence):
            return
        now = parts.clock.now()
        outage = 0 if job.began_at and row.next_seq > job.began_at else job.outage
        if row.paused_by:
            row.why = why
            await _park(session, row, parts)
        elif outage < OUTAGES:
            again = {"run": row.id, "segment": job.number, "outage": outage + 1}
            later = now + timedelta(seconds=max(2**outage * parts.pause, wait))
            key = f"{row.id}.{job.number}.{outage + 1}"
            row.state, row.why = State.QUEUED, f"{why} Trying again at {later:%H:%M:%S} (UTC)."
            await enqueue(session, Job("tasks.resume", again, RUNS, key=key, lock=row.id, at=later))
        else:
            row.state, row.why = State.BLOCKED, f"{why} Try again when it is back."
            row.segment += 1
        await touch(session, row, now)
        event = Event(verb, "agent", subject=row.id, run=row.id, data={"try": outage + 1})
        await record_if_possible(session, parts.ledger, event)
        task = await get_task(session, row.task_id)
        await notify(session, f"person:{task.person_id}")
