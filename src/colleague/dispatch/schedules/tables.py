"""Rows of schedules: what is to run, each slot, what was agreed to beforehand and how often it was used."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ScheduleRow(Base):
    """A schedule (model.Order, and how it stands). `next_at`: the next slot, or the next look for an event.

    `looked_at`: the time by which `next_at` was found; a clock that was set back is before it. `cursor`: where a watch
    for events has got to.
    """

    __tablename__ = "schedules"
    __table_args__ = (
        Index("ix_schedules_due", "next_at", postgresql_where="state = 'active'"),
        Index("ix_schedules_looked_at", "looked_at", postgresql_where="state = 'active'"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str]
    words: Mapped[str]
    kind: Mapped[str]
    cron: Mapped[str]
    zone: Mapped[str]
    at: Mapped[datetime | None]
    skill: Mapped[str]
    place: Mapped[str]
    tier: Mapped[int]
    delivery: Mapped[str]
    catch_up: Mapped[str]
    most: Mapped[int]
    micros: Mapped[int]
    state: Mapped[str]
    why: Mapped[str]
    state_by: Mapped[str]
    state_at: Mapped[datetime]
    next_at: Mapped[datetime | None]
    looked_at: Mapped[datetime]
    cursor: Mapped[dict[str, Any]]
    trouble: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=1)
    offered_to: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]


class SlotRow(Base):
    """One slot. INVARIANT: (schedule, key) stands once, so whatever runs twice finds its slot taken.

    `key` is the instant of the slot, the event, or the press of «Run now». `revision`: the words it was started with.
    """

    __tablename__ = "schedule_slots"
    __table_args__ = (
        UniqueConstraint("schedule_id", "key"),
        Index("ix_schedule_slots_open", "claimed_at", postgresql_where="state IN ('claimed', 'started')"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    key: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)
    task_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id", ondelete="SET NULL"), index=True)
    caught_up: Mapped[bool] = mapped_column(default=False)
    by_hand: Mapped[bool] = mapped_column(default=False)
    cause: Mapped[str] = mapped_column(default="")
    also: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class EnvelopeRow(Base):
    """What a person agreed to beforehand: one tool, these recipients, `most` times a `period`, up to a class."""

    __tablename__ = "schedule_envelopes"

    id: Mapped[str] = mapped_column(primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    tool: Mapped[str]
    recipients: Mapped[list[str]]
    most: Mapped[int]
    period: Mapped[str]
    ceiling: Mapped[int]
    given_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    given_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")
    ended_why: Mapped[str] = mapped_column(default="")


class EnvelopeUseRow(Base):
    """One call for which an envelope stood in. `call_id` is the call: it stands in once for each."""

    __tablename__ = "schedule_envelope_uses"
    __table_args__ = (Index("ix_schedule_envelope_uses_counted", "envelope_id", "at"),)

    call_id: Mapped[str] = mapped_column(primary_key=True)
    envelope_id: Mapped[str] = mapped_column(ForeignKey("schedule_envelopes.id", ondelete="CASCADE"))
    at: Mapped[datetime]
