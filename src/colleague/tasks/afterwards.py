"""What follows a segment of a run, however it ended: promised results, a hand-over that waited, words for search."""

from colleague.kit.log import get_log
from colleague.tasks.keeping.index import catch_up
from colleague.tasks.parts import Parts
from colleague.tasks.together.hand_over import expire, settle, waiting_hand_overs

log = get_log("afterwards")


async def afterwards(run: str, *, parts: Parts) -> None:
    """Do it; what fails here is done by the next look (each minute) and never undoes the segment."""
    try:
        async with parts.database.transaction() as session:
            await parts.take_up(session, run)
        await settle(run, parts=parts)
        await catch_up(parts=parts, runs=[run])
    except Exception as error:
        log.warning("not done afterwards", run=run, error=type(error).__name__)


async def look_after(*, parts: Parts) -> None:
    """Each minute: offers that nobody answered, hand-overs and words that a failure left behind."""
    await expire(parts=parts)
    for run in await waiting_hand_overs(parts=parts):
        await settle(run, parts=parts)
    await catch_up(parts=parts)
