"""The words of tickets that nobody touched for long enough go; what is counted of a ticket stays (DA-2)."""

from datetime import datetime

from sqlalchemy import delete, select

from colleague.holds.cover import covering
from colleague.kit.db import Session
from colleague.support.tables import AnswerRow, TicketRow

GONE = "Deleted by retention"


async def forget_tickets(session: Session, before: datetime) -> tuple[int, int]:
    """Take away the words of tickets last touched up to `before`; return how many, and how many a legal hold keeps.

    The caller has let no hold be placed meanwhile (holds.cover.standing_still), and puts the numbers on record.
    """
    said = select(AnswerRow.at).where(AnswerRow.ticket_id == TicketRow.id, AnswerRow.at > before).exists()
    query = select(TicketRow).where(TicketRow.at <= before, ~said, TicketRow.title != GONE).with_for_update()
    rows = [t for t in await session.scalars(query) if all(a is None or a <= before for a in _moved(t))]
    whose = {t.person_id for t in rows if t.person_id}
    held = {person for _, person in await covering(session, people=whose)}
    going = [t for t in rows if t.person_id not in held]
    await session.execute(delete(AnswerRow).where(AnswerRow.ticket_id.in_([t.id for t in going])))
    for ticket in going:
        ticket.title, ticket.text = GONE, ""
    return len(going), len(rows) - len(going)


def _moved(ticket: TicketRow) -> tuple[datetime | None, datetime | None]:
    return ticket.answered_at, ticket.closed_at
