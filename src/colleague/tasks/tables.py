"""Rows of tasks: what was handed over, each run, its append-only steps, the effect ledger of its calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class TaskRow(Base):
    """What a person handed over, in their own words; perhaps in a project, perhaps about one document set.

    `places`: the files and folders it is limited to (connector, place, may change); None for no limit of its own.
    `cap`: the tier that the trigger or automation is mapped to; a task from the desk has none below the highest.
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
    cap: Mapped[int] = mapped_column(default=3, server_default="3")
    created_at: Mapped[datetime]


class RunRow(Base):
    """One execution. `segment` counts queue jobs, `fence` counts claims, `next_seq` numbers steps.

    `paused_by` is who paused it: as long as it stands, nothing new is begun. A run that tries again from the step
    `from_seq` of `from_run` has copies of all before it.
    `hand_over`: the accepted offer that is carried out as soon as no call is under way.
    A sub-agent is a run of the same task with a `parent_run` and the `parent_call` that started it.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_state", "state"),
        Index("ix_runs_parent_run", "parent_run", postgresql_where="parent_run <> ''"),
        Index("uq_runs_parent_call", "parent_call", unique=True, postgresql_where="parent_call <> ''"),
    )

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
    parent_run: Mapped[str] = mapped_column(default="")
    parent_call: Mapped[str] = mapped_column(default="")
    waiting_for: Mapped[str] = mapped_column(default="")
    why: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    partial: Mapped[bool] = mapped_column(default=False)
    hand_over: Mapped[str] = mapped_column(default="")
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
    """The effect ledger: decision, intent, outcome of one call. `position` is its place in the model's turn.

    `standing_id`: the approval given beforehand that stood in for asking.
    """

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
    question: Mapped[dict[str, Any] | None]
    attempt: Mapped[int] = mapped_column(default=0)
    approval_id: Mapped[str] = mapped_column(default="")
    standing_id: Mapped[str] = mapped_column(default="", server_default="")
    outcome: Mapped[dict[str, Any] | None]
    label: Mapped[dict[str, Any] | None]
    decided_at: Mapped[datetime] = mapped_column(index=True)
    intended_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class MarkRow(Base):
    """What one person did with a task in their own list: pinned, put into the archive."""

    __tablename__ = "task_marks"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, index=True)
    pinned_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]


class IndexedRow(Base):
    """How far the words of a run stand in the index. A language other than today's: it is to be made anew."""

    __tablename__ = "task_indexed"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int]
    language: Mapped[str]


class WordsRow(Base):
    """Words of one piece of a task, for search; the text itself is read where it is kept, and nowhere twice.

    `kind`: said, turn or outcome (`ref` is the run, `number` the step) or output (`ref` is the output, `number` the
    version). A long text has several `part`s.
    """

    __tablename__ = "task_words"
    __table_args__ = (Index("ix_task_words_words", "words", postgresql_using="gin"),)

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)


class HandOverRow(Base):
    """A task that is offered to a colleague. `state`: offered, accepted (it waits for a step to end), done, declined,
    withdrawn, expired or refused. `stay`: who hands it over stays as viewer."""

    __tablename__ = "task_hand_overs"
    __table_args__ = (
        Index(
            "uq_task_hand_overs_offered", "task_id", "to_id", unique=True,
            postgresql_where="state IN ('offered', 'accepted')",
        ),
        Index("uq_task_hand_overs_accepted", "task_id", unique=True, postgresql_where="state = 'accepted'"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    from_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    to_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    stay: Mapped[bool]
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="offered")
    why: Mapped[str] = mapped_column(default="")
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class MentionRow(Base):
    """A colleague whom somebody named in their words to a task: what limits how often, nothing of the words."""

    __tablename__ = "task_mentions"
    __table_args__ = (Index("ix_task_mentions_by", "by_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    seen: Mapped[bool]
    at: Mapped[datetime]
