"""Rows of legal holds."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class HoldRow(Base):
    """A legal hold. It holds until `released_at`; what it was stays on record."""

    __tablename__ = "legal_holds"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    reason: Mapped[str]
    placed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    placed_at: Mapped[datetime]
    released_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    released_at: Mapped[datetime | None]
    released_why: Mapped[str] = mapped_column(default="", server_default="")


class CoverRow(Base):
    """What a hold covers. `kind`: person, project, task or department; `target`: an id, or a department's name.

    `through`: the department through which a person came under it; they stay under it when they leave that.
    """

    __tablename__ = "legal_hold_covers"
    __table_args__ = (Index("ix_legal_hold_covers_target", "kind", "target"),)

    hold_id: Mapped[str] = mapped_column(ForeignKey("legal_holds.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    through: Mapped[str] = mapped_column(default="", server_default="")
