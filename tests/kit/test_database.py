"""The database has the shape the code knows; several may start it and bring it up to date at once."""

import asyncio
import os
import sys
import time
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

import colleague.bootstrap  # noqa: F401 (brings in the tables of every slice)
from colleague.kit.db import Base, Database, advisory_lock, beside
from colleague.kit.migrate import NewerDatabase, migrate
from colleague.testing.postgres import TestPostgres

pytestmark = pytest.mark.anyio
START = (
    "import sys; from pathlib import Path; from colleague.kit.embedded import start; import psycopg; "
    "url = start(Path(sys.argv[1])); print(psycopg.connect(url).execute('SELECT 41 + 1').fetchone()[0], flush=True); "
    "sys.stdin.readline()"
)


def test_the_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        ours = set(Base.metadata.tables)

        def include(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
            return not (
                kind == "table"
                and reflected
                and name not in ours
                and str(name).startswith(("procrastinate", "alembic"))
            )

        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": include})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_migrating_again_and_by_two_at_once_changes_nothing(postgres: TestPostgres) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with postgres.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(migrate, [url] * 3))
        migrate(url)
        # A program that is older than the database says so, and changes nothing.
        with psycopg.connect(url, autocommit=True) as connection:
            (newest,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
            connection.execute("UPDATE alembic_version SET version_num = 'later'")
            with pytest.raises(NewerDatabase, match="newer release"):
                migrate(url)
            connection.execute("UPDATE alembic_version SET version_num = %s", [newest])
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
        with engine.connect() as connection:
            heads = connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one()
            # Of this database only: the server has others.
            held = (
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            locks = connection.execute(text(held)).scalar_one()
        engine.dispose()
    assert (heads, locks) == (1, 0)


def test_there_is_one_head() -> None:
    from importlib import resources

    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(resources.files("colleague_migrations")))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


async def _start(folder: Path) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, str(folder), stdin=pipe, stdout=pipe, stderr=pipe
    )


async def _answer(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    assert process.stderr is not None
    return await asyncio.wait_for(process.stdout.readline(), 300) or await process.stderr.read()


@pytest.mark.slow
async def test_two_processes_share_one_embedded_server_also_after_a_crash(tmp_path: Path) -> None:
    first, second = await asyncio.gather(_start(tmp_path), _start(tmp_path))  # both at once, on an empty folder
    assert await asyncio.gather(_answer(first), _answer(second)) == [b"42\n", b"42\n"]
    pid = int((tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    await first.communicate(b"\n")
    os.kill(pid, 0)  # the other still needs it
    third = await _start(tmp_path)
    assert await _answer(third) == b"42\n"
    for process in (second, third):
        process.kill()
        await process.communicate()
    # The server is killed: its pid file stays.
    try:
        os.kill(pid, 9)
        await asyncio.sleep(0.5)
    except ProcessLookupError:
        pass
    last = await _start(tmp_path)
    assert await _answer(last) == b"42\n"
    await last.communicate(b"\n")
    for _ in range(1200):
        if not (tmp_path / "postgres" / "postmaster.pid").exists():
            break
        await asyncio.sleep(0.1)
    assert not (tmp_path / "postgres" / "postmaster.pid").exists(), "the last one out stops the server"


@pytest.mark.slow
async def test_a_stale_pid_file_that_names_another_program_does_not_keep_the_database_away(tmp_path: Path) -> None:
    first = await _start(tmp_path)
    assert await _answer(first) == b"42\n"
    await first.communicate(b"\n")
    file = tmp_path / "postgres" / "postmaster.pid"
    for _ in range(1200):
        if not file.exists():
            break
        await asyncio.sleep(0.1)
    # A container starts anew: the old file names a number that is our own by now.
    file.write_text(f"{os.getpid()}\n{tmp_path / 'postgres'}\n1\n5432\n{tmp_path / 'postgres'}\n\n  1 1\nready   \n")
    second = await _start(tmp_path)
    assert await _answer(second) == b"42\n"
    await second.communicate(b"\n")


async def test_a_process_frozen_in_a_transaction_does_not_hold_its_locks(database_url: str) -> None:
    frozen, other = Database(database_url, idle=0.5), Database(database_url)
    try:
        with pytest.raises(DBAPIError):
            async with frozen.transaction() as session:
                await advisory_lock(session, 4711)
                async with asyncio.timeout(120), other.transaction() as second:
                    await advisory_lock(second, 4711)
                await session.execute(text("SELECT 1"))
        async with frozen.transaction() as session:
            assert await session.scalar(text("SELECT 1")) == 1
    finally:
        await frozen.close()
        await other.close()


async def test_long_arithmetic_beside_an_open_transaction_does_not_end_it(database_url: str) -> None:
    impatient = Database(database_url, idle=0.2)
    try:
        async with impatient.transaction() as session:
            await advisory_lock(session, 4712)
            await beside(session, time.sleep, 0.6)
            assert await session.scalar(text("SELECT 1")) == 1
        # It is so for that transaction alone.
        async with impatient.transaction() as session:
            assert await session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "200ms"
    finally:
        await impatient.close()
