"""Rows of the first month: versions of playbooks and modules, what people passed and ticked, savings, nudges."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base

_PERSON = "people.id"


class VersionRow(Base):
    """One version of a playbook (`kind` playbook; `key`: a department, "" for everybody) or module; never changed.

    `again`: passes of earlier versions count no more.
    """

    __tablename__ = "onboarding_versions"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    why: Mapped[str]
    again: Mapped[bool]
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]


class PassRow(Base):
    """How somebody stands in a module: tries, and when they passed which version."""

    __tablename__ = "onboarding_passes"

    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    module: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    passed_at: Mapped[datetime | None]
    version: Mapped[int]


class TickRow(Base):
    """An activity that its owner says is done. `about`: a person, or a cohort for what a champion or the lead does."""

    __tablename__ = "onboarding_ticks"

    about: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    at: Mapped[datetime]


class SavingRow(Base):
    """What somebody's first task took, against what it took before (AD-4). `measured`: the before is a baseline."""

    __tablename__ = "onboarding_savings"

    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    use_case_id: Mapped[str | None] = mapped_column(ForeignKey("use_cases.id", ondelete="SET NULL"))
    before: Mapped[float]
    after: Mapped[float]
    measured: Mapped[bool]
    first_week: Mapped[bool]
    at: Mapped[datetime]


class StallRow(Base):
    """An onboarding week whose third week stalled (B-11): from here on its people are nudged."""

    __tablename__ = "onboarding_stalls"

    week: Mapped[str] = mapped_column(primary_key=True)
    ratio: Mapped[float]
    people: Mapped[int]
    found_at: Mapped[datetime]


class NudgeRow(Base):
    """A nudge that was sent: at most one a week and person."""

    __tablename__ = "onboarding_nudges"

    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    week: Mapped[str] = mapped_column(primary_key=True)
    use_case_id: Mapped[str | None] = mapped_column(ForeignKey("use_cases.id", ondelete="SET NULL"))
    at: Mapped[datetime]


class QuietRow(Base):
    """Somebody who wants no nudges."""

    __tablename__ = "onboarding_quiet"

    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    at: Mapped[datetime]
