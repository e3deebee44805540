"""What happens to a ticket: it is sorted, answered, said more on, closed. Who wrote it is told (R88)."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden
from colleague.kit.ids import new_id
from colleague.support.entry import event
from colleague.support.model import Line
from colleague.support.model_card import MANAGE
from colleague.support.store import NoSuchTicket, get_row, line_of
from colleague.support.tables import AnswerRow, TicketRow
from colleague.support.write import TEXT, Tell, checked
from colleague.usecases.around import some_lines

MOST_WORDS_A_DAY: Final = 60


class NotSorted(Conflict):
    """Say first what this ticket is about: its category."""


class TicketClosed(Conflict):
    """This ticket is closed. Who wrote it opens it again by saying more."""


class TooManyWords(Conflict):
    """Sixty words of one person on tickets in a day are enough. Your ticket waits for an answer."""


class YourOwnTicket(Forbidden):
    """You wrote this ticket: say more on it or close it. Somebody else answers it."""


async def sort_ticket(
    session: Session, actor: Actor, ticket: str, category: str, use_case: str = "", connector: str = "", *,
    registry: Registry, ledger: Ledger,
) -> Line:  # fmt: skip
    """Say what a ticket is about. Raises BadTicket, NoSuchTicket, NotSorted for no category."""
    actor.require(MANAGE)
    about = await checked(session, category, use_case, connector, registry=registry)
    if not about[0]:
        raise NotSorted
    row = await get_row(session, ticket, lock=True)
    before = (row.category, row.use_case_id, row.connector)
    if before != about:
        row.category, row.use_case_id, row.connector = about
        await ledger.record(session, event("ticket.sorted", actor.id, row, was=before[0]))
    return line_of(row)


async def answer_ticket(
    session: Session, actor: Actor, ticket: str, text: str, *, close: bool = False, tell: Tell, ledger: Ledger,
    clock: Clock,
) -> Line:  # fmt: skip
    """Answer a ticket, and close it with the answer if asked; its writer is told.

    Raises BadText, NoSuchTicket, NotSorted, TicketClosed, YourOwnTicket.
    """
    actor.require(MANAGE)
    text = some_lines(text, "the answer", TEXT)
    row = await get_row(session, ticket, lock=True)
    if row.person_id == actor.id:
        raise YourOwnTicket
    if row.state == "closed":
        raise TicketClosed
    if not row.category:
        raise NotSorted
    first = row.answered_at is None
    row.answered_at = row.answered_at or clock.now()
    row.state, row.closed_at = ("closed", clock.now()) if close else ("answered", None)
    await _said(session, actor, row, text, ours=True, clock=clock)
    verb = "ticket.closed" if close else "ticket.answered"
    await ledger.record(session, event(verb, actor.id, row, first=first))
    if row.person_id:
        words = "It is closed with that; say more if it is not solved." if close else "Say more if it is not solved."
        await tell(session, row.person_id, "Your ticket was answered", words, f"/support/{row.id}")
    return line_of(row)


async def say_more(
    session: Session, actor: Actor, ticket: str, text: str, *, tell: Tell, ledger: Ledger, clock: Clock
) -> Line:
    """Add to one's own ticket; it waits for an answer again, and who answered last is told of the first words since
    then. Raises BadText, NoSuchTicket, TooManyWords.
    """
    actor.require("own:tasks:use")
    text = some_lines(text, "what is said", TEXT)
    row = await get_row(session, ticket, lock=True)
    if row.person_id != actor.id:
        raise NoSuchTicket
    if await _said_since(session, actor.id, clock.now() - timedelta(days=1)) >= MOST_WORDS_A_DAY:
        raise TooManyWords
    was = row.state
    row.state, row.closed_at = "open", None
    answered_by = await _last_answer_by(session, row.id)
    await _said(session, actor, row, text, ours=False, clock=clock)
    await ledger.record(session, event("ticket.reopened" if was == "closed" else "ticket.continued", actor.id, row))
    if answered_by and was != "open":
        await tell(session, answered_by, "Somebody said more on a ticket", "It waits again.", f"/support/{row.id}")
    return line_of(row)


async def close_ticket(session: Session, actor: Actor, ticket: str, *, ledger: Ledger, clock: Clock) -> Line:
    """Close a ticket: its writer when it is solved, support when nothing is left to say.

    Raises NoSuchTicket, NotSorted where support closes what nobody has sorted.
    """
    row = await get_row(session, ticket, lock=True)
    if row.person_id == actor.id:
        actor.require("own:tasks:use")
    elif not actor.may(MANAGE):
        raise NoSuchTicket
    elif not row.category:
        raise NotSorted
    if row.state != "closed":
        row.state, row.closed_at = "closed", clock.now()
        await ledger.record(session, event("ticket.closed", actor.id, row, first=False))
    return line_of(row)


async def _said(session: Session, actor: Actor, row: TicketRow, text: str, *, ours: bool, clock: Clock) -> None:
    session.add(
        AnswerRow(id=new_id("word"), ticket_id=row.id, by=actor.id, at=clock.now(), text=text, ours=ours)
    )  # fmt: skip
    await session.flush()


async def _said_since(session: Session, person: str, since: datetime) -> int:
    query = select(func.count()).select_from(AnswerRow)
    return await session.scalar(query.where(AnswerRow.by == person, AnswerRow.at > since, ~AnswerRow.ours)) or 0


async def _last_answer_by(session: Session, ticket: str) -> str:
    query = select(AnswerRow.by).where(AnswerRow.ticket_id == ticket, AnswerRow.ours)
    return await session.scalar(query.order_by(AnswerRow.at.desc(), AnswerRow.id.desc()).limit(1)) or ""
