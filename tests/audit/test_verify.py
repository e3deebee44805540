"""Whatever is done to the sealed rows of the database is found, and the first broken row is named."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.audit.ledgers import OTHER, SIGNER, check, dump, fill, restore, run

from colleague.audit.export import export
from colleague.audit.record import Ledger
from colleague.audit.seal import LedgerDamaged, seal
from colleague.audit.sink import FolderSink
from colleague.audit.tree import Frontier, leaf_hash
from colleague.audit.verify import verify_database
from colleague.kit.db import Database
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio
E, C = "ledger_entries", "ledger_checkpoints"


async def test_an_untouched_ledger_is_intact_and_says_what_still_waits(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3, 1, 4)
    report = await check(database)
    assert report.ok
    assert report.verified == 8
    assert report.sentence == "intact to entry 8"
    await run(database, f"UPDATE {C} SET witnessed = witnessed")  # touching is not tampering
    async with database.transaction() as session:
        from colleague.audit.event import Event

        await ledger.record(session, Event("a.b", "x"))
    assert (await check(database)).sentence == "intact to entry 8, 1 wait to be sealed"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (f"UPDATE {E} SET body = replace(body, 'person_x', 'person_y') WHERE seq = 4", "Entry 4 was altered"),
        (f"UPDATE {E} SET body = body || ' ' WHERE seq = 0", "Entry 0 was altered"),
        (f"UPDATE {E} SET leaf = set_byte(leaf, 5, get_byte(leaf, 5) # 1) WHERE seq = 7", "Entry 7 was altered"),
        (f"DELETE FROM {E} WHERE seq = 5", "Entry 5 is missing"),
        (f"DELETE FROM {E} WHERE seq = 0", "Entry 0 is missing"),
        (f"DELETE FROM {E} WHERE seq >= 6", "Entry 6 and all after it are missing"),
        (f"DELETE FROM {E}", "Entry 0 and all after it are missing"),
        (f"UPDATE {E} SET actor = 'nobody' WHERE seq = 3", "Entry 3 was altered: its column «actor»"),
        (f"UPDATE {E} SET verb = 'nice.thing_done' WHERE seq = 3", "Entry 3 was altered: its column «verb»"),
        (f"UPDATE {E} SET at = at + interval '1 microsecond' WHERE seq = 2", "Entry 2 was altered: its column «at»"),
        (f"UPDATE {E} SET run = 'run_b' WHERE seq = 2", "Entry 2 was altered: its column «run»"),
        (f"UPDATE {E} SET subject = '' WHERE seq = 2", "Entry 2 was altered: its column «subject»"),
        (f"UPDATE {C} SET note = replace(note, '8', '9') WHERE size = 8", "A checkpoint is not signed"),
        (f"DELETE FROM {C} WHERE size = 8", "Entry 6 and those after it are numbered, but no signed checkpoint"),
        (f"DELETE FROM {C}", "Entry 0 and those after it are numbered, but no signed checkpoint"),
        (f"UPDATE {C} SET frontier = '[]' WHERE size = 8", "The checkpoint 8 was altered"),
        (f"UPDATE {C} SET size = 9 WHERE size = 8", "The checkpoint 9 was altered"),
    ],
)
async def test_a_change_is_named(database: Database, ledger: Ledger, statement: str, says: str) -> None:
    await fill(database, ledger, 3, 3, 2)
    await run(database, statement)
    report = await check(database)
    assert not report.ok
    assert any(f.startswith(says) for f in report.findings), report.findings


async def test_a_row_changed_together_with_its_hash_and_column_is_named_by_its_group(
    database: Database, ledger: Ledger
) -> None:
    await fill(database, ledger, 3, 3, 2)
    async with database.transaction() as session:
        body = str(await session.scalar(text(f"SELECT body FROM {E} WHERE seq = 4"))).replace("person_x", "person_y")
    await run(
        database, f"UPDATE {E} SET body = :b, leaf = :l, actor = 'person_y' WHERE seq = 4", b=body,
        l=leaf_hash(body.encode()),
    )  # fmt: skip
    report = await check(database)
    assert report.sentence.startswith("BROKEN: Entries 3 to 5 do not fit the signed checkpoint 6")
    assert report.verified == 3


async def test_two_swapped_rows_are_named(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 4, 4)
    swap = f"UPDATE {E} SET seq = CASE seq WHEN -1 THEN 6 ELSE 5 END WHERE seq IN (-1, 6)"
    await run(database, f"UPDATE {E} SET seq = -1 WHERE seq = 5", swap.replace("ELSE 5", "ELSE 100"),
              f"UPDATE {E} SET seq = 5 WHERE seq = 100")  # fmt: skip
    assert (await check(database)).sentence.startswith("BROKEN: Entry 5 was swapped or replaced")


async def test_a_row_deleted_and_the_rest_renumbered_is_found(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3, 3, 2)
    await run(database, f"DELETE FROM {E} WHERE seq = 4")
    for number in (5, 6, 7):
        await run(database, f"UPDATE {E} SET seq = {number - 1} WHERE seq = {number}")
    assert "Entries 3 to 5 do not fit the signed checkpoint 6" in (await check(database)).sentence


async def test_a_row_slipped_in_at_the_end_is_found(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3)
    await run(
        database,
        f"INSERT INTO {E} (seq, at, verb, actor, subject, run, body, personal, leaf) "
        f"SELECT 3, at, verb, actor, subject, run, body, personal, leaf FROM {E} WHERE seq = 2",
    )
    assert (await check(database)).sentence.startswith("BROKEN: Entry 3 and those after it are numbered")


async def test_a_sealed_row_cannot_be_unsealed_and_changed(database: Database, ledger: Ledger, tmp_path: Path) -> None:
    sink = FolderSink(tmp_path)
    await fill(database, ledger, 3, 2, sink=sink)
    await run(database, f"UPDATE {E} SET seq = NULL WHERE seq >= 3", f"DELETE FROM {C} WHERE size = 5")
    assert "was sealed once and has lost its number" in (await check(database)).sentence
    # Even if the sequencer then seals another text, the witness knows what stood there.
    await run(database, f"UPDATE {E} SET body = replace(body, 'person_x', 'person_y'), actor = 'person_y' "
                        "WHERE seq IS NULL")  # fmt: skip
    await seal(database, signer=SIGNER, sink=sink, clock=TestClock())
    report = await check(database, await sink.all())
    assert report.sentence.startswith("BROKEN: Entries 3 to 4 do not fit the signed checkpoint 5")


async def test_a_truncated_tail_with_its_checkpoints_is_seen_through_the_witness(
    database: Database, ledger: Ledger, tmp_path: Path
) -> None:
    sink = FolderSink(tmp_path)
    await fill(database, ledger, 3, 3, 2, sink=sink)
    await run(database, f"DELETE FROM {E} WHERE seq >= 3", f"DELETE FROM {C} WHERE size > 3")
    assert (await check(database)).ok  # nothing inside the database can know
    report = await check(database, await sink.all())
    assert report.sentence.startswith("BROKEN: Entry 3 and all after it are missing: a signed checkpoint speaks of 8")


async def test_an_older_copy_put_back_is_seen_through_the_witness_even_when_it_grew_again(
    database: Database, ledger: Ledger, database_url: str, tmp_path: Path
) -> None:
    sink = FolderSink(tmp_path)
    await fill(database, ledger, 3, sink=sink)
    old = dump(database_url)
    await fill(database, ledger, 2, 2, sink=sink, word="bad.deed_done")
    restore(database_url, old)
    assert "speaks of 7 entries" in (await check(database, await sink.all())).sentence
    await fill(database, ledger, 6, sink=sink, word="nothing.happened")
    assert (await check(database)).ok
    report = await check(database, await sink.all())
    assert report.sentence.startswith("BROKEN: Entries 3 to 4 do not fit the signed checkpoint 5")


async def test_a_ledger_signed_anew_with_another_key_is_found(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3)
    await run(database, f"UPDATE {E} SET seq = NULL, leaf = NULL", f"DELETE FROM {C}")
    await seal(database, signer=OTHER, sink=None, clock=TestClock())
    assert (await verify_database(database, OTHER.public)).ok
    report = await check(database)
    assert any("not signed by this ledger's key" in f for f in report.findings)
    assert report.sentence.startswith("BROKEN: Entry 0 and those after it are numbered, but no signed checkpoint")


async def test_a_forged_checkpoint_does_not_hide_the_broken_row(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3, 3)
    forged = OTHER.sign(6, b"\0" * 32)
    await run(database, f"UPDATE {C} SET note = :n WHERE size = 3", n=forged)
    await run(database, f"UPDATE {E} SET body = body || ' ' WHERE seq = 1")
    findings = (await check(database)).findings
    assert findings[0].startswith("Entry 1 was altered")
    assert "not signed by this ledger's key" in findings[1]


async def test_nothing_is_sealed_onto_an_altered_checkpoint(database: Database, ledger: Ledger) -> None:
    await fill(database, ledger, 3)
    wrong = Frontier()
    for number in range(3):
        wrong.append(leaf_hash(b"%d" % number))
    nodes = json.dumps([n.hex() for n in wrong.nodes])
    await run(database, f"UPDATE {C} SET frontier = CAST(:f AS jsonb)", f=nodes)
    from colleague.audit.event import Event

    async with database.transaction() as session:
        await ledger.record(session, Event("a.b", "x"))
    with pytest.raises(LedgerDamaged):
        await seal(database, signer=SIGNER, sink=None, clock=TestClock())
    report = await check(database)
    assert report.unsealed == 1
    assert report.sentence.startswith("BROKEN: The checkpoint 3 was altered")


async def test_a_lost_signing_key_stops_sealing_instead_of_starting_another_chain(
    database: Database, ledger: Ledger
) -> None:
    await fill(database, ledger, 2)
    async with database.transaction() as session:
        from colleague.audit.event import Event

        await ledger.record(session, Event("a.b", "x"))
    with pytest.raises(LedgerDamaged):
        await seal(database, signer=OTHER, sink=None, clock=TestClock())
    assert (await check(database)).verified == 2


async def test_verifying_while_others_seal_raises_no_false_alarm(
    database: Database, ledger: Ledger, tmp_path: Path
) -> None:
    import asyncio

    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await fill(database, ledger, 2)

    writer = asyncio.create_task(write())
    try:
        for _ in range(25):
            report = await check(database)
            assert report.ok, report.findings
    finally:
        stop.set()
        await writer
    await export(database, "person_x", tmp_path, signer=SIGNER, ledger=ledger)
