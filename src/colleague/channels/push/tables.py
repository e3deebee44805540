"""Rows of push."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class SubscriptionRow(Base):
    """A browser that wants to be told. `sealed`: its address and keys; who has them could write to it.

    `key`: the public key it was made for; with another one no push service takes anything for it.
    """

    __tablename__ = "push_subscriptions"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    endpoint: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[str]
    key: Mapped[str]
    device: Mapped[str]
    made_at: Mapped[datetime]
