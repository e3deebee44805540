"""Rows of the ledger."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class EntryRow(Base):
    """One event. `body` is the canonical JSON that is hashed; it is never changed after insertion."""

    __tablename__ = "ledger_entries"
    __table_args__ = (Index("ix_ledger_entries_unsealed", "id", postgresql_where="seq IS NULL"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    seq: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    verb: Mapped[str] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(index=True)
    run: Mapped[str] = mapped_column(index=True)
    body: Mapped[str]
    personal: Mapped[dict[str, Any]]
    leaf: Mapped[bytes | None] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """A signed statement: the first `size` entries have this root. `frontier` lets the next group go on from here."""

    __tablename__ = "ledger_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str]
    frontier: Mapped[list[str]]
    at: Mapped[datetime]
    witnessed: Mapped[bool] = mapped_column(default=False)


class SubjectKeyRow(Base):
    """The key of one person's fields in the ledger; erasing the person destroys it."""

    __tablename__ = "ledger_subject_keys"

    person: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str | None]
    erased_at: Mapped[datetime | None]


class ForwardRow(Base):
    """How far the ledger was sent on to a SIEM: entries below number `sent` have gone out."""

    __tablename__ = "ledger_forwards"

    target: Mapped[str] = mapped_column(primary_key=True)
    sent: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
