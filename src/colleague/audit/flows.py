"""Where data went, told from the ledger alone: destinations, classes, how often, and when last (CN-9)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB

from colleague.audit.tables import EntryRow
from colleague.kit.db import Session


@dataclass(frozen=True, slots=True)
class Flow:
    """One way out: `kind` is model or connector, `destination` a provider, a host, a mail domain or a connector."""

    kind: str
    destination: str
    through: str
    data_class: str
    effect: str
    calls: int
    last: datetime

    def to_json(self) -> dict[str, Any]:
        """Return the flow as JSON."""
        return {"kind": self.kind, "destination": self.destination, "through": self.through, "class": self.data_class,
                "effect": self.effect, "calls": self.calls, "last": self.last.isoformat()}  # fmt: skip


async def flows(session: Session, since: datetime) -> list[Flow]:
    """Return what was decided about ways out since then, counted by destination, class and decision.

    `model.decided` says which provider may see what; it is written once a task and class, not once a turn.
    """
    data = EntryRow.body.cast(JSONB)["data"]
    places = func.jsonb_array_elements_text(func.coalesce(data["destinations"], func.jsonb_build_array()))
    found: list[Flow] = []
    for kind, verb, through, destination in (
        ("model", "model.decided", data["zone"].astext, EntryRow.subject),
        ("connector", "call.decided", data["connector"].astext, places),
    ):
        inner = (
            select(
                destination.label("destination"), through.label("through"), data["class"].astext.label("data_class"),
                data["effect"].astext.label("effect"), EntryRow.at.label("at"),
            )
            .where(EntryRow.verb == verb, EntryRow.at >= since)
            .subquery()
        )  # fmt: skip
        what = (inner.c.destination, inner.c.through, inner.c.data_class, inner.c.effect)
        query = select(*what, func.count(), func.max(inner.c.at)).group_by(*what)
        found += [Flow(kind, *row) for row in await session.execute(query)]
    return sorted(found, key=lambda f: (f.kind, f.destination, f.through, f.data_class, f.effect))
