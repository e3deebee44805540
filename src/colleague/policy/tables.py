"""Rows of policy: the versions of the organisation's settings, and changes that wait for a second person."""

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


class ProposalRow(Base):
    """A change that weakens a rule of the organisation: it holds once another person has confirmed it.

    `digest` binds it to what it changes and to the version it was made against. States: open, confirmed, withdrawn.
    """

    __tablename__ = "governance_proposals"

    id: Mapped[str] = mapped_column(primary_key=True)
    changes: Mapped[dict[str, Any]]
    weakens: Mapped[list[str]]
    base_version: Mapped[int]
    digest: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
