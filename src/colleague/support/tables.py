"""Rows of support: tickets, what was said on them, the versions of the support model."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class TicketRow(Base):
    """A ticket. `source` and `external_id`: where it came from and what it is called there; the same is the same.

    `person_id`: who is told the answer; None for an imported one. `counts`: the numbers did not leave them out when
    they wrote it (B-0).
    """

    __tablename__ = "support_tickets"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_support_tickets_at", "at"),
        Index("ix_support_tickets_person", "person_id", "at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    external_id: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    title: Mapped[str]
    text: Mapped[str]
    category: Mapped[str]
    use_case_id: Mapped[str | None] = mapped_column(ForeignKey("use_cases.id"))
    connector: Mapped[str]
    task_id: Mapped[str]
    rule: Mapped[str]
    state: Mapped[str]
    champion: Mapped[bool]
    counts: Mapped[bool] = mapped_column(default=True, server_default="true")
    at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class AnswerRow(Base):
    """Something that was said on a ticket."""

    __tablename__ = "support_answers"
    __table_args__ = (Index("ix_support_answers_ticket", "ticket_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("support_tickets.id", ondelete="CASCADE"))
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    text: Mapped[str]
    ours: Mapped[bool]


class SupportModelRow(Base):
    """One version of the support model; its words never change, only that it was confirmed is added."""

    __tablename__ = "support_models"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    card: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]
