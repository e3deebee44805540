"""Rows of bound addresses."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class AddressRow(Base):
    """An address on its way to be a person's, theirs, or theirs no more. `code`: keyed hash of the one that was sent.

    INVARIANT: an address is at most one person's at a time; the database itself holds it.
    """

    __tablename__ = "channel_addresses"
    __table_args__ = (
        Index(
            "uq_channel_addresses_verified", "kind", "address", unique=True,
            postgresql_where=text("state = 'verified'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str]
    address: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    code: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    begun_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(default="")
    sim_checked_at: Mapped[datetime | None]


class PreferenceRow(Base):
    """Whether a channel carries a person's notices, where they chose something else than what is usual."""

    __tablename__ = "channel_preferences"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    carries: Mapped[bool]
