"""Rows of compliance: each night's run of retention and its certificate."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class RetentionRunRow(Base):
    """One run of retention. `counts`: what went, by class, and what was kept, by why; no words, no ids of anybody.

    `certificate` is signed when it has ended. One that has not ended is taken up again, where it was.
    """

    __tablename__ = "retention_runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    retention: Mapped[list[str]]
    kept_by_law: Mapped[list[str]]
    counts: Mapped[dict[str, Any]]
    certificate: Mapped[str]
