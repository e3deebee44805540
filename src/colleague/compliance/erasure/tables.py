"""Rows of erasures."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ErasureRow(Base):
    """The erasure of one person. `state`: proposed, confirmed (under way), done, withdrawn.

    `goes`: what will go, counted, and `digest` what that is bound by. `sealed`: the words that are looked for until it
    is done. `counts` grows with each step; `certificate` is the signed text.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index(
            "uq_erasures_open", "person_id", unique=True, postgresql_where=text("state IN ('proposed', 'confirmed')")
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[str]
    reason: Mapped[str]
    goes: Mapped[dict[str, Any]]
    digest: Mapped[str]
    proposed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]
    sealed: Mapped[str] = mapped_column(default="", server_default=text("''"))
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    done_at: Mapped[datetime | None]
    certificate: Mapped[str] = mapped_column(default="", server_default=text("''"))
