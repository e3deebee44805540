"""Rows of tasks: what was handed over, each run, its append-only steps, the effect ledger of its calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class TaskRow(Base):
    """What a person handed over, in their own words; perhaps in a project, perhaps about one document set.

    `places`: the files and folders it is limited to (connector, place, may change); None for no limit of its own.
    """

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    title: Mapped[str]
    goal: Mapped[str]
    channel: Mapped[str]
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"), index=True)
    set_id: Mapped[str | None] = mapped_column(ForeignKey("library_sets.id", ondelete="SET NULL"))
    places: Mapped[list[Any] | None]
    created_at: Mapped[datetime]


class RunRow(Base):
    """One execution. `segment` counts queue jobs, `fence` counts claims, `next_seq` numbers steps.

    `paused_by` is who paused it: as long as it stands, nothing new is begun. A run that tries again from the step
    `from_seq` of `from_run` has copies of all before it.
    """

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_state", "state"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    state: Mapped[str]
    segment: Mapped[int] = mapped_column(default=1)
    fence: Mapped[int] = mapped_column(default=0)
    next_seq: Mapped[int] = mapped_column(default=1)
    model: Mapped[str]
    plan: Mapped[dict[str, Any]]
    label: Mapped[dict[str, Any]]
    budget: Mapped[dict[str, Any]]
    spent: Mapped[dict[str, Any]]
    tools: Mapped[dict[str, Any]]
    stop_requested: Mapped[bool] = mapped_column(default=False)
    paused_by: Mapped[str] = mapped_column(default="")
    from_run: Mapped[str] = mapped_column(default="")
    from_seq: Mapped[int] = mapped_column(default=0)
    waiting_for: Mapped[str] = mapped_column(default="")
    why: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    partial: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    last_event_at: Mapped[datetime]


class StepRow(Base):
    """One entry of a run's history; never changed."""

    __tablename__ = "steps"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class UndoRow(Base):
    """A person put a file back as it was before a task first changed it. `state`: begun, done or failed.

    `upto` is the newest call that was undone: what the task changes after it can be undone again.
    """

    __tablename__ = "file_undos"

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id"), index=True)
    connector: Mapped[str]
    place: Mapped[str]
    upto: Mapped[str]
    state: Mapped[str]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]


class CallRow(Base):
    """The effect ledger: decision, intent, outcome of one call. `position` is its place in the model's turn."""

    __tablename__ = "calls"
    __table_args__ = (UniqueConstraint("run_id", "turn_seq", "position"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    turn_seq: Mapped[int]
    position: Mapped[int]
    model_call_id: Mapped[str]
    tool: Mapped[str]
    tool_hash: Mapped[str]
    tier: Mapped[int]
    arguments: Mapped[dict[str, Any]]
    state: Mapped[str]
    decision: Mapped[dict[str, Any]]
    attempt: Mapped[int] = mapped_column(default=0)
    approval_id: Mapped[str] = mapped_column(default="")
    outcome: Mapped[dict[str, Any] | None]
    label: Mapped[dict[str, Any] | None]
    decided_at: Mapped[datetime]
    intended_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
