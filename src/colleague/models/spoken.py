"""What a model is saying right now: kept in one row a run while it speaks, at most four times a second, then gone."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from colleague.kit.canonical import storable
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.models.tables import SpokenRow

LIMIT = 20_000


async def say(session: Session, run: str, text: str, *, clock: Clock) -> None:
    """Keep the text so far (its last 20,000 characters) and wake those who watch the run."""
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
