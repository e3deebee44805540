"""Write a ticket: by whoever needs help, from a page, a program or a mail (R88)."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.identity.directory import get_person
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.ids import is_id, new_id
from colleague.policy.governance import current_governance
from colleague.support.entry import event
from colleague.support.model import CATEGORIES, Line, Wish, due
from colleague.support.model_card import promised
from colleague.support.store import line_of, opened_since
from colleague.support.tables import TicketRow
from colleague.tasks.parts import FreeDays
from colleague.tasks.sight import is_seen
from colleague.usecases.around import one_line, some_lines
from colleague.usecases.names import use_case_names

Tell = Callable[[Session, str, str, str, str], Awaitable[Any]]
MOST_A_DAY, TITLE, TEXT = 30, 160, 8_000
CHAMPION = "champion"
_RULE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class BadTicket(Invalid):
    """This ticket cannot be kept: {why}."""


class TooManyTickets(Conflict):
    """Thirty tickets of one person in a day are enough. Say more on one of those that are open."""


async def write_ticket(
    session: Session, actor: Actor, wish: Wish, *, registry: Registry, tell: Tell, free_days: FreeDays,
    ledger: Ledger, clock: Clock, source: str = "page", external_id: str = "",
) -> Line:  # fmt: skip
    """Keep a ticket and tell the owner of the support model. A champion's goes before others, with its own time (CH-3).

    The task and the use case are checked: nobody links what they may not see. Its words stay out of the ledger. Of whom
    the numbers leave out it is answered and not counted.
    Raises BadText, BadTicket, TooManyTickets, PermissionMissing.
    """
    actor.require("own:tasks:use")
    title = one_line(wish.title, "title", TITLE, needed=True)
    text = some_lines(wish.text, "what happened", TEXT)
    if wish.task and not (is_id(wish.task) and await is_seen(session, actor, wish.task)):
        raise BadTicket(why="there is no such task, or you may not see it")
    if wish.rule and not _RULE.fullmatch(wish.rule):
        raise BadTicket(why="the rule has no such name")
    about = await checked(session, wish.category, wish.use_case, wish.connector, registry=registry)
    now = clock.now()
    if await opened_since(session, actor.id, now - timedelta(days=1)) >= MOST_A_DAY:
        raise TooManyTickets
    id_ = new_id("ticket")
    model, champion = await promised(session), CHAMPION in actor.roles
    row = TicketRow(
        id=id_, source=source, external_id=external_id or id_, person_id=actor.id, title=title, text=text,
        category=about[0], use_case_id=about[1], connector=about[2], task_id=wish.task, rule=wish.rule, state="open",
        champion=champion, counts=not (await get_person(session, actor.id)).excluded, at=now, due_at=None,
    )  # fmt: skip
    if model is not None:
        zone = (await current_governance(session)).time_zone
        row.due_at = due(now, model.card.within(champion), zone, await free_days(session))
    session.add(row)
    await session.flush()
    await ledger.record(session, event("ticket.opened", actor.id, row))
    if model is not None and model.card.owner != actor.id:
        words = f"A {'champion' if champion else 'person'} wrote it: {row.category or 'not sorted yet'}."
        await tell(session, model.card.owner, "A ticket waits for an answer", words, f"/support/{id_}")
    return line_of(row)


async def checked(
    session: Session, category: str, use_case: str, connector: str, *, registry: Registry
) -> tuple[str, str | None, str]:
    """Return what a ticket is about, in its one spelling; BadTicket for what is not here."""
    if category and category not in CATEGORIES:
        raise BadTicket(why=f"its category is one of {', '.join(CATEGORIES)}")
    if use_case and use_case not in await use_case_names(session):
        raise BadTicket(why="there is no such use case")
    if connector and connector not in await connectors_of(session, registry):
        raise BadTicket(why="there is no such connector")
    return category, use_case or None, connector


async def connectors_of(session: Session, registry: Registry) -> dict[str, str]:
    """Return the titles of the connectors there are, by kind."""
    return {one.kind: one.title for one in await registry.now(session)}
