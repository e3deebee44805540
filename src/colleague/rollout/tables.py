"""Rows of the programme: who runs it, every move with its frozen evidence, what people vouched for."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from colleague.kit.db import Base


class ProgrammeRow(Base):
    """Who answers for the programme and what the business wants of it; one row."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(primary_key=True)
    sponsor_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    lead_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    goal: Mapped[str]
    changed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    changed_at: Mapped[datetime]
    # Who named them, and the owner who confirmed the sponsor, so that they may confirm moves.
    sponsor_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    lead_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]


class MoveRow(Base):
    """A move: the start, a passed or skipped gate, seats beyond the phase. `snapshot`: the evidence, frozen.

    `kind`: start, gate, skip; of what raises a limit: seats, skills, connectors, automations, with the number in
    `seats`; exception, for the people in its `snapshot`. `state`: proposed, done, withdrawn. `digest` binds the second
    person to the first.
    Of a skip: `risk`, in words, which the sponsor accepts themselves, and who confirmed it as the second owner (PH-9).
    """

    __tablename__ = "programme_moves"
    __table_args__ = (
        Index("ix_programme_moves_open", "state", unique=True, postgresql_where=text("state = 'proposed'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    from_phase: Mapped[int]
    to_phase: Mapped[int]
    seats: Mapped[int | None]
    state: Mapped[str]
    why: Mapped[str]
    snapshot: Mapped[dict[str, Any]]
    digest: Mapped[str]
    proposed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    on: Mapped[date | None]
    risk: Mapped[str] = mapped_column(default="", server_default="")
    confirmed_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    accepted_at: Mapped[datetime | None]

    @property
    def people(self) -> tuple[str, ...]:
        """Return who stands behind it, each once, who proposed it first."""
        all_ = (self.proposed_by, self.confirmed_by, self.accepted_by, self.decided_by)
        return tuple(dict.fromkeys(person for person in all_ if person))

    @property
    def waits_for(self) -> str:
        """Return in words whom it waits for."""
        if self.kind != "skip":
            return "a second person"
        missing = (("a second owner", self.confirmed_by), ("the sponsor, who accepts the risk", self.accepted_by))
        return " and ".join(who for who, there in missing if not there)


class AttestationRow(Base):
    """What a named person vouched for, where nothing can be counted; withdrawn rather than deleted."""

    __tablename__ = "programme_attestations"

    id: Mapped[str] = mapped_column(primary_key=True)
    criterion: Mapped[str] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    on: Mapped[date]
    at: Mapped[datetime]
    words: Mapped[str]
    document: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
