"""Rows of answers."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class AnswerRow(Base):
    """An answer on its way. `id` is made from the message it answers; `text` is emptied once it has left.

    `state`: waiting, sending, sent, unknown (it may have left), failed.
    """

    __tablename__ = "dispatch_answers"

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    to: Mapped[str]
    text: Mapped[str]
    about: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]
