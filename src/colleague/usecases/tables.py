"""Rows of use cases: every card they ever had, what was measured, what got in the way, the prompt framework."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base

_CASE = "use_cases.id"


class UseCaseRow(Base):
    """A use case. `version` is its newest card; `live_at` the first launch, which closes the baseline."""

    __tablename__ = "use_cases"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    approved_at: Mapped[datetime | None]
    live_at: Mapped[datetime | None]
    new_capability: Mapped[str]
    retired_at: Mapped[datetime | None]
    retired_why: Mapped[str]


class CardRow(Base):
    """One version of a card; never changed."""

    __tablename__ = "use_case_cards"

    use_case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    card: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]


class ObservationRow(Base):
    """One measured piece of work before launch; withdrawn rather than deleted, while the baseline is open."""

    __tablename__ = "use_case_observations"
    __table_args__ = (Index("ix_use_case_observations_use_case_id", "use_case_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    use_case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"))
    version: Mapped[int]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    minutes: Mapped[float]
    on: Mapped[date]
    how: Mapped[str]
    note: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_why: Mapped[str]


class FrictionRow(Base):
    """Something that got in the way."""

    __tablename__ = "use_case_frictions"
    __table_args__ = (Index("ix_use_case_frictions_use_case_id", "use_case_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    use_case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"))
    step: Mapped[str]
    text: Mapped[str]
    minutes: Mapped[int]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    resolved_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    resolution: Mapped[str]


class FrameworkRow(Base):
    """One version of the prompt framework of a use case; never changed."""

    __tablename__ = "use_case_frameworks"

    use_case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    why: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    passed: Mapped[str] = mapped_column(server_default="")
