"""Rows of configuration as files: what was applied, and what was in force before it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class AppliedRow(Base):
    """One application of files. `before` are the files of what was in force: rolling back applies them."""

    __tablename__ = "configuration_applied"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    changes: Mapped[list[dict[str, Any]]]
    before: Mapped[dict[str, Any]]
    applied_by: Mapped[str]
    applied_at: Mapped[datetime]
    rolls_back: Mapped[str] = mapped_column(default="")
