"""Bring a database to this release's shape. Safe to call from several processes at once."""

from functools import cache
from importlib import resources

from sqlalchemy import Connection, create_engine, text

from colleague.kit.errors import Conflict

REVISIONS = resources.files("colleague_migrations")


class NewerDatabase(Conflict):
    """The database belongs to a newer release than this program: install that release here too. Nothing was changed."""


@cache
def known() -> frozenset[str]:
    """Return this release's revisions: each file bears its number (tests/house/test_migrations.py)."""
    names = (file.name[:4] for file in REVISIONS.joinpath("versions").iterdir())
    return frozenset(name for name in names if name.isdecimal())


def newest() -> str:
    """Return this release's newest revision."""
    return max(known())


def _stands_at(connection: Connection) -> str:
    """Return the revision of a database, "" of an empty one."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def migrate(url: str) -> None:
    """Apply every outstanding revision to the database at `url`; does nothing when it is up to date.

    Two processes that start together do not collide: the second waits for the first. Raises NewerDatabase.
    """
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with engine.connect() as connection:
            there = _stands_at(connection)
            if there == newest():
                return
            if there and there not in known():
                raise NewerDatabase
            # Here, not at the top: a database that is up to date needs neither Alembic nor what the revisions say.
            from alembic import command
            from alembic.config import Config

            connection.execute(text("SELECT pg_advisory_lock(727001)"))
            connection.commit()
            try:
                config = Config()
                config.set_main_option("script_location", str(REVISIONS))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(727001)"))
    finally:
        engine.dispose()
