"""Write many entries at once, for what tells of a past that was simulated: the very rows that `Ledger.record` writes.

Not for the product's own doings: who changes something records it with `Ledger.record`, in the same transaction.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from colleague.audit.event import Event
from colleague.audit.record import entry_values
from colleague.kit.db import Session

_COLUMNS: Final = ("at", "verb", "actor", "subject", "run", "body", "personal")
_COPY: Final = f"COPY ledger_entries ({', '.join(_COLUMNS)}) FROM STDIN"


async def record_many(session: Session, entries: Iterable[tuple[datetime, Event]]) -> int:
    """Insert entries in their order, each with its own time; return how many. They hold no personal fields.

    Raises EventTooLarge, EventUnwritable: then none is written.
    """
    driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    count = 0
    async with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for at, event in entries:
            values = entry_values(at, event)
            await copy.write_row([*(values[name] for name in _COLUMNS[:-1]), "{}"])
            count += 1
    return count
