"""Rows of what came in from away: the record of each message, and its words, which go with their task."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class MessageRow(Base):
    """The record of one message (DI-11): when it was sent, who, a keyed hash of what was said, what was done, what
    came out, and whether a person reviewed it. Its words are in the row of contents.

    `state`: unknown (nobody's address), refused, answered, confirm (waits for a yes), begun, started, finished.
    `times` counts messages of one unknown sender in one hour. `code`: keyed hash of the number a yes must name.
    """

    __tablename__ = "dispatch_messages"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        Index("ix_dispatch_messages_person", "person_id", "received_at"),
        Index("ix_dispatch_messages_unknown", "channel", "received_at", postgresql_where="state = 'unknown'"),
        Index("ix_dispatch_messages_open", "received_at", postgresql_where="state IN ('begun', 'started')"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    external_id: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    sender: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    content_hash: Mapped[str]
    trigger_id: Mapped[str] = mapped_column(default="")
    trigger_version: Mapped[int] = mapped_column(default=0)
    plan_digest: Mapped[str] = mapped_column(default="")
    delivery: Mapped[str] = mapped_column(default="")
    reply_to: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    action: Mapped[str]
    output: Mapped[str] = mapped_column(default="none")
    review: Mapped[str] = mapped_column(default="n/a")
    task_id: Mapped[str] = mapped_column(default="", index=True)
    code: Mapped[str] = mapped_column(default="")
    times: Mapped[int] = mapped_column(default=1)
    finished_at: Mapped[datetime | None]


class ContentRow(Base):
    """The words of one message (redacted where they are sensitive), its plan, and what the sender was told.

    Deleting the task deletes them; the record stays.
    """

    __tablename__ = "dispatch_contents"

    message_id: Mapped[str] = mapped_column(ForeignKey("dispatch_messages.id", ondelete="CASCADE"), primary_key=True)
    task_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    content: Mapped[str]
    plan: Mapped[dict[str, Any] | None]
    reply: Mapped[str]


class SentFileRow(Base):
    """A file that came with a message, until its task has it."""

    __tablename__ = "dispatch_files"

    message_id: Mapped[str] = mapped_column(ForeignKey("dispatch_messages.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    content: Mapped[bytes]
