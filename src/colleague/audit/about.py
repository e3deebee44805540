"""What the ledger says about one person, for the person: what they did, and what was done to them."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from sqlalchemy import or_, select

from colleague.audit.record import Ledger
from colleague.audit.tables import EntryRow
from colleague.kit.db import Session

BATCH: Final = 1000


async def about(session: Session, person: str, *, ledger: Ledger, without: str) -> AsyncIterator[dict[str, Any]]:
    """Give the entries about a person, oldest first, with the fields that are kept under their own key.

    `without`: verbs that begin so are left out. Fields kept under another's key stay closed.
    """
    named = f'%"person":"{person}"%'
    mine = or_(EntryRow.actor == person, EntryRow.subject == person, EntryRow.body.like(named))
    query = select(EntryRow).where(mine, EntryRow.verb.not_like(f"{without}%")).order_by(EntryRow.id).limit(BATCH)
    last = 0
    while rows := (await session.scalars(query.where(EntryRow.id > last))).all():
        for row in rows:
            said = json.loads(row.body)
            said.pop("personal", None)
            own = (said["person"] or said["actor"]) == person
            yield said | ({"personal": await ledger.personal(session, row)} if own else {})
            session.expunge(row)
        last = rows[-1].id
