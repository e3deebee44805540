"""Rows of the posture: deviations that stand, and when each was first seen."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class DeviationRow(Base):
    """A deviation that stands, by its key. It goes when the deviation does; the ledger keeps both days."""

    __tablename__ = "posture_deviations"

    key: Mapped[str] = mapped_column(primary_key=True)
    first_seen: Mapped[datetime]
