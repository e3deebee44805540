"""Queries of the programme."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id
from colleague.policy.model import Phase
from colleague.rollout.model import ENTERING, Attestation, Programme, Step
from colleague.rollout.tables import AttestationRow, MoveRow, ProgrammeRow


class NoSuchMove(NotFound):
    """There is no such move, or it was confirmed or withdrawn."""


async def current_programme(session: Session) -> Programme:
    """Return the programme as it stands, with every phase it began."""
    row = await session.get(ProgrammeRow, 1, populate_existing=True)
    steps = tuple(
        Step(
            Phase(move.to_phase), move.on or move.proposed_at.date(),
            "start" if move.kind == "start" else "skip" if move.kind == "skip" else "gate",
            move.people, move.why, move.id, move.risk, move.accepted_by or "",
        )
        for move in await moves(session, state="done") if move.kind in ENTERING
    )  # fmt: skip
    if row is None:
        return Programme(steps=steps)
    return Programme(
        row.sponsor_id, row.lead_id, row.goal, steps, row.sponsor_by or "", row.lead_by or "", row.confirmed_by or ""
    )  # fmt: skip


async def lead_of(session: Session) -> str:
    """Return who is named to lead the programme, by id; "" while nobody is."""
    row = await session.get(ProgrammeRow, 1, populate_existing=True)
    return row.lead_id if row else ""


async def moves(session: Session, *, state: str = "") -> Sequence[MoveRow]:
    """Return the moves in a state, or all, oldest first."""
    query = select(MoveRow).order_by(MoveRow.proposed_at, MoveRow.id)
    return (await session.scalars(query.where(MoveRow.state == state) if state else query)).all()


async def open_move(session: Session, move: str = "", *, lock: bool = False) -> MoveRow | None:
    """Return the move that waits for a second person, if there is one; NoSuchMove where `move` names another."""
    query = select(MoveRow).where(MoveRow.state == "proposed")
    row = await session.scalar(query.with_for_update() if lock else query)
    if move and (row is None or not is_id(move) or row.id != move):
        raise NoSuchMove
    return row


async def get_move(session: Session, move: str) -> MoveRow:
    """Return a move in whatever state; NoSuchMove if there is none."""
    row = await session.get(MoveRow, move) if is_id(move) else None
    if row is None:
        raise NoSuchMove
    return row


async def attestations(session: Session, *, until: date, but: str = "") -> dict[str, Attestation]:
    """Return the newest attestation of each criterion that stands, not dated after `until`, of nobody called `but`."""
    query = select(AttestationRow).where(AttestationRow.withdrawn_at.is_(None), AttestationRow.on <= until)
    query = query.where(AttestationRow.by != but)
    rows = await session.scalars(query.order_by(AttestationRow.on, AttestationRow.at))
    return {
        row.criterion: Attestation(row.id, row.criterion, row.by, row.on, row.at, row.words, row.document)
        for row in rows
    }  # fmt: skip
