"""Rows of approvals."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ApprovalRow(Base):
    """A question to a person about one call. `then` is the job that goes on when it is answered or expires.

    `also`: the colleagues who see or may answer it besides the requester, and as what: with whom the task is shared, a
    second person, a deputy (seconds.py). `tell_at`: when whoever may answer is first told.
    """

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_open", "expires_at", postgresql_where="state = 'asked'"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(index=True)
    call_id: Mapped[str]
    requester_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    approver: Mapped[str]
    tool: Mapped[str]
    title: Mapped[str]
    tier: Mapped[int]
    digest: Mapped[str]
    preview: Mapped[dict[str, Any]]
    why: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="asked")
    then: Mapped[dict[str, Any]]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(default="")
    used_at: Mapped[datetime | None]
    also: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tell_at: Mapped[datetime | None]
    delegated: Mapped[bool] = mapped_column(default=False, server_default="false")


class ShareRow(Base):
    """A task that its owner shares with a colleague. `role`: viewer, approver or driver."""

    __tablename__ = "task_shares"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]
    shared_at: Mapped[datetime]


class DeputyRow(Base):
    """Who may answer in a person's place when they have not answered for some hours, and until when."""

    __tablename__ = "approval_deputies"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    deputy_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    until: Mapped[datetime]
    named_at: Mapped[datetime]
