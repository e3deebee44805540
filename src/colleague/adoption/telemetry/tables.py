"""Rows of telemetry in: the sources, which events came already, and how many people came whom nobody here knows."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class SourceRow(Base):
    """A fleet of agents that may send, and the token it proves itself with. Only the SHA-256 of that is kept.

    `accepted` to `ignored` count events: taken in, come again, refused, of a name that is not counted.
    """

    __tablename__ = "telemetry_sources"
    __table_args__ = (Index("ix_telemetry_sources_name", "name", unique=True, postgresql_where="revoked_at IS NULL"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_sha256: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    accepted: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    repeated: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    refused: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    ignored: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class SeenRow(Base):
    """An event that was taken in. `key`: 16 bytes of a digest; kept for as long as the event could be taken again."""

    __tablename__ = "telemetry_seen"

    source_id: Mapped[str] = mapped_column(ForeignKey("telemetry_sources.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class StrangerRow(Base):
    """Somebody whom a source tells of and nobody here knows: a keyed hash, never an address."""

    __tablename__ = "telemetry_strangers"

    source_id: Mapped[str] = mapped_column(ForeignKey("telemetry_sources.id"), primary_key=True)
    mark: Mapped[str] = mapped_column(primary_key=True)
    last_at: Mapped[datetime] = mapped_column(index=True)
