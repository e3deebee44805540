"""Find tickets and what was said on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from colleague.kit.db import Session
from colleague.kit.errors import NotFound
from colleague.kit.ids import is_id
from colleague.support.model import STATES, Answer, Line, Ticket
from colleague.support.tables import AnswerRow, TicketRow

MOST = 500


class NoSuchTicket(NotFound):
    """There is no such ticket, or it is somebody else's."""


async def get_row(session: Session, ticket: str, *, lock: bool = False) -> TicketRow:
    """Return a ticket's row, locked if asked; NoSuchTicket if there is none."""
    query = select(TicketRow).where(TicketRow.id == ticket).execution_options(populate_existing=True)
    row = await session.scalar(query.with_for_update() if lock else query) if is_id(ticket) else None
    if row is None:
        raise NoSuchTicket
    return row


async def mine(session: Session, person: str) -> list[Line]:
    """Return a person's own tickets, newest first."""
    query = select(TicketRow).where(TicketRow.person_id == person).order_by(TicketRow.at.desc(), TicketRow.id)
    return await _lines(session, query.limit(MOST))


async def queue(
    session: Session, *, states: Sequence[str] = (), category: str | None = None, limit: int = MOST
) -> list[Line]:
    """Return tickets as they are to be answered: open before answered, champions first, then by what is due (CH-3)."""
    order = case({state: n for n, state in enumerate(STATES)}, value=TicketRow.state)
    query = select(TicketRow).order_by(
        order, TicketRow.champion.desc(), TicketRow.due_at.asc().nulls_last(), TicketRow.at, TicketRow.id
    )
    if states:
        query = query.where(TicketRow.state.in_(states))
    if category is not None:
        query = query.where(TicketRow.category == category)
    return await _lines(session, query.limit(limit))


async def opened_since(session: Session, person: str, since: datetime) -> int:
    """Return how many tickets a person has opened since: what keeps one from filling the queue."""
    mine_ = (TicketRow.person_id == person, TicketRow.at >= since)
    return await session.scalar(select(func.count()).select_from(TicketRow).where(*mine_)) or 0


async def answers_of(session: Session, ticket: str) -> list[Answer]:
    """Return what was said on a ticket, oldest first."""
    rows = await session.scalars(
        select(AnswerRow).where(AnswerRow.ticket_id == ticket).order_by(AnswerRow.at, AnswerRow.id)
    )
    return [Answer(r.by, r.at, r.text, r.ours) for r in rows]


async def between(session: Session, since: datetime, until: datetime) -> list[Ticket]:
    """Return the tickets that were opened in a period and count, by time."""
    query = select(TicketRow.id, TicketRow.at, TicketRow.category, TicketRow.use_case_id, TicketRow.connector).where(
        TicketRow.at >= since, TicketRow.at < until, TicketRow.counts
    )
    return [
        Ticket(id_, at, category, use_case or "", connector)
        for id_, at, category, use_case, connector in await session.execute(query.order_by(TicketRow.at, TicketRow.id))
    ]


async def _lines(session: Session, query: Select[Any]) -> list[Line]:
    return [line_of(row) for row in await session.scalars(query)]


def line_of(row: TicketRow) -> Line:
    """Return a row as a line of a list."""
    return Line(
        row.id, row.title, row.category, row.state, row.at, row.use_case_id or "", row.connector,  # type: ignore[arg-type]
        row.champion, row.due_at, row.answered_at,
    )  # fmt: skip
