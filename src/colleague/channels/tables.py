"""Rows of channels: notices, and what became of each delivery."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class NoticeRow(Base):
    """A notice for a person, shown under the bell until it is seen."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    title: Mapped[str]
    text: Mapped[str]
    link: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


Index("ix_notices_person_seen", NoticeRow.person_id, NoticeRow.seen_at, NoticeRow.created_at)


class DeliveryRow(Base):
    """A notice on its way by one channel. `state`: waiting, delivered, unknown (it may have arrived), failed."""

    __tablename__ = "deliveries"

    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    attempts: Mapped[int]
    why: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]
