"""A refused attempt to change what the organisation enforces is on record (CT-3), in a transaction of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.db import Database, Session
from colleague.kit.errors import Conflict, Forbidden


@asynccontextmanager
async def changing(database: Database, actor: Actor, what: str, ledger: Ledger) -> AsyncIterator[Session]:
    """Give a transaction for a change of `what`; if it is refused to this person, put that on record and go on raising.

    `what` is a word of ours (settings, proposal, document), never what somebody typed.
    """
    try:
        async with database.transaction() as session:
            yield session
    except (Forbidden, Conflict) as refused:
        facts = {"what": what, "code": refused.code, "via": actor.via}
        async with database.transaction() as session:
            await ledger.record(session, Event("governance.change_refused", actor.id, subject="governance", data=facts))
        raise
