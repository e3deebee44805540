"""Rows of champions: who was named, who is one, whom they were asked to help, and when each week was handed out."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base

_PERSON = "people.id"


class ChampionRow(Base):
    """Somebody's time as a champion, with why they were chosen and why it ended; one that has not ended for each."""

    __tablename__ = "champions"
    __table_args__ = (
        Index("uq_champions_person_now", "person_id", unique=True, postgresql_where=text("retired_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    why: Mapped[str]
    appointed_by: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    appointed_at: Mapped[datetime]
    retired_by: Mapped[str | None] = mapped_column(ForeignKey(_PERSON))
    retired_at: Mapped[datetime | None]
    retired_why: Mapped[str] = mapped_column(default="")


class NominationRow(Base):
    """That somebody named a colleague, and why."""

    __tablename__ = "champion_nominations"

    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    by: Mapped[str] = mapped_column(ForeignKey(_PERSON), primary_key=True)
    why: Mapped[str]
    at: Mapped[datetime]


class ContactRow(Base):
    """That a champion was asked to help somebody, and what came of it. Why they were asked stands nowhere (B-12).

    `state`: waiting, done, ended (nobody answered in time, or the person or the champion is gone).
    """

    __tablename__ = "champion_contacts"
    __table_args__ = (
        UniqueConstraint("person_id", "week"),
        Index("ix_champion_contacts_champion", "champion_id", "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    champion_id: Mapped[str] = mapped_column(ForeignKey(_PERSON))
    week: Mapped[str]
    routed_at: Mapped[datetime]
    state: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="")
    contacted_at: Mapped[datetime | None]


class HandedOutRow(Base):
    """That the list of a week was handed out: when, by when it was to be, to how many; `nobody`: without a champion."""

    __tablename__ = "champion_weeks"

    week: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    asked: Mapped[int]
    nobody: Mapped[int]
