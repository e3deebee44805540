"""Queries of schedules and slots."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from colleague.dispatch.schedules.model import Order, Schedule, Slot, SlotState
from colleague.dispatch.schedules.tables import ScheduleRow, SlotRow
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id, new_id
from colleague.kit.queue import Job
from colleague.policy.model import Tier

BEGIN = "dispatch.schedules.begin"


class ScheduleNotFound(NotFound):
    """There is no such schedule, or you may not see it."""


def order_of(row: ScheduleRow) -> Order:
    """Return what was ordered."""
    return Order(
        row.name, row.words, row.kind, row.cron, row.zone, row.at, row.skill, row.place, Tier(row.tier),  # type: ignore[arg-type]
        row.delivery, row.catch_up, row.most, row.micros,  # type: ignore[arg-type]
    )  # fmt: skip


def schedule_of(row: ScheduleRow) -> Schedule:
    """Return the schedule as a value."""
    return Schedule(
        row.id, row.owner_id, order_of(row), row.state, row.why, row.state_by, row.state_at, row.next_at,  # type: ignore[arg-type]
        row.revision, row.offered_to or "", row.trouble,
    )  # fmt: skip


def slot_of(row: SlotRow) -> Slot:
    """Return the slot as a value."""
    return Slot(
        row.id, row.schedule_id, row.at, SlotState(row.state), row.why, row.task_id or "", row.caught_up, row.by_hand,
        row.cause, row.also,
    )  # fmt: skip


async def find_row(session: Session, schedule: str, *, lock: bool = False) -> ScheduleRow | None:
    """Return the row, locked if asked, as it stands; None if there is none."""
    if not is_id(schedule):
        return None
    query = select(ScheduleRow).where(ScheduleRow.id == schedule).execution_options(populate_existing=True)
    row: ScheduleRow | None = await session.scalar(query.with_for_update() if lock else query)
    return row


async def automations(session: Session, *, but: str = "") -> dict[str, str]:
    """Return the automations that are switched on (what runs once is none), by id with their names, without `but`."""
    query = select(ScheduleRow.id, ScheduleRow.name).where(
        ScheduleRow.state == "active", ScheduleRow.kind != "once", ScheduleRow.id != but
    )
    return {row.id: f"«{row.name}»" for row in await session.execute(query.order_by(ScheduleRow.id))}


async def visible_row(session: Session, actor: Actor, schedule: str, *, lock: bool = False) -> ScheduleRow:
    """Return a schedule that `actor` owns, is offered, or may see as one of the organisation's; ScheduleNotFound."""
    row = await find_row(session, schedule, lock=lock)
    if row is None or not (actor.id in (row.owner_id, row.offered_to) or actor.may("org:dispatch:read")):
        raise ScheduleNotFound
    return row


async def list_schedules(
    session: Session, actor: Actor, *, everybody: bool = False, ended: bool = False, before: str = "", limit: int = 100
) -> list[Schedule]:
    """Return one's own schedules and those one is offered, or (org:dispatch:read) everybody's, newest first."""
    query = select(ScheduleRow).order_by(ScheduleRow.id.desc()).limit(limit)
    if everybody:
        actor.require("org:dispatch:read")
    else:
        actor.require("own:dispatch:use")
        query = query.where((ScheduleRow.owner_id == actor.id) | (ScheduleRow.offered_to == actor.id))
    if not ended:
        query = query.where(ScheduleRow.state != "ended")
    if before:
        query = query.where(ScheduleRow.id < before)
    return [schedule_of(row) for row in await session.scalars(query)]


async def slots_of(session: Session, schedule: str, *, limit: int = 20, before: datetime | None = None) -> list[Slot]:
    """Return the newest slots of a schedule, newest first."""
    query = select(SlotRow).where(SlotRow.schedule_id == schedule).order_by(SlotRow.at.desc(), SlotRow.id.desc())
    if before is not None:
        query = query.where(SlotRow.at < before)
    return [slot_of(row) for row in await session.scalars(query.limit(limit))]


async def add_slots(session: Session, schedule: str, slots: Sequence[dict[str, Any]], now: datetime) -> list[SlotRow]:
    """Write slots that are not there yet, and return those; one whose key is taken is nobody's second run."""
    if not slots:
        return []
    values = [
        {"id": new_id("slot"), "schedule_id": schedule, "claimed_at": now, "why": "", "cause": "", "also": 0,
         "revision": 0, "caught_up": False, "by_hand": False, **slot}
        for slot in slots
    ]  # fmt: skip
    new = insert(SlotRow).values(values).on_conflict_do_nothing(index_elements=["schedule_id", "key"])
    return list(await session.scalars(new.returning(SlotRow)))


def begin_job(slot: str, schedule: str) -> Job:
    """Return the job that starts a slot's task. Done twice it starts one; two slots of a schedule start in turn."""
    return Job(BEGIN, {"slot": slot}, key=slot, lock=schedule)
