"""Rows of facts: whom they are about stands in ids alone, and each names the entry of the ledger it came from."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class PlaceRow(Base):
    """Up to which entry of the ledger it was rolled up, and whom the numbers leave out as of there."""

    __tablename__ = "adoption_place"

    name: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    excluded: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))


class ActionRow(Base):
    """An intentional action of a person (B-2), in its session (B-4)."""

    __tablename__ = "adoption_actions"
    __table_args__ = (
        Index("ix_adoption_actions_at", "at"),
        Index("ix_adoption_actions_person", "person_id", "at"),
        Index("ix_adoption_actions_session", "session"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    session: Mapped[int] = mapped_column(BigInteger)


class LastRow(Base):
    """A person's last intentional action and the session it belongs to: what the next one's session is told by."""

    __tablename__ = "adoption_last"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    at: Mapped[datetime]
    session: Mapped[int] = mapped_column(BigInteger)


class LookRow(Base):
    """Somebody was seen: they signed in, or opened an output to look at it (B-3). It is nothing they did."""

    __tablename__ = "adoption_looks"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(index=True)


class WaitRow(Base):
    """A question of a run to a person: asked, and ended by whatever ended it (B-8)."""

    __tablename__ = "adoption_waits"

    approval_id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SeatRow(Base):
    """A seat of a person: assigned, accepted with the first sign-in, removed when they were deactivated (B-1)."""

    __tablename__ = "adoption_seats"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    assigned_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class RunFactRow(Base):
    """A run of a task with the skills it followed, and how it ended (B-6). `workflow`: "ad hoc" without a skill.

    `input_at`: when its input was received, where that was before it was asked for; `taken_at`: when a person first
    took what came out; `seq`: the newest entry it is from. `reviews`: of each reviewed output its newest reviewed
    version, whether that was accepted, and whether by the person whose work it is; `reviewed` and `passed` count them,
    but for acceptances of one's own work (B-9); `verdict`: rejected where an output stood rejected seven days after
    the delivery, accepted where all were accepted.
    `active_at`: when anything last happened before its end; `reason`: what held it up. `end` is "aside" where the
    person tried again from an earlier step: another run goes on for it.
    """

    __tablename__ = "adoption_runs"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    channel: Mapped[str]
    workflow: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    end: Mapped[str] = mapped_column(default="open")
    ended_at: Mapped[datetime | None]
    input_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    verdict: Mapped[str] = mapped_column(default="", server_default="")
    reviews: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    reviewed: Mapped[int] = mapped_column(default=0, server_default="0")
    passed: Mapped[int] = mapped_column(default=0, server_default="0")
    seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    active_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="", server_default="")
