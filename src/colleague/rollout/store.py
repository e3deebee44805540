"""Queries of the programme."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import select

from colleague.adoption.calendar import read_calendar
from colleague.audit.read import history
from colleague.identity.actor import Actor
from colleague.identity.directory import mails_of
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id
from colleague.policy.model import Phase
from colleague.rollout.model import ENTERING, Attestation, Programme, Step
from colleague.rollout.tables import AttestationRow, MoveRow, ProgrammeRow

# The lock of whoever begins the programme, moves it, or names who answers for it.
MOVES: Final = 727_083


class NoSuchMove(NotFound):
    """There is no such move, or it was confirmed or withdrawn."""


async def today(session: Session, clock: Clock) -> date:
    """Return the day it is where the organisation is, by which words are dated and phases counted (B-0)."""
    return (await read_calendar(session)).day(clock.now())


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


async def may_see(session: Session, actor: Actor) -> None:
    """Raise PermissionMissing unless the actor may see the programme: its sponsor may, whatever their role."""
    row = await session.get(ProgrammeRow, 1, populate_existing=True)
    if row is None or actor.id != row.sponsor_id:
        actor.require("org:programme:read")


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


async def led(session: Session, programme: Programme) -> frozenset[str]:
    """Return who leads the programme or has led it since the present phase began: they vouch for nothing in it."""
    found, before = {programme.lead}, ""
    since = programme.since and datetime.combine(programme.since, time.min, tzinfo=UTC) - timedelta(days=1)
    for one in await history(session, "programme.named"):
        if since is None or one.at >= since:
            found.add(one.data["lead"])
        else:
            before = one.data["lead"]
    return frozenset({*found, before} - {""})


async def attestations(session: Session, *, until: date, but: Collection[str] = ()) -> dict[str, Attestation]:
    """Return the newest attestation of each criterion that stands, not dated after `until`: of people who are active,
    and of nobody among `but`.
    """
    query = select(AttestationRow).where(AttestationRow.withdrawn_at.is_(None), AttestationRow.on <= until)
    rows = (await session.scalars(query.order_by(AttestationRow.on, AttestationRow.at))).all()
    count = (await mails_of(session, [row.by for row in rows])).keys() - set(but)
    return {
        row.criterion: Attestation(row.id, row.criterion, row.by, row.on, row.at, row.words, row.document)
        for row in rows if row.by in count
    }  # fmt: skip
