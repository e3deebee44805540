"""The tickets of a week as they stood when it was frozen: a list that is imported later, or a ticket that is sorted
anew, makes another version of the number, and never changes it unseen (B-0, B-10).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from colleague.adoption.few.decide import ORGANISATION
from colleague.adoption.tables import FrozenRow
from colleague.adoption.weeks import Week
from colleague.audit.read import counted as entries
from colleague.kit.db import Session
from colleague.support.model import Ticket

TICKETS: Final = "tickets"
# What may change the tickets of a week that is over: each is in the ledger, so a difference is explained by it.
MOVERS: Final = ("tickets.imported", "ticket.sorted", "ticket.opened")
LATER: Final = "Tickets of the week were imported, or sorted, later."
NOT_KEPT: Final = "Kept since an update: before it tickets were counted anew each time."


@dataclass(frozen=True, slots=True)
class KeptTickets:
    """What was kept of a week's tickets: their number, by category, and by what they are about."""

    tickets: int
    categories: Mapping[str, int]
    about: Mapping[str, int]
    version: int = 0

    def stored(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {TICKETS: self.tickets, "categories": dict(self.categories), "about": dict(self.about)}


def counted(tickets: Sequence[Ticket]) -> KeptTickets:
    """Return what these tickets count to. Pure."""
    about = [f"use_case:{t.use_case}" for t in tickets if t.use_case]
    about += [f"connector:{t.connector}" for t in tickets if t.connector]
    kinds = Counter(t.category or "not sorted" for t in tickets)
    return KeptTickets(len(tickets), dict(sorted(kinds.items())), dict(sorted(Counter(about).items())))


async def kept_tickets(
    session: Session, first: Week, last: Week
) -> dict[Week, tuple[KeptTickets, KeptTickets]]:  # fmt: skip
    """Return the tickets of frozen weeks as they stand, and as they were first kept."""
    query = select(FrozenRow).where(
        FrozenRow.kind == ORGANISATION, FrozenRow.name == "", FrozenRow.part == TICKETS,
        FrozenRow.week >= str(first), FrozenRow.week <= str(last),
    )  # fmt: skip
    found: dict[Week, tuple[KeptTickets, KeptTickets]] = {}
    for row in await session.scalars(query.order_by(FrozenRow.week, FrozenRow.version)):
        week, one = Week.read(row.week), KeptTickets(**row.figures, version=row.version)
        found[week] = (one, found[week][1] if week in found else one)
    return found


async def moved_since(session: Session, since: datetime, now: datetime) -> bool:
    """Say whether tickets were imported, opened or sorted since a moment."""
    return any((await entries(session, MOVERS, since, now)).values())
