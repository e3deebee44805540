"""Queries of the ledger."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB

from colleague.audit.tables import CheckpointRow, EntryRow
from colleague.kit.db import Session


async def list_entries(
    session: Session, *, verb: str = "", actor: str = "", subject: str = "", run: str = "",
    effect: str = "", since: datetime | None = None, until: datetime | None = None, before: int | None = None,
    limit: int = 50,
) -> Sequence[EntryRow]:  # fmt: skip
    """Return entries, newest first. `verb` may be a beginning («call.»); `effect`: only decisions that came out
    so (allow, ask, deny); `before` is the id to page on from.
    """
    query = select(EntryRow).order_by(EntryRow.id.desc()).limit(limit)
    if verb:
        query = query.where(EntryRow.verb.startswith(verb, autoescape=True))
    for column, value in ((EntryRow.actor, actor), (EntryRow.subject, subject), (EntryRow.run, run)):
        if value:
            query = query.where(column == value)
    if effect:
        query = query.where(EntryRow.body.cast(JSONB)["data"]["effect"].astext == effect)
    if since is not None:
        query = query.where(EntryRow.at >= since)
    if until is not None:
        query = query.where(EntryRow.at < until)
    if before is not None:
        query = query.where(EntryRow.id < before)
    return (await session.scalars(query)).all()


async def last_checkpoint(session: Session) -> CheckpointRow | None:
    """Return the newest checkpoint."""
    return await session.scalar(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))


async def count_unsealed(session: Session) -> int:
    """Return how many entries wait to be sealed."""
    return (await session.scalar(select(func.count()).where(EntryRow.seq.is_(None)))) or 0
