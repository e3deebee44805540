"""Start the task of a message that is on record: once, however often it is tried."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, select

from colleague.agent.budget import Budget
from colleague.dispatch.deliver.model import target_of
from colleague.dispatch.deliver.promise import promise
from colleague.dispatch.model import Reply
from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.record import event_of, reply_of
from colleague.dispatch.receive.tables import ContentRow, MessageRow, SentFileRow
from colleague.dispatch.triggers.model import Plan
from colleague.dispatch.triggers.store import get_trigger
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of
from colleague.kit.db import Session
from colleague.kit.errors import Failure, Forbidden, NotFound, Unavailable
from colleague.kit.once import Once
from colleague.kit.queue import Job, enqueue
from colleague.policy.governance import current_governance
from colleague.tasks.start import start

TASK = "dispatch.begin"
AGAIN_AFTER = timedelta(seconds=30)
CONFIRM = "Do you mean: {words}? Write «yes {number}» within ten minutes, or «no»."


class SwitchedOff(Forbidden):
    """This command was switched off or changed since you wrote it. Nothing was done: write it again."""


class NotOpenToYou(Forbidden):
    """This command is not open to you any more. Nothing was done."""


class AboveByNow(Forbidden):
    """Away from the desk the organisation allows less than this by now. Nothing was done."""


async def enqueue_begin(session: Session, message: str, parts: DispatchParts) -> None:
    """See to it that a worker takes this up if the process that received it does not live to do so."""
    at = parts.tasks.clock.now() + AGAIN_AFTER
    await enqueue(session, Job(TASK, {"message": message}, key=f"dispatch:{message}", at=at))


async def begin(message: str, *, parts: DispatchParts) -> Reply:
    """Start the task of a begun message, as its sender with their rights of now; return what the sender is told.

    Twice is harmless. What refuses the task is told in its words; Unavailable is raised, and tried again by the worker.
    """
    async with parts.tasks.database.transaction() as session:
        row = await session.get(MessageRow, message)
        if row is None or row.state != "begun" or row.person_id is None:
            return await reply_of(session, row) if row is not None else Reply("", "silent")
        content = await session.get_one(ContentRow, message)
        plan = Plan.from_json(content.plan or {})
        sent = select(SentFileRow).where(SentFileRow.message_id == message).order_by(SentFileRow.place)
        files = [(one.name, one.content) for one in await session.scalars(sent)]
        person = row.person_id
    try:
        async with parts.tasks.database.transaction() as session:
            actor = await actor_of(session, person_id=person, via="dispatch")
            await _still(session, actor, plan)
        task = await start(
            actor, plan.goal, files, parts=parts.tasks, settings=parts.settings,
            budget=replace(Budget(), micros=plan.micros), cap=plan.tier, once=Once(person, message),
        )  # fmt: skip
    except Unavailable:
        raise
    except Failure as failure:
        return await _end(message, "refused", f"trigger {plan.name}: refused", failure.message, "", parts)
    words = f"Started: {plan.words}. You get the answer here or see it at {parts.settings.url}/tasks/{task}"
    return await _end(message, "started", f"trigger {plan.name}: task started", words, task, parts)


async def _still(session: Session, actor: Actor, plan: Plan) -> None:
    """Refuse a plan whose trigger is no longer what it was, or is not open to its sender by now, or to anybody."""
    actor.require("own:dispatch:use")
    try:
        trigger = await get_trigger(session, plan.trigger)
    except NotFound:
        raise SwitchedOff from None
    if trigger.state != "active" or trigger.version != plan.version:
        raise SwitchedOff
    if not trigger.open_to(actor.holders):
        raise NotOpenToYou
    governance = await current_governance(session)
    if not trigger.allowed_by(governance):
        raise AboveByNow


async def _end(message: str, state: str, action: str, words: str, task: str, parts: DispatchParts) -> Reply:
    """Write down what became of it; who comes second gets what the first wrote."""
    async with parts.tasks.database.transaction() as session:
        row = await session.get_one(MessageRow, message, with_for_update=True, populate_existing=True)
        if row.state != "begun":
            return await reply_of(session, row)
        content = await session.get_one(ContentRow, message)
        row.state, row.action, row.task_id = state, action, task
        row.finished_at = None if task else parts.tasks.clock.now()
        content.reply, content.task_id = words, task or None
        if not task:
            content.plan = None
        await session.execute(delete(SentFileRow).where(SentFileRow.message_id == message))
        await parts.tasks.ledger.record(session, event_of(row))
        if task and row.person_id is not None:
            await promise(
                session, task, row.person_id, target_of(row.delivery, row.channel), reply_to=row.reply_to,
                ledger=parts.tasks.ledger, clock=parts.tasks.clock,
            )  # fmt: skip
        return await reply_of(session, row)
