"""Many entries at once are the very rows that one at a time would have been."""

import pytest
from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.many import record_many
from colleague.audit.record import EventTooLarge, EventUnwritable, Ledger
from colleague.audit.tables import EntryRow
from colleague.kit.db import Database
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio
EVENTS = (
    Event("task.delegated", "person_a", subject="task_1", run="run_1", data={"channel": "page"}),
    Event("skill.used", "agent", subject="s", run="run_1", data={"name": "Ä\n\t\\ \u2028", "approved": True}),
    Event("seat.given", "system", subject="person_b", person="person_b"),
)


async def test_they_are_the_same_rows(database: Database, ledger: Ledger, clock: TestClock) -> None:
    async with database.transaction() as session:
        for event in EVENTS:
            await ledger.record(session, event)
        assert await record_many(session, ((clock.now(), event) for event in EVENTS)) == 3
    async with database.transaction() as session:
        rows = list(await session.scalars(select(EntryRow).order_by(EntryRow.id)))
    told = [(r.at, r.verb, r.actor, r.subject, r.run, r.body, r.personal, r.seq) for r in rows]
    assert told[:3] == told[3:]


@pytest.mark.parametrize(
    ("event", "refusal"),
    [(Event("x.y", "a\x00"), EventUnwritable), (Event("x.y", "a", data={"a": "x" * 17_000}), EventTooLarge),
     (Event("x.y", "a", data={"a": float("nan")}), EventUnwritable)],
)  # fmt: skip
async def test_one_that_cannot_be_written_and_none_is(
    database: Database, clock: TestClock, event: Event, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        async with database.transaction() as session:
            await record_many(session, [(clock.now(), EVENTS[0]), (clock.now(), event)])
    async with database.transaction() as session:
        assert (await session.scalars(select(EntryRow))).all() == []
