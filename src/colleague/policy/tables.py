"""Rows of policy: the versions of the organisation's settings."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class GovernanceRow(Base):
    """One version of the settings that rules rest on; the newest one is in force."""

    __tablename__ = "governance_versions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    settings: Mapped[dict[str, Any]]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
