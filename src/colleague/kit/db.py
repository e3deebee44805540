"""The database: one engine, one way to open a transaction, one place that commits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, ParamSpec, TypeVar

from sqlalchemy import DateTime, MetaData, make_url, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

Session = AsyncSession
P = ParamSpec("P")
T = TypeVar("T")
PATIENCE: Final = 1800


class Base(DeclarativeBase):
    """All tables of all slices."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class Database:
    """A PostgreSQL that hands out transactions."""

    def __init__(self, url: str, *, pool_size: int = 5, idle: float = 60) -> None:
        """Take a `postgresql://` address; nothing is opened before the first transaction.

        A transaction in which nothing happens for `idle` seconds is ended by the server: a process that was frozen in
        one must not hold its locks until it thaws.
        """
        self.url = url
        address = make_url(url.replace("postgresql://", "postgresql+psycopg://", 1))
        # Beside the options that the address itself gives, which what is handed to `connect` would replace.
        options = (address.query.get("options", ""), f"-c idle_in_transaction_session_timeout={idle * 1000:.0f}")
        self.engine: AsyncEngine = create_async_engine(
            address,
            pool_size=pool_size,
            max_overflow=2 * pool_size,
            pool_pre_ping=True,
            connect_args={"options": " ".join(map(str, options)).strip()},
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Give a session whose work is committed at the end, or rolled back if anything is raised.

        INVARIANT: this is the only commit in the product.
        """
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


async def notify(session: Session, topic: str) -> None:
    """Wake those who listen to `topic` (kit/streams.py) when the transaction commits."""
    await session.execute(text("SELECT pg_notify('colleague', :topic)"), {"topic": topic})


async def beside(session: Session, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do long arithmetic beside the loop while the transaction stays open, and return what it gives.

    From here to its end the server waits half an hour for this transaction: it is at work, not forgotten.
    """
    await session.execute(
        text("SELECT set_config('idle_in_transaction_session_timeout', :wait, true)"), {"wait": f"{PATIENCE}s"}
    )
    return await asyncio.to_thread(work, *args, **kwargs)


async def advisory_lock(session: Session, number: int) -> None:
    """Wait for the lock `number`; it is held to the end of the transaction."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
