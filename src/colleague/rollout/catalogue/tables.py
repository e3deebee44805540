"""Rows of the catalogue: who answers for what is in use, and who reviewed it last."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class CatalogueRow(Base):
    """The newest review of a skill or connector: of exactly this `version`. Another one is not reviewed by it."""

    __tablename__ = "catalogue_reviews"

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    reviewed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    reviewed_at: Mapped[datetime]
