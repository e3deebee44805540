"""What the ledger says of tickets: facts, never their words."""

from colleague.audit.event import Event
from colleague.support.tables import TicketRow


def event(verb: str, actor: str, row: TicketRow, **more: object) -> Event:
    """Return the entry for what was done to a ticket."""
    facts = {
        "source": row.source, "category": row.category, "state": row.state, "champion": row.champion,
        "use_case": row.use_case_id or "", "connector": row.connector, "rule": row.rule,
    }  # fmt: skip
    return Event(verb, actor, subject=row.id, data=facts | more)
