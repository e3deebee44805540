"""Hand a task to the agent, and speak to it: the deeds of the person in charge."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from colleague.agent.budget import Budget, Spent
from colleague.agent.context import opening
from colleague.agent.interrupts import Interrupt
from colleague.agent.messages import Outcome, Said, from_json
from colleague.agent.plan import Plan
from colleague.approvals.answer import lock_for_edit, supersede
from colleague.approvals.ask import ask
from colleague.approvals.partners import part_of
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.choose import Choice
from colleague.files.uploads import MAX_FILES, TooManyFiles, Upload, add_file
from colleague.identity.actor import Actor
from colleague.identity.directory import teams_of
from colleague.kit.canonical import digest, storable
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Conflict, Forbidden, Invalid
from colleague.kit.ids import new_id
from colleague.kit.queue import enqueue
from colleague.plugins.use import check_command
from colleague.policy.asked import to_json
from colleague.policy.model import Effect, Label, Role, Tier
from colleague.tasks.calls.conclude import call_event, decision_facts
from colleague.tasks.calls.weigh import Scales, Weighed
from colleague.tasks.halt import halt
from colleague.tasks.model import ENDED, CallState, State
from colleague.tasks.parts import Parts
from colleague.tasks.store import (
    append,
    get_task,
    lock_run,
    newest_run,
    resume_job,
    run_value,
    steps_after,
    touch,
)
from colleague.tasks.subagents.family import subagents_of
from colleague.tasks.tables import CallRow, RunRow, TaskRow

GOAL_LIMIT = 8000


class EmptyGoal(Invalid):
    """Say in a sentence what you want done."""


class GoalTooLong(Invalid):
    """A task is at most 8,000 characters: attach long texts as files."""


class NotYourTask(Forbidden):
    """Only the person who handed this task over, and their co-drivers, may steer it."""


class NothingAsked(Conflict):
    """This question is not open any more."""


class AlreadyEnded(Conflict):
    """This task has ended already."""


class NotEditable(Invalid):
    """Here you can change this: {names}. Deny it if anything else is wrong."""


class EditRefused(Forbidden):
    """Edited like this it may not happen: {why}"""


class MovedOn(Conflict):
    """The task has moved on meanwhile. Look at it again."""


async def delegate(
    session: Session, actor: Actor, goal: str, uploads: list[Upload], *, model: str, tools: dict[str, str],
    ledger: Ledger, clock: Clock, budget: Budget | None = None, extra: str = "", label: Label | None = None,
    project: str = "", library_set: str = "", places: tuple[Choice, ...] = (), cap: Tier = Tier.MODIFY,
) -> str:  # fmt: skip
    """Create a task with its files and its first run, and enqueue it, all in the caller's transaction.

    `tools` are the names and hashes of the tools this person has now: frozen for the run. `extra` is told to the model
    beside the rules, `label` is what those words were made from. It never goes above the tier `cap` (DI-7). Returns the
    task's id.
    Raises EmptyGoal, GoalTooLong, TooManyFiles, PermissionMissing.
    """
    actor.require("own:tasks:use")
    goal = str(storable(goal)).strip()
    if not goal:
        raise EmptyGoal
    if len(goal) > GOAL_LIMIT:
        raise GoalTooLong
    if len(uploads) > MAX_FILES:
        raise TooManyFiles
    now = clock.now()
    first_line = goal.splitlines()[0]
    title = first_line if len(first_line) <= 90 else first_line[:89].rsplit(" ", 1)[0] + "…"
    task = TaskRow(
        id=new_id("task"), person_id=actor.id, title=title, goal=goal, channel=actor.via, created_at=now,
        project_id=project or None, set_id=library_set or None, places=[p.to_json() for p in places] or None,
        cap=int(cap),
    )  # fmt: skip
    session.add(task)
    await session.flush()
    run = RunRow(
        id=new_id("run"), task_id=task.id, state=State.QUEUED, model=model, plan=Plan().to_json(),
        label=(label or Label()).to_json(), budget={**_as_json(budget or Budget())}, spent=Spent().to_json(),
        tools=tools, created_at=now, last_event_at=now, segment=1, fence=0, next_seq=1,
    )  # fmt: skip
    session.add(run)
    await session.flush()
    for upload in uploads:
        await add_file(session, actor, task.id, upload, ledger=ledger, clock=clock)
    for message in opening(actor.name, now, goal, [u.name for u in uploads], extra, by=actor.id):
        await append(session, run, message, now)
    facts = {"task": task.id, "files": len(uploads), "model": model, "channel": actor.via, "project": project}
    facts["places"] = [[p.connector, digest(p.place), p.write] for p in places]
    await ledger.record(session, Event("task.delegated", actor.id, subject=task.id, run=run.id, data=facts))
    await enqueue(session, resume_job(run))
    await notify(session, f"person:{actor.id}")
    return task.id


def _as_json(budget: Budget) -> dict[str, float]:
    return {"steps": budget.steps, "tokens": budget.tokens, "micros": budget.micros, "seconds": budget.seconds}


async def own_run(session: Session, actor: Actor, task_id: str) -> tuple[TaskRow, RunRow]:
    """Return a task that `actor` may steer, and its newest run, locked; NotYourTask otherwise."""
    task = await get_task(session, task_id)
    actor.require("own:tasks:use")
    if task.person_id != actor.id and await part_of(session, actor, task_id) != "driver":
        raise NotYourTask
    return task, await newest_run(session, task_id, lock=True)


async def next_segment(session: Session, run: RunRow, clock: Clock) -> None:
    """Let a locked, parked or ended run go on: the next segment is enqueued in this transaction.

    One that is paused has its next segment when it is let go on.
    """
    run.segment += 1
    run.waiting_for, run.why, run.ended_at = "", "", None
    run.state = State.PAUSED if run.paused_by else State.QUEUED
    await touch(session, run, clock.now())
    if not run.paused_by:
        await enqueue(session, resume_job(run))


async def tell(session: Session, actor: Actor, task_id: str, text: str, *, ledger: Ledger, clock: Clock) -> None:
    """Add a person's words to a task at any time: a running one sees them at its next step, an ended one goes on.

    Its sub-agents that are at work see them too. Raises EmptyGoal, GoalTooLong, NotYourTask, and MeantForLater where
    they call a skill before its phase: nothing of them is kept.
    """
    text = str(storable(text)).strip()
    if not text:
        raise EmptyGoal
    if len(text) > GOAL_LIMIT:
        raise GoalTooLong
    task, run = await own_run(session, actor, task_id)
    await check_command(session, task.person_id, await teams_of(session, task.person_id), text)
    said = Said("person", text, actor.id)
    for one in (run, *(s for s in await subagents_of(session, run.id, lock=True) if s.state not in ENDED)):
        await append(session, one, said, clock.now())
    await ledger.record(session, Event("task.steered", actor.id, subject=task.id, run=run.id))
    if run.state in ENDED:
        run.stop_requested = False
        await next_segment(session, run, clock)


async def answer_question(
    session: Session, actor: Actor, task_id: str, call_id: str, text: str, *, ledger: Ledger, clock: Clock
) -> None:
    """Answer what the agent asked with ask_person, exactly once; the run goes on."""
    text = str(storable(text)).strip()[:GOAL_LIMIT]
    if not text:
        raise EmptyGoal
    task, run = await own_run(session, actor, task_id)
    call = await session.scalar(
        select(CallRow).where(CallRow.id == call_id, CallRow.run_id == run.id).with_for_update()
    )
    if call is None or call.state != CallState.ASKED or call.approval_id or run.waiting_for != call.id:
        raise NothingAsked
    data = {"answer": text, "by": actor.id}
    outcome = Outcome(call.model_call_id, call.tool, f"The person answered: {text}", True, data)
    call.state, call.ended_at = CallState.DONE, clock.now()
    call.outcome = {"text": outcome.text, "ok": True, "data": outcome.data}
    await append(session, run, outcome, clock.now())
    await ledger.record(session, Event("task.answered", actor.id, subject=task.id, run=run.id, data={"call": call.id}))
    await next_segment(session, run, clock)


async def retry(session: Session, actor: Actor, task_id: str, *, ledger: Ledger, clock: Clock) -> None:
    """Let a blocked or failed run, or its blocked sub-agents, try again from where they stand."""
    task, run = await own_run(session, actor, task_id)
    stuck = [one for one in (run, *await subagents_of(session, run.id, lock=True)) if one.state == State.BLOCKED]
    if not stuck and run.state != State.FAILED:
        raise AlreadyEnded("Only a blocked or failed task can be tried again.")
    await ledger.record(session, Event("task.retried", actor.id, subject=task.id, run=run.id))
    for one in stuck or [run]:
        one.stop_requested, one.paused_by = False, run.paused_by
        await next_segment(session, one, clock)


def _by(actor: Actor, task: TaskRow) -> str:
    return "You stopped it." if actor.id == task.person_id else f"{actor.name} stopped it."


async def stop(session: Session, actor: Actor, task_id: str, *, ledger: Ledger, clock: Clock) -> str:
    """Stop a task. A parked one stops now, a running one before its next step. Returns the run's id.

    What was asked is withdrawn, what was approved and not done yet too: nothing of it happens later.
    """
    task, run = await own_run(session, actor, task_id)
    if run.state in ENDED:
        raise AlreadyEnded
    await halt(session, actor, task, run, _by(actor, task), ledger=ledger, clock=clock)
    return run.id


async def weigh_edit(
    actor: Actor, approval_id: str, changes: Mapping[str, str], *, digest: str, parts: Parts
) -> tuple[RunRow, CallRow, Weighed, dict[str, str]]:
    """Weigh an asked call with some of its content or recipients changed; also return those as they would be.

    Raises what `lock_for_edit` raises, NotEditable, DoesNotFit, MovedOn.
    """
    async with parts.database.transaction() as session:
        question = await lock_for_edit(session, actor, approval_id, digest=digest, clock=parts.clock)
        row = await session.get_one(CallRow, question.call_id)
        run = await session.get_one(RunRow, row.run_id)  # The one that asked: perhaps a sub-agent.
        value = run_value(run, await get_task(session, run.task_id), actor.name)
        messages = [from_json(s.body) for s in await steps_after(session, run.id) if s.kind != "note"]
    changed = _fitting(row.arguments, changes)
    try:
        weighed = await Scales(value, parts).weigh(row.tool, {**row.arguments, **changed}, messages)
        if words := _readdressed(row.arguments, changed, weighed):
            said = Said("person", words, actor.id)
            weighed = await Scales(value, parts).weigh(row.tool, {**row.arguments, **changed}, [*messages, said])
    except Interrupt as interrupt:
        raise MovedOn from interrupt
    # A call that may have happened already is done again as it was, or not at all.
    open_ones = {} if row.attempt else {
        name: _text({**row.arguments, **changed}[name])
        for name, value in row.arguments.items()
        if _editable(weighed.bound.tool.roles.get(name, Role.CONTENT), value)
    }  # fmt: skip
    if not set(changes) <= set(open_ones):
        raise NotEditable(names=", ".join(sorted(open_ones)) or "nothing")
    return run, row, weighed, open_ones


def _editable(role: Role, value: object) -> bool:
    """Say whether a person may change this on the card: what is said, and who receives it."""
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return (role in (Role.CONTENT, Role.RECIPIENT) and isinstance(value, str)) or (role is Role.RECIPIENT and texts)


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _fitting(arguments: Mapping[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
    """Return the changes in the form the arguments have: several recipients are written with commas."""
    return {
        name: [one.strip() for one in text.split(",") if one.strip()] if isinstance(arguments.get(name), list) else text
        for name, text in changes.items()
    }


def _readdressed(arguments: Mapping[str, Any], changed: Mapping[str, Any], weighed: Weighed) -> str:
    """Return what a person says by changing recipients on the card: from then on they stand in their own words."""
    roles = weighed.bound.tool.roles
    names = [n for n in changed if changed[n] != arguments.get(n) and roles.get(n) is Role.RECIPIENT]
    return "\n".join(f"I changed «{name}»: {_text(changed[name])}" for name in names)


async def amend(actor: Actor, approval_id: str, changes: Mapping[str, str], *, digest: str, parts: Parts) -> str:
    """Edit the content or the recipients of what a question of one's own is about: it is decided and asked anew.

    The old question ends, the new one has a digest of its own and is not answered by this. Returns its id.
    Raises what `weigh_edit` raises, and EditRefused if the rules forbid it as edited.
    """
    changes = {name: text.replace("\x00", "").replace("\r\n", "\n") for name, text in changes.items()}
    known, row, weighed, _ = await weigh_edit(actor, approval_id, changes, digest=digest, parts=parts)
    changed = _fitting(row.arguments, changes)
    arguments, decision = {**row.arguments, **changed}, weighed.decision
    if arguments == row.arguments:
        raise NotEditable(names=", ".join(sorted(changes)) or "nothing")
    if decision.effect is Effect.DENY:
        raise EditRefused(why=decision.why)
    async with parts.database.transaction() as session:
        try:
            run = await lock_run(session, known.id, known.fence)
        except Interrupt as interrupt:
            raise MovedOn from interrupt
        question = await lock_for_edit(session, actor, approval_id, digest=digest, clock=parts.clock)
        row = await session.get_one(CallRow, row.id, with_for_update=True, populate_existing=True)
        if words := _readdressed(row.arguments, changed, weighed):
            await append(session, run, Said("person", words, actor.id), parts.clock.now())
        row.arguments, row.decision, row.decided_at = arguments, decision.to_json(), parts.clock.now()
        row.question = to_json(weighed.question)
        scales = Scales(run_value(run, await get_task(session, run.task_id), actor.name), parts)
        run.segment += 1
        row.approval_id = run.waiting_for = await ask(
            session, run=known.parent_run or known.id, call=row.id, requester=actor.id, tool=row.tool,
            title=weighed.bound.tool.title, tier=weighed.bound.tool.tier,
            digest=scales.digest(row, weighed), preview=scales.card(row, weighed),
            decision=decision, doubts=weighed.question.doubts, external=weighed.question.external,
            label=weighed.question.label, then=resume_job(run), ledger=parts.ledger, clock=parts.clock,
            away=weighed.question.channel != "desk",
        )  # fmt: skip
        facts = decision_facts(weighed.bound, weighed.question, decision, arguments) | {"edited_by": actor.id}
        await parts.ledger.record(session, call_event("call.decided", row, facts))
        await supersede(
            session, actor, question, row.approval_id, sorted(changes), ledger=parts.ledger, clock=parts.clock
        )
        await touch(session, run, parts.clock.now())
        return row.approval_id
