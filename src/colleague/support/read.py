"""Tickets for the floors above: counted and tied to use cases and connectors, without whom they came from (B-12)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from colleague.kit.db import Session
from colleague.support.model import Ticket
from colleague.support.store import between
from colleague.support.tables import TicketRow


@dataclass(frozen=True, slots=True)
class Kept:
    """How many first answers were promised in a period and how many of them came in time; `running` are not due yet."""

    promised: int
    in_time: int
    running: int


async def tickets(session: Session, since: datetime, until: datetime) -> list[Ticket]:
    """Return the tickets that were opened in [since, until), however they came in, by time; none of people whom the
    numbers leave out, who are none of the active people either (B-0, B-10)."""
    return await between(session, since, until)


async def kept_promises(session: Session, since: datetime, until: datetime, *, now: datetime) -> Kept:
    """Return how the promised times of the tickets opened in a period were kept: of the queue, not of who answers."""
    query = select(TicketRow.due_at, TicketRow.answered_at).where(
        TicketRow.at >= since, TicketRow.at < until, TicketRow.due_at.is_not(None), TicketRow.counts
    )
    return kept([(due, answered) for due, answered in await session.execute(query) if due], now=now)


def kept(times: Iterable[tuple[datetime, datetime | None]], *, now: datetime) -> Kept:
    """Count promises by when they were due and answered. What waits and is not due yet is neither kept nor broken."""
    promised = in_time = running = 0
    for due, answered in times:
        if answered is None and now < due:
            running += 1
        else:
            promised += 1
            in_time += answered is not None and answered <= due
    return Kept(promised, in_time, running)
