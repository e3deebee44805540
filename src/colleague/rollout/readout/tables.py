"""Rows of the readout: what was made, what its cost model assumes, whose use is told as that of leaders."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base

_PERSON = "people.id"


class ReadoutRow(Base):
    """A readout as it was made; never changed. `digest` covers `content`."""

    __tablename__ = "readouts"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]


class AssumptionsRow(Base):
    """One version of what the cost model assumes; never changed."""

    __tablename__ = "readout_assumptions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str]
    seat: Mapped[float]
    hour: Mapped[float]
    fixed: Mapped[float]
    once: Mapped[float]
    rate: Mapped[float]
    source: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]


class LeaderRow(Base):
    """Somebody of the executive cohort, `until` they were taken out. They were told when they were named (DI-12)."""

    __tablename__ = "programme_leaders"
    __table_args__ = (
        Index("uq_programme_leaders_now", "person_id", unique=True, postgresql_where=text("until IS NULL")),
    )

    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON, ondelete="CASCADE"), primary_key=True)
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]
