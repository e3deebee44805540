"""The ledger: appends per second (plain rows, group sealing) beside one durable commit; rows verified per second."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from colleague.audit.event import Event
from colleague.audit.export import export
from colleague.audit.record import Ledger
from colleague.audit.seal import seal
from colleague.audit.signer import Signer
from colleague.audit.tree import leaf_hash
from colleague.audit.verify import verify_database
from colleague.audit.verify_export import verify_export
from colleague.kit.clock import SystemClock
from colleague.kit.db import Database
from colleague.kit.secrets import Secrets
from colleague.testing.postgres import TestPostgres

Row = tuple[str, float, str, str]
WRITERS, EACH, ROUNDS, ROWS = 8, 60, 3, 20_000


async def _rate(work: Callable[[], Awaitable[int]]) -> float:
    """Return the median of things done per second."""
    rates = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        count = await work()
        rates.append(count / (time.perf_counter() - start))
    return statistics.median(rates)


async def _measure(url: str, folder: Path) -> list[Row]:
    database, clock = Database(url, pool_size=WRITERS), SystemClock()
    ledger = Ledger(secrets=Secrets(b"k" * 32), clock=clock)
    signer = Signer(Ed25519PrivateKey.generate())
    event = Event(
        "call.decided", "person_x", subject="call_x", run="run_x", data={"effect": "allow", "why": ["a", "b"]}
    )

    async def bare() -> int:
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE IF NOT EXISTS bare (t text)"))
        return await _all_write(lambda session: session.execute(text("INSERT INTO bare VALUES ('x')")))

    async def _all_write(write: Callable[..., Awaitable[object]]) -> int:
        async def one() -> None:
            for _ in range(EACH):
                async with database.transaction() as session:
                    await write(session)

        await asyncio.gather(*(one() for _ in range(WRITERS)))
        return WRITERS * EACH

    async def appends() -> int:
        count = await _all_write(lambda session: ledger.record(session, event))
        while await seal(database, signer=signer, sink=None, clock=clock):
            pass
        return count

    async def sealed() -> int:
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO ledger_entries (at, verb, actor, subject, run, body, personal) SELECT at, verb, actor, "
                "subject, run, body, personal FROM (SELECT * FROM ledger_entries LIMIT 1) one, generate_series(1, %s)",
                (ROWS,),
            )  # fmt: skip
        count = 0
        while group := await seal(database, signer=signer, sink=None, clock=clock):
            count += group
        return count

    async def verified() -> int:
        return (await verify_database(database, signer.public)).verified

    async def offline() -> int:
        return (await asyncio.to_thread(verify_export, folder, signer.public)).verified

    async def hashes() -> int:
        for _ in range(100_000):
            leaf_hash(b"x" * 250)
        return 100_000

    commits = await _rate(bare)
    appended = await _rate(appends)
    beside = f"{commits:,.0f} bare durable commits/s by the same {WRITERS} writers"
    sealing = await _rate(sealed)
    plain = f"{await _rate(hashes):,.0f} bare SHA-256 leaves/s"
    checked = await _rate(verified)
    await export(database, "person_x", folder, signer=signer, ledger=ledger)
    off = await _rate(offline)
    await database.close()
    return [
        ("append, sealed in groups", appended, "rows/s", beside),
        ("append against a bare commit", commits / appended, "times", "1 durable commit"),
        ("seal what waits", sealing, "rows/s", plain),
        ("verify in the database", checked, "rows/s", plain),
        ("verify an export offline", off, "rows/s", plain),
    ]


def bench() -> list[Row]:
    """Measure on a PostgreSQL that waits for the disk at every commit."""
    with tempfile.TemporaryDirectory() as folder:
        postgres = TestPostgres(Path(folder) / "pg")
        with psycopg.connect(postgres._admin, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("ALTER SYSTEM RESET synchronous_commit")
            connection.execute("SELECT pg_reload_conf()")
        with postgres.database() as url:
            return asyncio.run(_measure(url, Path(folder) / "export"))
