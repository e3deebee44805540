"""Rows of voice notes: a recording until a person has decided about it, at most for a day."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class VoiceNoteRow(Base):
    """What somebody said. `state`: kept, writing, written, failed, sent, deleted.

    `content` and `transcript` go with the last two. `led_to` is where its owner was led.
    """

    __tablename__ = "voice_notes"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    media_type: Mapped[str]
    seconds: Mapped[float]
    transcript: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    why: Mapped[str] = mapped_column(default="")
    led_to: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]
