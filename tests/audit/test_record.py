"""An event is written in the transaction of its change: both stand, or neither. What cannot be written is refused."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.audit.ledgers import run

from colleague.audit.event import Event
from colleague.audit.read import entries
from colleague.audit.record import EventTooLarge, EventUnwritable, Ledger
from colleague.kit.db import Database

pytestmark = pytest.mark.anyio


async def _count(database: Database, table: str = "ledger_entries") -> int:
    async with database.transaction() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


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


@pytest.mark.parametrize("block", [
    "CREATE RULE no AS ON INSERT TO ledger_entries DO INSTEAD NOTHING",
    "ALTER TABLE ledger_entries RENAME TO gone",
    "ALTER TABLE ledger_entries ADD CONSTRAINT no CHECK (false) NOT VALID",
    "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$\n"
    "CREATE TRIGGER no BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION no()",
])  # fmt: skip
async def test_where_the_ledger_cannot_be_written_the_change_is_not_made(
    database: Database, ledger: Ledger, block: str
) -> None:
    await run(database, *block.split("\n"))
    with pytest.raises(Exception):  # noqa: B017 (which one is the database's matter; that nothing was done is ours)
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO blobs (sha256, content) VALUES ('x', 'x')"))
            await ledger.record(session, Event("blob.put", actor="person_x"))
    assert await _count(database, "blobs") == 0


async def test_a_read_only_database_refuses_in_the_same_way(database_url: str, ledger: Ledger) -> None:
    database = Database(database_url + "&options=-c%20default_transaction_read_only%3Don")
    try:
        with pytest.raises(DBAPIError):
            async with database.transaction() as session:
                await ledger.record(session, Event("a.b", "x"))
    finally:
        await database.close()


@pytest.mark.parametrize("event", [
    Event("a.b", "x", data={"n": float("nan")}), Event("a.b", "x", data={"n": object()}),
    Event("a.b", "x", data={"t": "\ud800"}), Event("a.b", "\ud800"), Event("a.b", "x", subject="a\x00b"),
    Event("a.b", "x", run="\x00"), Event("a.b", "x", data={"n": 10**5000}), Event("a.b", "x", personal={"n": "\udfff"}),
])  # fmt: skip
async def test_what_cannot_be_kept_is_refused_in_words(database: Database, ledger: Ledger, event: Event) -> None:
    with pytest.raises(EventUnwritable, match="cannot be put on record"):
        async with database.transaction() as session:
            await ledger.record(session, event)
    assert await _count(database) == 0


async def test_an_entry_holds_facts_and_is_bounded_in_bytes(database: Database, ledger: Ledger) -> None:
    with pytest.raises(EventTooLarge):
        async with database.transaction() as session:
            await ledger.record(session, Event("a.b", "x", data={"t": "€" * 6_000}))


async def test_odd_but_proper_values_come_back_as_they_went_in(database: Database, ledger: Ledger) -> None:
    facts = {"big": 2**80, "small": 5e-324, "zero": -0.0, "text": "\x00\u2028é\U0001f600\\u0000", "": [None, True, {}]}
    async with database.transaction() as session:
        await ledger.record(session, Event("a.b", "Ω", subject="\u202e%_\\", data=facts))
    async with database.transaction() as session:
        (entry,) = await entries(session, "person_r", ledger=ledger)
    assert dict(entry.data) == facts
    assert (entry.actor, entry.subject) == ("Ω", "\u202e%_\\")


async def test_who_reads_the_ledger_is_in_the_ledger(database: Database, ledger: Ledger) -> None:
    for _ in range(2):
        async with database.transaction() as session:
            seen = await entries(session, "person_r", ledger=ledger, verb="led", actor="person_r", limit=10)
    assert [(e.verb, e.actor) for e in seen] == [("ledger.read", "person_r")]
    assert seen[0].data == {"filters": {"verb": "led", "actor": "person_r"}, "entries": 0}


async def test_filters_take_words_as_words(database: Database, ledger: Ledger) -> None:
    async with database.transaction() as session:
        for verb in ("call.made", "callxmade", "call_made"):
            await ledger.record(session, Event(verb, "x"))
    async with database.transaction() as session:
        assert [e.verb for e in await entries(session, "r", ledger=ledger, verb="call_")] == ["call_made"]
        assert await entries(session, "r", ledger=ledger, actor="x' OR 1=1 --") == []


async def test_two_first_events_of_one_person_at_once_share_one_key(database: Database, ledger: Ledger) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            event = Event("person.added", "x", person="person_p", personal={"name": f"Pia {number}"})
            await ledger.record(session, event)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(write(n) for n in range(8)))
    async with database.transaction() as session:
        seen = await entries(session, "r", ledger=ledger, verb="person.added")
    assert sorted(e.personal["name"] for e in seen) == [f"Pia {n}" for n in range(8)]
