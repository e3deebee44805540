"""Bring a database to this release's shape. Safe to call from several processes at once."""

from importlib import resources

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text


def migrate(url: str) -> None:
    """Apply every outstanding revision to the database at `url`; does nothing when it is up to date.

    Two processes that start together do not collide: the second waits for the first.
    """
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    config = Config()
    config.set_main_option("script_location", str(resources.files("colleague_migrations")))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(727001)"))
            connection.commit()
            try:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(727001)"))
    finally:
        engine.dispose()
