"""Where tickets stay high after week 6, something is to be mended: a use case, a connector, the training (KP-7)."""

from colleague.adoption.items import open_item
from colleague.audit.record import Ledger
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.rollout.tickets.weekly import read_weeks

WHY = {
    "programme": "Tickets stay high after week 6: training or the design of use cases needs adjusting.",
    "use_case": "Tickets about this use case stay high after week 6: its design or its training needs adjusting.",
    "connector": "Tickets about this connector stay high after week 6: look at how it is set up and explained.",
}


async def watch_tickets(session: Session, *, ledger: Ledger, clock: Clock) -> int:
    """Open an item for everything tickets stay high about, never about a person; return how many are new."""
    new = 0
    for about in (await read_weeks(session, clock=clock)).trend.high:
        why = WHY[about.partition(":")[0]]
        new += await open_item(session, f"tickets:{about}", "ticket", about, why, ledger=ledger, clock=clock)
    return new
