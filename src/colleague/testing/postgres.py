"""A real PostgreSQL for tests: one embedded server for the whole run, a fresh migrated database for each test."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
from psycopg import sql
from sqlalchemy.util import LRUCache

from colleague.kit import embedded
from colleague.kit.db import Database
from colleague.kit.migrate import migrate

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the name is drawn by mkdtemp, and the folder is ours alone.
ROOM: Final = 2_000_000_000


def in_memory(name: str) -> Path | None:
    """Return a new folder whose files stay in memory; None where the system gives no such place, or less than 2 GB.

    A database is a thousand files: making them takes 0.02 s there and 0.2 to 0.8 s on some disks. Folders that killed
    processes left under the same `name` are removed.
    """
    try:
        for old in MEMORY.glob(f"{name}-*-*"):
            if not psutil.pid_exists(int(old.name.split("-")[-2])):
                shutil.rmtree(old, ignore_errors=True)
        if shutil.disk_usage(MEMORY).free < ROOM:
            return None
        return Path(tempfile.mkdtemp(prefix=f"{name}-{os.getpid()}-", dir=MEMORY))
    except (OSError, ValueError):
        return None


# The first engine's dialect, and what was compiled for it.
_COMPILED: list[tuple[Any, LRUCache[Any, Any]]] = []


def share_statements(database: Database) -> None:
    """Let a database use the statements that others of this process have compiled, all of them of one server.

    Each engine compiles what it asks for the first time: in tests, where each house has its own, that was a tenth of
    the whole.
    """
    engine = database.engine.sync_engine
    if not _COMPILED:
        _COMPILED.append((engine.dialect, LRUCache(3000)))
    dialect, compiled = _COMPILED[0]
    # Until it has seen the server, a dialect does not know which SQL it may write.
    if engine.dialect is dialect or dialect.server_version_info:
        engine.dialect, engine._compiled_cache = dialect, compiled


class TestPostgres:
    """One server; `database()` gives throw-away copies of a migrated template."""

    __test__ = False

    def __init__(self, folder: Path) -> None:
        """Start (or find) the server of `folder`; a second process of the same run shares it."""
        self._admin = embedded.start(folder)
        with psycopg.connect(self._admin, autocommit=True) as connection:
            # Nothing here must survive a crash, so do not wait for the disk.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("ALTER SYSTEM SET max_wal_size = '256MB'")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("SELECT pg_advisory_lock(727002)")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'template_colleague'").fetchone():
                connection.execute("CREATE DATABASE building")
                migrate(self._url("building"))
                connection.execute("ALTER DATABASE building RENAME TO template_colleague")

    def _url(self, name: str) -> str:
        return self._admin.replace("/postgres?", f"/{name}?", 1)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Give the address of a fresh, migrated, empty database; drop it afterwards."""
        name = f"t_{secrets.token_hex(6)}"
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(727003)")
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE template_colleague STRATEGY file_copy")
            connection.execute(copy.format(sql.Identifier(name)))
        try:
            yield self._url(name)
        finally:
            with psycopg.connect(self._admin, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
