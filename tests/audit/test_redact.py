"""Personal fields are ciphertext beside a salted commitment; erasing their person erases the text, not the proof."""

import json
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.ledgers import SIGNER, check, run

from colleague.audit.event import Event
from colleague.audit.export import export
from colleague.audit.read import Entry, entries
from colleague.audit.record import Ledger
from colleague.audit.redact import ALTERED, ERASED, hide, reveal
from colleague.audit.seal import seal
from colleague.audit.verify_export import verify_export
from colleague.kit.db import Database
from colleague.testing.clock import TestClock

pytestmark = pytest.mark.anyio
NAME = "Marguerite Unmistakable"


async def _add(database: Database, ledger: Ledger, person: str, name: str = NAME) -> None:
    async with database.transaction() as session:
        event = Event(
            "person.added", "person_boss", subject=person, person=person, personal={"name": name, "mail": name}
        )
        await ledger.record(session, event)
    await seal(database, signer=SIGNER, sink=None, clock=TestClock())


async def _seen(database: Database, ledger: Ledger, person: str) -> Entry:
    async with database.transaction() as session:
        return (await entries(session, "r", ledger=ledger, verb="person.added", subject=person))[0]


def _everything(url: str) -> bytes:
    """All rows of all tables, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        out = b""
        for (table,) in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                out += b"".join(bytes(piece) for piece in copy)
        return out


async def test_the_text_is_nowhere_in_the_database_nor_in_an_export(
    database: Database, database_url: str, ledger: Ledger, tmp_path: Path
) -> None:
    await _add(database, ledger, "person_p")
    assert b"Unmistakable" not in _everything(database_url)
    await export(database, "x", tmp_path, signer=SIGNER, ledger=ledger)
    assert not any(b"Unmistakable" in file.read_bytes() for file in tmp_path.iterdir())
    assert (await _seen(database, ledger, "person_p")).personal == {"name": NAME, "mail": NAME}


async def test_after_erasure_the_row_verifies_and_the_field_reads_erased(
    database: Database, ledger: Ledger, tmp_path: Path
) -> None:
    await _add(database, ledger, "person_p")
    await _add(database, ledger, "person_q")
    async with database.transaction() as session:
        await ledger.erase(session, "person_boss", "person_p")
    assert (await _seen(database, ledger, "person_p")).personal == {"name": ERASED, "mail": ERASED}
    assert (await _seen(database, ledger, "person_q")).personal["name"] == NAME
    await seal(database, signer=SIGNER, sink=None, clock=TestClock())
    assert (await check(database)).ok
    await export(database, "x", tmp_path, signer=SIGNER, ledger=ledger)
    assert verify_export(tmp_path, SIGNER.public).ok
    async with database.transaction() as session:
        (gone,) = await entries(session, "r", ledger=ledger, verb="person.fields_erased")
    assert gone.subject == "person_p"
    assert gone.actor == "person_boss"


async def test_what_is_written_about_an_erased_person_stays_erased(database: Database, ledger: Ledger) -> None:
    async with database.transaction() as session:
        await ledger.erase(session, "person_boss", "person_new")  # before anything was known of them
    await _add(database, ledger, "person_new")
    assert (await _seen(database, ledger, "person_new")).personal["name"] == ERASED
    async with database.transaction() as session:
        await ledger.erase(session, "person_boss", "person_new")  # twice harms nothing
    assert (await check(database)).ok


async def test_equal_texts_do_not_look_equal(database: Database, ledger: Ledger, database_url: str) -> None:
    await _add(database, ledger, "person_p")
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT body, personal FROM ledger_entries").fetchone()
    assert row is not None
    commitments = json.loads(row[0])["personal"]
    assert commitments["name"] != commitments["mail"]
    assert row[1]["name"] != row[1]["mail"]


@pytest.mark.parametrize("change", [
    "personal = jsonb_set(personal, '{name}', '\"AAAA\"')", "personal = '{}'",
    "personal = jsonb_set(personal, '{name}', personal->'mail')", "personal = jsonb_set(personal, '{name}', '7')",
    "personal = jsonb_set(personal, '{name}', '\"?\"')",
])  # fmt: skip
async def test_a_ciphertext_that_was_changed_reads_altered(database: Database, ledger: Ledger, change: str) -> None:
    await _add(database, ledger, "person_p")
    await run(database, f"UPDATE ledger_entries SET {change}")
    assert (await _seen(database, ledger, "person_p")).personal["name"] == ALTERED


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=50), max_size=4))
def test_what_is_hidden_comes_back_only_with_its_key_and_name(fields: dict[str, str]) -> None:
    commitments, sealed = hide(fields, b"k" * 32)
    for name, text in fields.items():
        assert reveal(name, sealed[name], commitments[name], b"k" * 32) == text
        assert reveal(name + "x", sealed[name], commitments[name], b"k" * 32) == ALTERED
        assert reveal(name, sealed[name], commitments[name], b"o" * 32) == ALTERED
        assert reveal(name, sealed[name], "00" * 32, b"k" * 32) == ALTERED
        assert reveal(name, None, commitments[name], None) == ERASED
