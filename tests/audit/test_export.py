"""An export proves itself offline: whatever is done to its files is found and named, and foreign bytes are refused."""

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.ledgers import OTHER, SIGNER, fill, lines, run

from colleague.audit.event import Event
from colleague.audit.export import export
from colleague.audit.record import Ledger
from colleague.audit.seal import seal
from colleague.audit.tree import leaf_hash
from colleague.audit.verify_export import ExportUnreadable, verify_export
from colleague.kit.db import Database
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def taken(database: Database, ledger: Ledger, tmp_path: Path) -> Path:
    await fill(database, ledger, 3, 3, 2)
    assert await export(database, "person_x", tmp_path / "x", signer=SIGNER, ledger=ledger) == 8
    return tmp_path / "x"


def _put(folder: Path, rows: list[str]) -> None:
    (folder / "entries.jsonl").write_text("\n".join(rows) + "\n", "utf-8")


def _edit(folder: Path, number: int, change: Callable[[dict[str, Any]], None]) -> None:
    rows = lines(folder)
    row = json.loads(rows[number])
    change(row)
    rows[number] = json.dumps(row)
    _put(folder, rows)


def _manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = folder / "manifest.json"
    value = json.loads(file.read_text())
    change(value)
    file.write_text(json.dumps(value))


async def test_an_export_verifies_without_a_database_and_names_the_key(taken: Path) -> None:
    report = verify_export(taken)
    assert report.ok
    assert report.verified == 8
    assert report.key == SIGNER.public.text()
    assert verify_export(taken, SIGNER.public).ok
    wrong = verify_export(taken, OTHER.public)
    assert not wrong.ok
    assert any("not signed by this ledger's key" in f for f in wrong.findings)


async def test_a_changed_text_is_named(taken: Path) -> None:
    _edit(taken, 4, lambda r: r.update(body=r["body"].replace("person_x", "person_y")))
    assert verify_export(taken).sentence.startswith("BROKEN: Entry 4 was altered")


async def test_a_changed_text_with_a_new_hash_is_named_by_its_group(taken: Path) -> None:
    def change(row: dict[str, Any]) -> None:
        row["body"] = row["body"].replace("person_x", "person_y")
        row["leaf"] = leaf_hash(row["body"].encode()).hex()

    _edit(taken, 4, change)
    assert verify_export(taken).sentence.startswith("BROKEN: Entries 3 to 5 do not fit the signed checkpoint 6")


async def test_deleted_swapped_cut_and_added_rows_are_named(taken: Path) -> None:
    rows = lines(taken)
    _put(taken, rows[:3] + rows[4:])
    assert verify_export(taken).sentence.startswith("BROKEN: Entry 3 is missing")
    _put(taken, [*rows[:3], rows[4], rows[3], *rows[5:]])
    assert verify_export(taken).sentence.startswith("BROKEN: Entry 3 is missing: the next one found is 4")
    _put(taken, rows[:-2])
    assert verify_export(taken).sentence.startswith("BROKEN: Entry 6 and all after it are missing")
    extra = {**json.loads(rows[-1]), "seq": 8}
    _put(taken, [*rows, json.dumps(extra)])
    assert verify_export(taken).sentence.startswith("BROKEN: Entry 8 and those after it are numbered, but no signed")
    swapped = [json.loads(r) for r in rows]
    swapped[3]["seq"], swapped[4]["seq"] = 4, 3
    swapped[3], swapped[4] = swapped[4], swapped[3]
    _put(taken, [json.dumps(r) for r in swapped])
    assert verify_export(taken).sentence.startswith("BROKEN: Entry 3 was swapped or replaced")


async def test_an_end_cut_off_with_its_checkpoint_is_seen_by_count_or_witness(taken: Path) -> None:
    rows = lines(taken)
    witnessed = json.loads((taken / "manifest.json").read_text())["checkpoints"]
    _put(taken, rows[:6])
    _manifest(taken, lambda m: m["checkpoints"].pop())
    assert not verify_export(taken).ok
    _manifest(taken, lambda m: m.update(entries=6))
    (taken / "entries.csv").unlink()
    assert verify_export(taken).ok  # nothing inside the folder can know
    assert "speaks of 8 entries" in verify_export(taken, witnessed=witnessed).sentence


async def test_forged_and_missing_checkpoints_are_named(taken: Path) -> None:
    _manifest(taken, lambda m: m["checkpoints"].__setitem__(1, OTHER.sign(6, b"\1" * 32)))
    report = verify_export(taken)
    assert report.findings == ("A checkpoint is not signed by this ledger's key: forged, altered or cut short.",)
    _manifest(taken, lambda m: m.update(checkpoints=[]))
    assert verify_export(taken).sentence.startswith("BROKEN: Entry 0 and those after it are numbered, but no signed")


