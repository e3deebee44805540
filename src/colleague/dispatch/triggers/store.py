"""Find triggers."""

from collections.abc import Sequence

from sqlalchemy import select

from colleague.dispatch.triggers.model import State, Trigger, Wording
from colleague.dispatch.triggers.tables import TriggerRow, WordingRow
from colleague.kit.db import Session
from colleague.kit.errors import NotFound


class TriggerNotFound(NotFound):
    """There is no such trigger."""


async def list_triggers(session: Session, *, state: State | None = None) -> list[Trigger]:
    """Return all triggers, or those in one state, by name."""
    newest = (WordingRow.trigger_id == TriggerRow.id) & (WordingRow.version == TriggerRow.version)
    query = select(TriggerRow, WordingRow).join(WordingRow, newest).order_by(TriggerRow.name)
    if state is not None:
        query = query.where(TriggerRow.state == state)
    return [_value(row, words) for row, words in await session.execute(query)]


async def get_trigger(session: Session, trigger_id: str, *, lock: bool = False) -> Trigger:
    """Return a trigger, locked if asked; TriggerNotFound if there is none."""
    query = select(TriggerRow).where(TriggerRow.id == trigger_id).execution_options(populate_existing=True)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise TriggerNotFound
    return _value(row, await session.get_one(WordingRow, (row.id, row.version)))


async def wordings_of(session: Session, trigger_id: str) -> Sequence[WordingRow]:
    """Return every wording a trigger ever had, newest first."""
    query = select(WordingRow).where(WordingRow.trigger_id == trigger_id).order_by(WordingRow.version.desc())
    return (await session.scalars(query)).all()


def _value(row: TriggerRow, words: WordingRow) -> Trigger:
    state: State = row.state  # type: ignore[assignment]
    return Trigger(row.id, row.version, state, words.by, Wording.from_json(words.wording))
