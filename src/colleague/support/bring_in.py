"""Bring in tickets from another desk: again and again the same list, each ticket once (R88)."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.ids import new_id
from colleague.policy.governance import current_governance
from colleague.support.model_card import MANAGE
from colleague.support.parse import BadImport, Entry, parse
from colleague.support.tables import TicketRow
from colleague.support.write import connectors_of
from colleague.usecases.names import use_case_names

_SOURCE = re.compile(r"[a-z][a-z0-9-]{1,39}")
RESERVED = ("page", "mail", "api")


class BadSource(Invalid):
    """Name the desk the list comes from: 2 to 40 small letters, digits and hyphens, such as servicedesk."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What an import did. `left_out`: columns that were not read."""

    created: int
    changed: int
    unchanged: int
    left_out: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"created": self.created, "changed": self.changed, "unchanged": self.unchanged,
                "left_out": list(self.left_out)}  # fmt: skip


async def bring_in(
    session: Session, actor: Actor, source: str, raw: bytes, *, registry: Registry, ledger: Ledger, clock: Clock
) -> Brought:
    """Take in a list of tickets of the desk `source`, all of it or nothing; one with a known external id is updated.

    Raises BadImport (with lines), BadSource, PermissionMissing.
    """
    actor.require(MANAGE)
    source = source.strip()
    if not _SOURCE.fullmatch(source) or source in RESERVED:
        raise BadSource
    zone = (await current_governance(session)).time_zone
    parsed = parse(raw, zone=zone, now=clock.now())
    cases, kinds = await use_case_names(session), await connectors_of(session, registry)
    by_name = {name.casefold(): id_ for id_, name in cases.items()}
    problems, linked = [], dict[str, str | None]()
    for entry in parsed.entries:
        linked[entry.external_id] = None
        if entry.use_case:
            found = entry.use_case if entry.use_case in cases else by_name.get(entry.use_case.casefold())
            linked[entry.external_id] = found
            if found is None:
                problems.append(f"{parsed.named} {entry.line}: there is no use case «{entry.use_case}».")
        if entry.connector and entry.connector not in kinds:
            problems.append(f"{parsed.named} {entry.line}: there is no connector «{entry.connector}».")
    if problems:
        raise BadImport(problems)
    # Two imports of one desk, one after the other: the second finds what the first wrote.
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:source, 727_096))")
    await session.execute(lock, {"source": source})
    rows = await session.scalars(select(TicketRow).where(TicketRow.source == source).with_for_update())
    known = {row.external_id: row for row in rows}
    created = changed = 0
    for entry in parsed.entries:
        row, use_case = known.get(entry.external_id), linked[entry.external_id]
        if row is None:
            session.add(_row(source, entry, use_case))
            created += 1
        else:
            changed += _update(row, entry, use_case)
    await session.flush()
    done = Brought(created, changed, len(parsed.entries) - created - changed, parsed.left_out)
    facts = {"created": done.created, "changed": done.changed, "unchanged": done.unchanged}
    await ledger.record(session, Event("tickets.imported", actor.id, subject=source, data=facts))
    return done


async def sources(session: Session, actor: Actor) -> list[tuple[str, int]]:
    """Return the desks that tickets were imported from, with how many."""
    actor.require(MANAGE)
    query = select(TicketRow.source, func.count()).where(TicketRow.source.not_in(RESERVED))
    found = await session.execute(query.group_by(TicketRow.source).order_by(TicketRow.source))
    return [(source, count) for source, count in found]


def _row(source: str, entry: Entry, use_case: str | None) -> TicketRow:
    return TicketRow(
        id=new_id("ticket"), source=source, external_id=entry.external_id, person_id=None, title=entry.title,
        text=entry.text, category=entry.category, use_case_id=use_case, connector=entry.connector, task_id="", rule="",
        state=entry.state, champion=False, at=entry.opened_at, due_at=None, answered_at=entry.answered_at,
        closed_at=entry.closed_at,
    )  # fmt: skip


def _update(row: TicketRow, entry: Entry, use_case: str | None) -> bool:
    """Bring a row to what the list says now. What was sorted here stays where the list says nothing of it, and the day
    it was opened stays as it was first told: weeks are counted by it (B-10).
    """
    now = {
        "title": entry.title, "text": entry.text, "category": entry.category or row.category,
        "use_case_id": use_case or row.use_case_id, "connector": entry.connector or row.connector,
        "state": entry.state, "answered_at": entry.answered_at or row.answered_at,
        "closed_at": entry.closed_at,
    }  # fmt: skip
    different = {name: value for name, value in now.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)
