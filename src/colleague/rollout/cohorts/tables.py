"""Rows of cohorts: candidates with what was said of them, and members."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base

_COHORT, _PERSON = "cohorts.id", "people.id"


class CohortRow(Base):
    """People who begin together. `group_id` maps it to a group of the identity provider (ID-4)."""

    __tablename__ = "cohorts"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    group_id: Mapped[str | None] = mapped_column(ForeignKey("groups.id", ondelete="SET NULL"))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    made_by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    made_at: Mapped[datetime]
    started_by: Mapped[str | None] = mapped_column(ForeignKey(_PERSON))
    started_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str]


class CandidateRow(Base):
    """What was said of a candidate, last by whom; and why somebody is in who was warned of."""

    __tablename__ = "cohort_candidates"

    cohort_id: Mapped[str] = mapped_column(ForeignKey(_COHORT, ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True, index=True)
    score: Mapped[dict[str, Any]]
    stand: Mapped[str]
    sponsor_id: Mapped[str | None] = mapped_column(ForeignKey(_PERSON))
    sponsor_reason: Mapped[str]
    declined_why: Mapped[str]
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]


class MemberRow(Base):
    """Somebody in a cohort, in one at a time."""

    __tablename__ = "cohort_members"
    __table_args__ = (
        Index("uq_cohort_members_person_id", "person_id", unique=True, postgresql_where=text("left_at IS NULL")),
    )

    cohort_id: Mapped[str] = mapped_column(ForeignKey(_COHORT, ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    use_case_id: Mapped[str | None] = mapped_column(ForeignKey("use_cases.id", ondelete="SET NULL"))
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    joined_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    left_why: Mapped[str]
