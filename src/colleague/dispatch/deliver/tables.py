"""Rows of results on their way to people."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ResultRow(Base):
    """A result that was promised to a person by one way. No words of it are kept here.

    `state`: promised (the task goes on), waiting, sending, delivered, unknown (it may have arrived), failed, withheld.
    `form`: how much went. `reply_to`: the Message-ID of the mail it answers.
    """

    __tablename__ = "dispatch_deliveries"
    __table_args__ = (
        UniqueConstraint("task_id", "target"),
        Index(
            "ix_dispatch_deliveries_open", "changed_at",
            postgresql_where="state IN ('promised', 'waiting', 'sending')",
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    run_id: Mapped[str] = mapped_column(default="")
    target: Mapped[str]
    reply_to: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    form: Mapped[str] = mapped_column(default="")
    why: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
