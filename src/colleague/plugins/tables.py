"""Rows of skills: packages that people added, pinned by hash, and what is switched off."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class SkillPackageRow(Base):
    """One version of somebody's skills. `files` are its paths with the SHA-256 of their contents (in blobs)."""

    __tablename__ = "skill_packages"
    __table_args__ = (Index("ix_skill_packages_name", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str]
    title: Mapped[str]
    sha256: Mapped[str]
    state: Mapped[str]
    files: Mapped[dict[str, Any]]
    skills: Mapped[list[dict[str, Any]]]
    defaults: Mapped[dict[str, Any]]
    notices: Mapped[list[dict[str, Any]]]
    flags: Mapped[list[str]]
    unused: Mapped[list[str]]
    teams: Mapped[list[str]]
    added_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")


class SkillSwitchRow(Base):
    """A skill (`plugin:skill`) that is switched off for everybody."""

    __tablename__ = "skill_switches"

    name: Mapped[str] = mapped_column(primary_key=True)
    off_by: Mapped[str]
    off_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")


class CatalogueHoldRow(Base):
    """From when on the catalogue is held, and why; one row, or none while nothing will hold it."""

    __tablename__ = "catalogue_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    why: Mapped[str]
    since: Mapped[datetime]
