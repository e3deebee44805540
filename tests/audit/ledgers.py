"""Shared by the tests of the ledger: fill it, seal it, tamper with it as an administrator of the database would."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.seal import seal
from colleague.audit.signer import Signer
from colleague.audit.sink import Sink
from colleague.audit.verify import Report, verify_database
from colleague.kit.db import Database
from colleague.testing.clock import TestClock

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"s" * 32))
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(b"o" * 32))
TABLES = ("ledger_entries", "ledger_checkpoints")


async def fill(
    database: Database, ledger: Ledger, *groups: int, sink: Sink | None = None, word: str = "thing.done"
) -> None:
    """Record and seal groups of entries."""
    for group, count in enumerate(groups):
        async with database.transaction() as session:
            for number in range(count):
                await ledger.record(session, Event(word, "person_x", subject=f"s{group}-{number}", data={"n": number}))
        assert await seal(database, signer=SIGNER, sink=sink, clock=TestClock()) == count


async def run(database: Database, *statements: str, **values: Any) -> None:
    """Execute SQL past all doors."""
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement), values)


async def check(database: Database, witnessed: Sequence[str] = ()) -> Report:
    """Verify with the right key."""
    return await verify_database(database, SIGNER.public, witnessed)


def dump(url: str) -> dict[str, bytes]:
    """Copy the ledger's tables out, as pg_dump does."""
    with psycopg.connect(url) as connection:
        result = {}
        for table in TABLES:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:  # type: ignore[arg-type]
                result[table] = b"".join(bytes(piece) for piece in copy)
        return result


def restore(url: str, dumped: dict[str, bytes]) -> None:
    """Put an earlier copy back in the place of what is there."""
    with psycopg.connect(url) as connection:
        for table in TABLES:
            connection.execute(f"TRUNCATE {table}")  # type: ignore[arg-type]
            with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:  # type: ignore[arg-type]
                copy.write(dumped[table])


def lines(folder: Path) -> list[str]:
    """Return the lines of an export."""
    return (folder / "entries.jsonl").read_text("utf-8").splitlines()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it has come to that."""
    for _ in range(6000):
        if await condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came to that")