async def test_the_table_must_say_what_the_sealed_lines_say(taken: Path) -> None:
    text = (taken / "entries.csv").read_text("utf-8")
    (taken / "entries.csv").write_text(text.replace("s1-1", "s1-2", 1), "utf-8")
    assert (
        verify_export(taken).sentence == "BROKEN: Entry 4 says something else in entries.csv than in its sealed text."
    )
    (taken / "entries.csv").write_text(text + text.splitlines()[-1] + "\n", "utf-8")
    assert "more entries than were sealed" in verify_export(taken).sentence


async def test_a_period_is_widened_to_whole_checkpoints_and_verifies(
    database: Database, secrets: Any, tmp_path: Path
) -> None:
    clock = TestClock()
    ledger = Ledger(secrets=secrets, clock=clock)
    for _ in range(5):
        await fill(database, ledger, 3)
        clock.advance(hours=1)
    start = TestClock().now()
    some = tmp_path / "some"
    count = await export(
        database, "x", some, signer=SIGNER, ledger=ledger, since=start + timedelta(hours=1, minutes=-1),
        until=start + timedelta(hours=3),
    )  # fmt: skip
    assert count == 6
    assert [json.loads(r)["seq"] for r in lines(some)] == list(range(3, 9))
    report = verify_export(some, SIGNER.public)
    assert report.ok
    assert report.verified == 6
    witnessed = [r async for r in _notes(database)]
    assert verify_export(some, SIGNER.public, witnessed).ok  # the witness knows more than the part holds
    for period in ({"since": start + timedelta(days=9)}, {"until": start - timedelta(days=9)}):
        assert await export(database, "x", tmp_path / "none", signer=SIGNER, ledger=ledger, **period) == 0
        assert verify_export(tmp_path / "none", SIGNER.public).ok
    _manifest(some, lambda m: m["start"].update(frontier=["00" * 32]))
    with pytest.raises(ExportUnreadable):
        verify_export(some)  # 3 entries need two nodes
    _manifest(some, lambda m: m["start"].update(frontier=["00" * 32] * 2))
    assert any("start of the export" in f for f in verify_export(some).findings)


async def _notes(database: Database) -> Any:
    from sqlalchemy import text

    async with database.transaction() as session:
        for row in await session.execute(text("SELECT note FROM ledger_checkpoints")):
            yield row[0]


async def test_the_export_is_on_record_and_no_cell_becomes_a_formula(
    database: Database, ledger: Ledger, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        await ledger.record(session, Event("a.b", "=cmd|' /C calc'!A0", subject="@SUM(1)"))
    await seal(database, signer=SIGNER, sink=None, clock=TestClock())
    await export(database, "person_reader", tmp_path, signer=SIGNER, ledger=ledger)
    row = list(csv.reader((tmp_path / "entries.csv").read_text("utf-8").splitlines()))[1]
    assert row[3] == "'=cmd|' /C calc'!A0"
    assert row[4] == "'@SUM(1)"
    assert verify_export(tmp_path).ok
    await seal(database, signer=SIGNER, sink=None, clock=TestClock())
    await export(database, "person_reader", tmp_path, signer=SIGNER, ledger=ledger)
    assert '\\"verb\\":\\"ledger.exported\\"' in lines(tmp_path)[1]
    assert "person_reader" in lines(tmp_path)[1]


async def test_an_export_that_was_cut_off_does_not_look_whole(taken: Path, database: Database, ledger: Ledger) -> None:
    await run(database, "UPDATE ledger_entries SET body = 'no json' WHERE seq = 7")
    with pytest.raises(ValueError, match="Expecting value"):
        await export(database, "x", taken, signer=SIGNER, ledger=ledger)
    with pytest.raises(ExportUnreadable):
        verify_export(taken)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(manifest=st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["public_key", "checkpoints", "start", "size", "frontier", "entries"]), inner, max_size=6),
    max_leaves=8).map(lambda v: json.dumps(v).encode())), rows=st.binary(max_size=200))  # fmt: skip
def test_foreign_bytes_are_refused_in_words(tmp_path: Path, manifest: bytes, rows: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(manifest)
    (tmp_path / "entries.jsonl").write_bytes(rows)
    try:
        report = verify_export(tmp_path)
    except ExportUnreadable:
        return
    assert not report.ok or report.verified == 0
