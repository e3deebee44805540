"""Tickets as pages and programs show them: one's own, the queue, one with what was said on it."""

from dataclasses import dataclass
from typing import Any

from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.support.model import Answer, Line
from colleague.support.model_card import MANAGE
from colleague.support.store import NoSuchTicket, answers_of, get_row, line_of, mine, queue
from colleague.support.write import connectors_of
from colleague.tasks.sight import is_seen
from colleague.usecases.names import use_case_names


@dataclass(frozen=True, slots=True)
class Sight:
    """One ticket whole. `names`: of who wrote on it; `own`: the actor wrote it; `seen`: they may open its task."""

    line: Line
    text: str
    source: str
    task: str
    rule: str
    writer: str
    answers: tuple[Answer, ...]
    names: dict[str, str]
    use_case: str
    connector: str
    own: bool
    manages: bool
    seen: bool

    def to_json(self) -> dict[str, Any]:
        """Return the ticket as JSON."""
        return self.line.to_json() | {
            "text": self.text, "source": self.source, "task": self.task, "rule": self.rule,
            "use_case_name": self.use_case,
            "said": [
                {"at": a.at.isoformat(), "text": a.text, "by": "support" if a.ours else "writer"} for a in self.answers
            ],
        }  # fmt: skip


async def own_tickets(session: Session, actor: Actor) -> list[Line]:
    """Return the actor's own tickets, newest first."""
    return await mine(session, actor.id)


async def list_queue(session: Session, actor: Actor, *, state: str = "", category: str | None = None) -> list[Line]:
    """Return the queue in the order of answering; without `state`, all but the closed. Nobody is named in it."""
    actor.require(MANAGE)
    return await queue(session, states=(state,) if state else ("open", "answered"), category=category)


async def see_ticket(session: Session, actor: Actor, ticket: str, *, registry: Registry) -> Sight:
    """Return one ticket for its writer and for support; NoSuchTicket for everybody else."""
    row = await get_row(session, ticket)
    own, manages = row.person_id == actor.id, actor.may(MANAGE)
    if not (own or manages):
        raise NoSuchTicket
    answers = await answers_of(session, row.id)
    names = await names_of(session, {row.person_id, *(a.by for a in answers)})
    return Sight(
        line_of(row), row.text, row.source, row.task_id, row.rule, row.person_id or "", tuple(answers), names,
        (await use_case_names(session)).get(row.use_case_id or "", ""),
        (await connectors_of(session, registry)).get(row.connector, row.connector), own, manages,
        bool(row.task_id) and await is_seen(session, actor, row.task_id),
    )  # fmt: skip
