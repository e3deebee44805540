"""Take back what a task changed in a file: a person's deed, weighed by the rules, on record before it happens.

INVARIANT: this is the only caller of a connector's `undo`. It goes the way of a governed call: decision, intent in the
ledger, effect, outcome in the ledger; with the rights that the task's owner has now and the limits of the task.
"""

from dataclasses import replace

from sqlalchemy import select

from colleague.agent.interrupts import Interrupt
from colleague.audit.event import Event
from colleague.connectors.connector import Access, Result
from colleague.connectors.undo import Undoes
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.canonical import digest
from colleague.kit.db import Session
from colleague.kit.errors import Failure, Forbidden, NotFound
from colleague.kit.ids import new_id
from colleague.kit.log import get_log
from colleague.policy.model import Approval, Effect
from colleague.tasks.calls.weigh import Scales, Weighed
from colleague.tasks.changes.changed import Changed, list_changes
from colleague.tasks.delegate import MovedOn, NotYourTask
from colleague.tasks.model import Run
from colleague.tasks.parts import Parts
from colleague.tasks.sight import part_in, see_task
from colleague.tasks.store import lock_run, newest_run, run_value, touch
from colleague.tasks.tables import TaskRow, UndoRow

log = get_log("undo")


class NotChanged(NotFound):
    """This task changed no such file, or it was put back already."""


class NotOpenNow(Forbidden):
    """The file is not open to {name} any more, so it cannot be put back from here."""


class UndoRefused(Forbidden):
    """It may not be put back: {why}"""


async def undo_change(actor: Actor, task_id: str, connector: str, place: str, *, parts: Parts) -> Result:
    """Put a file back as it was before the task first changed it; for the task's owner and co-drivers.

    Raises TaskNotFound, NotYourTask, NotChanged, NotOpenNow, UndoRefused, MovedOn, and what the connector raises:
    ChangedMeanwhile if somebody else changed the file since, NotKept after 30 days.
    """
    async with parts.database.transaction() as session:
        task = await see_task(session, actor, task_id)
        if await part_in(session, actor, task) not in ("owner", "driver"):
            raise NotYourTask
        change = await _change(session, task_id, connector, place, parts)
        run = await newest_run(session, task_id)
        name = (await names_of(session, {task.person_id})).get(task.person_id, "its owner")
        value = replace(run_value(run, task, name), channel=actor.via)
    weighed = await _weigh(actor, value, change, parts)
    undo = await _begin(actor, task, value, change, weighed, parts)
    access = Access(weighed.bound.account, weighed.bound.grants, f"undo:{undo}", name, blocked=weighed.bound.blocked)
    able = weighed.bound.connector
    assert isinstance(able, Undoes)
    try:
        result = await able.undo(change.place, [done for _, done in change.calls], access)
    except Failure as failure:
        await _end(actor, undo, value, parts, "failed", {"why": type(failure).__name__})
        raise
    hashes = {k: str(result.data.get(k, "")) for k in ("before", "after")}
    await _end(actor, undo, value, parts, "done", hashes)
    return result


async def _change(session: Session, task_id: str, connector: str, place: str, parts: Parts) -> Changed:
    for change in await list_changes(session, task_id, parts.registry, clock=parts.clock):
        if (change.connector, change.place) == (connector, place) and change.calls:
            return change
    raise NotChanged


async def _weigh(actor: Actor, run: Run, change: Changed, parts: Parts) -> Weighed:
    """Ask the rules, with the person's click as the approval; the tool as it is now, not as it was pinned."""
    async with parts.database.transaction() as session:
        able = (await parts.registry.now(session)).get(change.connector)
        assert isinstance(able, Undoes)
        tool, arguments = able.undo_as(change.place)
        bound = (await Scales(run, parts).toolbox(session, tool)).tools.get(tool)
    if bound is None:
        raise NotOpenNow(name=run.person_name)
    approval = Approval(by=actor.id, not_self=actor.id != run.person)
    try:
        weighed = await Scales(replace(run, tools={tool: bound.tool.hash}), parts).weigh(tool, arguments, [], approval)
    except Interrupt as interrupt:
        raise MovedOn from interrupt
    if weighed.decision.effect is not Effect.ALLOW:
        raise UndoRefused(why=weighed.decision.why)
    return weighed


async def _begin(actor: Actor, task: TaskRow, run: Run, change: Changed, weighed: Weighed, parts: Parts) -> str:
    """Put on record that it is going to be undone; a click that was interrupted goes on under the same key."""
    upto = change.calls[-1][0]
    async with parts.database.transaction() as session:
        await session.get_one(TaskRow, task.id, with_for_update=True)
        if (await _change(session, task.id, change.connector, change.place, parts)).calls != change.calls:
            raise MovedOn
        begun = await session.scalar(
            select(UndoRow).where(
                UndoRow.task_id == task.id, UndoRow.connector == change.connector, UndoRow.place == change.place,
                UndoRow.upto == upto, UndoRow.state == "begun",
            )
        )  # fmt: skip
        row = begun or UndoRow(
            id=new_id("undo"), task_id=task.id, connector=change.connector, place=change.place, upto=upto,
            state="begun", person_id=actor.id, at=parts.clock.now(),
        )  # fmt: skip
        session.add(row)
        facts = {
            "task": task.id, "connector": change.connector, "place_sha256": digest(change.place),
            "calls": [call for call, _ in change.calls], "rules": [r.rule for r in weighed.decision.rulings],
            "policy_hash": weighed.decision.policy_hash,
        }  # fmt: skip
        await parts.ledger.record(session, Event("change.undo_begun", actor.id, subject=row.id, run=run.id, data=facts))
        return row.id


async def _end(actor: Actor, undo: str, run: Run, parts: Parts, state: str, facts: dict[str, str]) -> None:
    async with parts.database.transaction() as session:
        row = await session.get_one(UndoRow, undo, with_for_update=True)
        if row.state != "begun":
            return  # Two clicks at once: the other one has said how it ended.
        row.state, row.at = state, parts.clock.now()
        verb = "change.undone" if state == "done" else "change.not_undone"
        await parts.ledger.record(session, Event(verb, actor.id, subject=undo, run=run.id, data=facts))
        await touch(session, await lock_run(session, run.id), parts.clock.now())
