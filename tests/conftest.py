"""Fixtures of every suite: a real PostgreSQL, the clock, the ledger."""

import atexit
import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from colleague.audit.record import Ledger
from colleague.kit.db import Database
from colleague.kit.secrets import Secrets
from colleague.testing.clock import TestClock
from colleague.testing.postgres import TestPostgres, in_memory, share_statements

# Where the database of this run lies; its processes (xdist) inherit it from the first one.
PLACE = "TEST_POSTGRES_FOLDER"

# The same examples each time, however long a machine takes for one: a run that fails fails again.
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_configure() -> None:
    """Keep the database of a run in memory where there is room for it; it goes with the run."""
    gc.disable()  # Until everything is imported.
    if PLACE not in os.environ and (folder := in_memory("colleague-tests")):
        os.environ[PLACE] = str(folder)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later search for garbage: it was a sixth of the whole time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: no worker then has one of them left at the end."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    long |= {item.path for item in items if item.path.parent.name in ("cli", "e2e")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> TestPostgres:
    base = tmp_path_factory.getbasetemp()
    # Workers of one run (xdist) share the parent folder, and so the server.
    folder = os.environ.get(PLACE) or (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    return TestPostgres(Path(folder) / "pg")


@pytest.fixture
def database_url(postgres: TestPostgres) -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    share_statements(database)
    yield database
    await database.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def secrets() -> Secrets:
    return Secrets(b"k" * 32)


@pytest.fixture
def ledger(secrets: Secrets, clock: TestClock) -> Ledger:
    return Ledger(secrets=secrets, clock=clock)
