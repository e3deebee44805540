"""Rows of adoption: holidays, weeks that people were away, frozen weeks, signatures, open items of the programme."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base

_PERSON = "people.id"


class HolidayRow(Base):
    """A day nobody works, of the organisation (`department` "") or of one department (B-0)."""

    __tablename__ = "adoption_holidays"

    on: Mapped[date] = mapped_column(primary_key=True)
    department: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]


class AbsenceRow(Base):
    """A week of which a person was away all of it (B-1): it leaves them out of the adjusted figure."""

    __tablename__ = "adoption_absences"

    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    week: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]


class ItemRow(Base):
    """Something the programme has to do, about a use case, group, connector or itself; one open for each key."""

    __tablename__ = "programme_items"
    __table_args__ = (
        Index("uq_programme_items_open_key", "key", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_programme_items_opened_at", "opened_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    kind: Mapped[str]
    about: Mapped[str]
    why: Mapped[str]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(ForeignKey(_PERSON))
    outcome: Mapped[str]


class FrozenRow(Base):
    """The numbers of a week, of the organisation or a group, in one version; never changed (B-0).

    `part`: activity (after 72 hours) or completion (after seven days). `members`: who was in the group then. `basis`:
    what they rest on, as digests. `sha256`: of all of it.
    """

    __tablename__ = "adoption_frozen"
    __table_args__ = (Index("ix_adoption_frozen_week", "week"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    figures: Mapped[dict[str, Any]]
    members: Mapped[list[str]]
    hidden: Mapped[bool]
    basis: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class RunningRow(Base):
    """What was computed of a week that is not frozen yet, of a large organisation; replaced every twenty minutes."""

    __tablename__ = "adoption_running"

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    figures: Mapped[dict[str, Any]]
    hidden: Mapped[bool]
    at: Mapped[datetime]

    @property
    def version(self) -> int:
        """A number that is not frozen has no version."""
        return 0


class SignatureRow(Base):
    """The owner's name under one version of a use case's card, with the numbers as they were then (B-9)."""

    __tablename__ = "adoption_signatures"

    use_case_id: Mapped[str] = mapped_column(ForeignKey("use_cases.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]
    numbers: Mapped[dict[str, Any]]
