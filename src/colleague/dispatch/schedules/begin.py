"""A slot's turn: its task begins as its owner, with their rights now, under the organisation's ceiling now. Once.

INVARIANT: a slot gets its task in the transaction that creates the task, while the slot is locked and still claimed. A
worker that dies before it leaves a claimed slot and its job; one that dies after it leaves a started slot.
"""

from datetime import timedelta

from sqlalchemy import select

from colleague.agent.budget import Budget
from colleague.audit.event import Event
from colleague.dispatch.deliver.model import TARGETS
from colleague.dispatch.deliver.promise import promise
from colleague.dispatch.schedules.due import claim
from colleague.dispatch.schedules.make import set_state
from colleague.dispatch.schedules.model import Order
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.permitted import check_permitted
from colleague.dispatch.schedules.store import find_row, order_of
from colleague.dispatch.schedules.tables import ScheduleRow, SlotRow
from colleague.dispatch.schedules.watch import file_slots, list_files
from colleague.identity.actor import Actor
from colleague.identity.directory import PersonNotFound, actor_of
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Failure, Forbidden, Unavailable
from colleague.policy.governance import current_governance
from colleague.tasks.start import start

LEFT = "Its owner may not use Colleague any more. Hand it over to somebody, or end it."
# How long a slot whose task cannot begin for a reason that may pass is tried again.
PATIENCE = timedelta(hours=1)


class NotItsTurn(Conflict):
    """This slot has begun already, or its schedule changed meanwhile."""


async def begin(slot_id: str, *, parts: Scheduling) -> str:
    """Start the task of a claimed slot and return its id; "" if nothing was started, which then says why.

    Raises Unavailable while it may still work later: the queue tries again.
    """
    async with parts.database.transaction() as session:
        slot = await session.get(SlotRow, slot_id, with_for_update=True)
        row = await find_row(session, slot.schedule_id, lock=True) if slot else None
        if slot is None or row is None or slot.state != "claimed":
            return ""
        if row.state == "ended" and row.state_by != "system":
            await _not_done(session, row, slot, "missed", "The schedule was ended before it began.", parts)
            return ""
        if row.state == "paused" and not slot.by_hand:
            await _not_done(session, row, slot, "missed", "The schedule was paused before it began.", parts)
            return ""
        order, revision, cause, late = order_of(row), row.revision, slot.cause, slot.claimed_at + PATIENCE
        try:
            actor = await actor_of(session, person_id=row.owner_id, via="schedule")
            actor.require("own:dispatch:use")
            check_permitted(order, await current_governance(session))
        except PersonNotFound:
            await _give_up(session, row, slot, LEFT, parts)
            return ""
        except Forbidden as failure:
            await _give_up(session, row, slot, failure.message, parts)
            return ""
    return await _start(slot_id, actor, order, revision, cause, parts, last=parts.clock.now() >= late)


async def _start(
    slot_id: str, actor: Actor, order: Order, revision: int, cause: str, parts: Scheduling, *, last: bool
) -> str:  # fmt: skip
    async def take(session: Session, task: str) -> None:
        row = await session.scalar(
            select(ScheduleRow).join(SlotRow, SlotRow.schedule_id == ScheduleRow.id).where(SlotRow.id == slot_id)
            .with_for_update(of=ScheduleRow).execution_options(populate_existing=True)
        )  # fmt: skip
        slot = await session.get(SlotRow, slot_id, with_for_update=True, populate_existing=True)
        if row is None or slot is None or slot.state != "claimed":
            raise NotItsTurn
        if row.revision != revision or (row.state == "paused" and not slot.by_hand):
            raise NotItsTurn
        slot.state, slot.task_id, slot.revision = "started", task, revision
        facts = {"slot": slot.id, "task": task, "tier": order.tier.name.lower(), "caught_up": slot.caught_up}
        facts["at"] = slot.at.isoformat()
        await parts.ledger.record(session, Event("schedule.started", actor.id, subject=row.id, data=facts))
        if order.delivery in TARGETS:
            await promise(session, task, actor.id, order.delivery, ledger=parts.ledger, clock=parts.clock)

    try:
        # The place of a file is told to the task as what it is limited to: names that others gave vouch for nothing.
        return await start(
            actor, order.words, [], parts=parts.tasks, settings=parts.settings, budget=Budget(micros=order.micros),
            reads=[cause] if order.kind == "file" and cause else (), cap=order.tier, also=take,
        )  # fmt: skip
    except NotItsTurn:
        # If it changed meanwhile it is still claimed: the next look gives it a job, which reads it anew.
        return ""
    except Failure as failure:
        if isinstance(failure, Unavailable) and not last:
            raise
        async with parts.database.transaction() as session:
            slot = await session.get(SlotRow, slot_id, with_for_update=True)
            row = await find_row(session, slot.schedule_id, lock=True) if slot else None
            if slot is not None and row is not None and slot.state == "claimed":
                await _not_done(session, row, slot, "refused", failure.message, parts)
        return ""


async def _not_done(
    session: Session, row: ScheduleRow, slot: SlotRow, state: str, why: str, parts: Scheduling
) -> None:  # fmt: skip
    """Write why a slot starts nothing, and tell the owner, unless it was the same reason last time."""
    last = select(SlotRow.why).where(SlotRow.schedule_id == row.id, SlotRow.id < slot.id, SlotRow.state != "claimed")
    before = await session.scalar(last.order_by(SlotRow.id.desc()).limit(1))
    slot.state, slot.why, slot.ended_at = state, why, parts.clock.now()
    facts = {"slot": slot.id, "state": state, "why": why}
    await parts.ledger.record(session, Event("schedule.not_started", "system", subject=row.id, data=facts))
    if before != why:
        await parts.tell(
            session, row.owner_id, "A schedule did not start", f"«{row.name}»: {why}", f"/dispatch/schedules/{row.id}"
        )


async def _give_up(session: Session, row: ScheduleRow, slot: SlotRow, why: str, parts: Scheduling) -> None:
    """Refuse a slot for a reason that holds for the next ones too: the schedule is paused, which is told."""
    slot.state, slot.why, slot.ended_at = "refused", why, parts.clock.now()
    facts = {"slot": slot.id, "state": "refused", "why": why}
    await parts.ledger.record(session, Event("schedule.not_started", "system", subject=row.id, data=facts))
    if row.state == "active":
        await set_state(session, row, "paused", "system", why, parts=parts)


async def look(schedule: str, *, parts: Scheduling) -> int:
    """Look once into the folder of an active schedule; return how many slots came of it.

    A folder that is closed to the owner pauses it, with the reason; one that does not answer is named on its page.
    """
    async with parts.database.transaction() as session:
        row = await find_row(session, schedule)
        if row is None or row.state != "active" or row.kind != "file":
            return 0
        owner, place, revision = row.owner_id, row.place, row.revision
    trouble, files = "", None
    try:
        async with parts.database.transaction() as session:
            files = await list_files(session, owner, place, parts=parts)
    except Failure as failure:
        trouble, passing = failure.message, isinstance(failure, Unavailable)
    async with parts.database.transaction() as session:
        row = await find_row(session, schedule, lock=True)
        if row is None or row.state != "active" or row.revision != revision or row.owner_id != owner:
            return 0
        row.trouble = trouble
        if files is not None:
            return await claim(session, row, await file_slots(session, row, files, parts.clock.now()), parts=parts)
        if not passing:
            await set_state(session, row, "paused", "system", trouble, parts=parts)
        return 0
