"""Each minute: whose turn is it? Every slot is written down once, started or missed; then its task begins by a job.

Only what is due is looked at (an index on `next_at`), whatever number of schedules there is. Two processes that look at
the same time share the work; a clock that was set back finds its slots taken.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.dispatch.schedules.make import set_state
from colleague.dispatch.schedules.order import next_times
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.store import add_slots, begin_job, order_of
from colleague.dispatch.schedules.tables import ScheduleRow, SlotRow
from colleague.dispatch.schedules.watch import EVERY, look_job, skill_slots
from colleague.dispatch.schedules.when import read_cron
from colleague.kit.db import Session
from colleague.kit.errors import Failure
from colleague.kit.queue import enqueue, with_jobs

AT_ONCE = 50
SHOWN = 1000
# Less than the time between two slots: then at most one of a schedule is on time.
LATE = timedelta(minutes=4, seconds=59)
BACK = timedelta(minutes=1)
LOST = timedelta(minutes=2)
DOWN = "Colleague was not running at this time."


@dataclass(slots=True)
class Due:
    """The slots of one schedule that have come: the newest thousand, how many older ones, and what follows."""

    slots: deque[datetime] = field(default_factory=lambda: deque(maxlen=SHOWN))
    older: int = 0
    then: datetime | None = None


async def tick(*, parts: Scheduling) -> int:
    """Do what is due now, and find slots whose job got lost. Returns how many slots were written down."""
    await set_back(parts=parts)
    await find_lost(parts=parts)
    count = 0
    while True:
        async with parts.database.transaction() as session:
            query = select(ScheduleRow).where(ScheduleRow.state == "active", ScheduleRow.next_at <= parts.clock.now())
            query = query.order_by(ScheduleRow.next_at).limit(AT_ONCE).with_for_update(skip_locked=True)
            rows = (await session.scalars(query)).all()
            for row in rows:
                count += await _one(session, row, parts)
        if len(rows) < AT_ONCE:
            return count


async def _one(session: Session, row: ScheduleRow, parts: Scheduling) -> int:
    """Do the turn of one schedule; one that cannot be kept (a zone that is no more) is paused and stops no other."""
    try:
        async with session.begin_nested():
            return await _turn(session, row, parts)
    except Failure as failure:
        await session.refresh(row)
        await set_state(session, row, "paused", "system", failure.message, parts=parts)
        return 0


async def _turn(session: Session, row: ScheduleRow, parts: Scheduling) -> int:
    """Write the slots of one locked schedule that have come, and when its next one is."""
    now = parts.clock.now()
    row.looked_at = now
    if row.kind == "file":
        row.next_at = now + EVERY[row.kind]
        await enqueue(session, look_job(row.id))
        return 0
    if row.kind == "skill":
        row.next_at = now + EVERY[row.kind]
        return await claim(session, row, await skill_slots(session, row, now), parts=parts)
    due = _due(row, now)
    late = [s for s in due.slots if now - s > LATE]
    fresh = [s for s in due.slots if now - s <= LATE]
    match row.catch_up:
        case "all":
            chosen = [*late[-row.most :], *fresh]
        case "once":
            chosen = fresh or late[-1:]
        case _:
            chosen = fresh
    wanted: list[dict[str, Any]] = [
        {
            "key": s.isoformat(), "at": s, "state": "claimed" if s in chosen else "missed", "caught_up": s in late,
            "why": "" if s in fresh else DOWN, "also": due.older if s == due.slots[0] else 0,
        }
        for s in due.slots
    ]  # fmt: skip
    written = await claim(session, row, wanted, parts=parts)
    row.next_at = due.then
    if row.kind == "cron" and due.then is None:
        await set_state(session, row, "ended", "system", "It has no more times.", parts=parts)
    if row.kind == "once":
        why = "Its one time has come." if chosen else "Its one time passed while Colleague was not running."
        await set_state(session, row, "ended", "system", why, parts=parts)
    return written


def _due(row: ScheduleRow, now: datetime) -> Due:
    """Return the slots from `next_at` to `now`. Pure."""
    assert row.next_at is not None
    due = Due()
    if row.kind == "once":
        due.slots.append(row.next_at)
        return due
    cron = read_cron(row.cron, row.zone)
    for slot in cron.between(row.next_at, now):
        due.older += len(due.slots) == SHOWN
        due.slots.append(slot)
    due.then = cron.after(now)
    return due


async def claim(session: Session, row: ScheduleRow, slots: list[dict[str, Any]], *, parts: Scheduling) -> int:
    """Write slots down that are new, start the claimed ones by a job each, and tell of what was missed."""
    new = await add_slots(session, row.id, slots, parts.clock.now())
    # In the order in which they came: jobs of one schedule are done one after another.
    for slot in sorted((s for s in new if s.state == "claimed"), key=lambda s: s.at):
        facts = {"slot": slot.id, "at": slot.at.isoformat(), "caught_up": slot.caught_up}
        await parts.ledger.record(session, Event("schedule.due", "system", subject=row.id, data=facts))
        await enqueue(session, begin_job(slot.id, row.id))
    missed = [s for s in new if s.state == "missed"]
    if missed:
        number = len(missed) + sum(s.also for s in missed)
        times = sorted(s.at for s in missed)
        facts = {"missed": number, "first": times[0].isoformat(), "last": times[-1].isoformat()}
        await parts.ledger.record(session, Event("schedule.missed", "system", subject=row.id, data=facts))
        caught = sum(s.caught_up and s.state == "claimed" for s in new)
        text = f"{number} of its times passed and were left out. {caught} were started late. {missed[0].why}"
        await parts.tell(
            session, row.owner_id, "A schedule missed some of its times", f"«{row.name}»: {text}", _link(row)
        )
    return len(new)


def _link(row: ScheduleRow) -> str:
    return f"/dispatch/schedules/{row.id}"


async def set_back(*, parts: Scheduling) -> int:
    """Find schedules that were looked at later than now: the clock was set back. Their next slot is found anew.

    Slots that were written down before stand; only what was never reached comes.
    """
    now = parts.clock.now()
    async with parts.database.transaction() as session:
        query = select(ScheduleRow).where(ScheduleRow.state == "active", ScheduleRow.looked_at > now + BACK)
        rows = (await session.scalars(query.limit(1000).with_for_update(skip_locked=True))).all()
        for row in rows:
            facts = {"looked_at": row.looked_at.isoformat(), "now": now.isoformat()}
            row.looked_at = now
            order = order_of(row)
            if order.kind == "cron":
                with suppress(Failure):
                    row.next_at = next(iter(next_times(order, now, 1)), None)
            elif order.kind != "once":
                row.next_at = now
            await parts.ledger.record(session, Event("schedule.clock_set_back", "system", subject=row.id, data=facts))
    return len(rows)


async def find_lost(*, parts: Scheduling) -> int:
    """Give a job to every claimed slot that has none: it would never begin. Twice is harmless."""
    async with parts.database.transaction() as session:
        query = select(SlotRow).where(SlotRow.state == "claimed", SlotRow.claimed_at < parts.clock.now() - LOST)
        slots = (await session.scalars(query.order_by(SlotRow.claimed_at).limit(200))).all()
        busy = await with_jobs(session, {s.schedule_id for s in slots})
        lost = [s for s in slots if s.schedule_id not in busy]
        for slot in lost:
            await enqueue(session, begin_job(slot.id, slot.schedule_id))
    return len(lost)
