"""An event is written in the transaction of its change: both stand, or neither."""

import pytest
from sqlalchemy import text

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.kit.db import Database

pytestmark = pytest.mark.anyio


async def test_a_rolled_back_change_leaves_no_entry(database: Database, ledger: Ledger) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await ledger.record(session, Event("task.created", actor="person_x"))
            raise RuntimeError
    async with database.transaction() as session:
        await ledger.record(session, Event("task.created", actor="person_y"))
    async with database.transaction() as session:
        rows = (await session.execute(text("SELECT actor FROM ledger_entries"))).all()
    assert [r[0] for r in rows] == ["person_y"]
