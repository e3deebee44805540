"""Rows of readiness assessments; never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ReadinessRow(Base):
    """One version: the answers and what they came to on that day."""

    __tablename__ = "programme_readiness"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answers: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
