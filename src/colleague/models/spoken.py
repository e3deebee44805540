"""What a model is saying right now: kept in one row a run while it speaks, at most four times a second, then gone."""

from collections.abc import Sequence

from sqlalchemy import column, delete, select, table
from sqlalchemy.dialects.postgresql import insert

from colleague.kit.canonical import storable
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.models.tables import EstimateRow, SeenRow, SpokenRow

LIMIT = 20_000
_RUNS = table("runs", column("id"))  # A row of a floor above, by name.


async def say(session: Session, run: str, text: str, *, clock: Clock) -> None:
    """Keep the text so far (its last 20,000 characters) and wake those who watch the run."""
    there = select(_RUNS.c.id).where(_RUNS.c.id == run).with_for_update(key_share=True, read=True)
    if await session.scalar(there) is None:
        return  # The task was deleted: a worker that had been frozen must not bring words of it back.
    kept = str(storable(text))[-LIMIT:]
    values = {"text": kept, "at": clock.now()}
    row = insert(SpokenRow).values(run_id=run, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["run_id"], set_=values))
    await notify(session, f"run:{run}")


async def hush(session: Session, run: str) -> None:
    """Forget what was said: the saved answer stands in its place, or there is none."""
    await session.execute(delete(SpokenRow).where(SpokenRow.run_id == run))


async def heard(session: Session, run: str) -> str:
    """Return what a model is saying right now in a run; "" if nothing."""
    return await session.scalar(select(SpokenRow.text).where(SpokenRow.run_id == run)) or ""


async def forget_thinking(session: Session, runs: Sequence[str]) -> None:
    """Delete what was said, decided and expected of these runs. What they used stays: numbers, for the bill."""
    for row in (SpokenRow, SeenRow, EstimateRow):
        await session.execute(delete(row).where(row.run_id.in_(runs)))
