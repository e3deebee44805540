"""Rows of triggers: each with every wording it ever had (DI-10), and who passed the drill."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class TriggerRow(Base):
    """A trigger. `state`: draft, active or off; `version` is its newest wording."""

    __tablename__ = "dispatch_triggers"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime]


class WordingRow(Base):
    """One wording of a trigger; never changed."""

    __tablename__ = "dispatch_wordings"

    trigger_id: Mapped[str] = mapped_column(ForeignKey("dispatch_triggers.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    wording: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]


class DrillRow(Base):
    """A person's tries at the drill (DI-5): once it is passed, the channels of Dispatch are open for them."""

    __tablename__ = "dispatch_drills"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    passed_at: Mapped[datetime | None]
    tries: Mapped[int]

    @property
    def passed(self) -> bool:
        """Say whether it was passed."""
        return self.passed_at is not None
