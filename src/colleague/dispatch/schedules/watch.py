"""Events by looking: a task of the owner's with a skill was completed, a file appeared in a folder open to them.

A look remembers how far it got. What it finds twice has one key and so one slot. What a schedule itself did is no
event: two of them must not set each other off for ever.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from colleague.connectors.accounts import organisation_account
from colleague.connectors.connector import Access
from colleague.connectors.registry import normal_place
from colleague.connectors.screen import Blocked
from colleague.connectors.shelf import Kept
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.tables import ScheduleRow, SlotRow
from colleague.kit.canonical import digest
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, NotFound
from colleague.kit.queue import Job
from colleague.library.access import reader_of, shelves
from colleague.policy.governance import current_governance
from colleague.tasks.keeping.ended import completed_since

LOOK = "dispatch.schedules.look"
EVERY: Final[dict[str, timedelta]] = {"skill": timedelta(minutes=1), "file": timedelta(minutes=5)}
# A run that ended before another may be seen after it: looks overlap, keys keep them from doing anything twice.
OVERLAP = timedelta(minutes=10)
MOST_FILES, AT_ONCE, A_DAY = 2000, 20, 100
ENOUGH = "A hundred runs of this schedule began within a day; this one was left out."


class PlaceNotWatched(NotFound):
    """«{place}» is not open to you any more, or holds no files that can be listed."""


class TooManyFiles(Conflict):
    """«{place}» holds more than 2,000 files: watch a smaller folder."""


def look_job(schedule: str) -> Job:
    """Return the job that looks at a folder. Looks at one folder never overlap."""
    return Job(LOOK, {"schedule": schedule}, key=f"look:{schedule}", lock=f"look:{schedule}")


async def skill_slots(session: Session, row: ScheduleRow, now: datetime) -> list[dict[str, Any]]:
    """Return a slot for each task of the owner's that followed the skill and was completed since the last look."""
    since = datetime.fromisoformat(row.cursor["since"]) if "since" in row.cursor else row.state_at
    found = await completed_since(session, row.owner_id, row.skill, max(since - OVERLAP, row.state_at))
    row.cursor = {"since": now.isoformat()}
    return await _at_most(session, row, [(f"run:{d.run}", d.ended_at, d.task) for d in found], now)


async def file_slots(
    session: Session, row: ScheduleRow, files: list[Kept], now: datetime
) -> list[dict[str, Any]]:  # fmt: skip
    """Return a slot for each file that was not there at the last look; the first look only remembers."""
    names = {digest([f.path])[:16]: f for f in files}
    if "files" not in row.cursor:
        row.cursor = {"files": sorted(names)}
        return []
    known = set(row.cursor["files"])
    new = sorted((name for name in names if name not in known), key=lambda name: names[name].path)[:AT_ONCE]
    row.cursor = {"files": sorted((known & names.keys()) | set(new))}
    kind = row.place.partition(":")[0]
    what = [(f"file:{digest([names[n].path, names[n].stamp])}", now, f"{kind}:{names[n].path}") for n in new]
    return await _at_most(session, row, what, now)


async def _at_most(
    session: Session, row: ScheduleRow, found: list[tuple[str, datetime, str]], now: datetime
) -> list[dict[str, Any]]:
    """Return slots, missed where a hundred began within a day: events must not run away with the budget."""
    if not found:
        return []
    today = select(func.count()).where(
        SlotRow.schedule_id == row.id, SlotRow.claimed_at > now - timedelta(days=1), SlotRow.state != "missed"
    )
    left = A_DAY - (await session.scalar(today) or 0)
    return [
        {"key": key, "at": at, "cause": cause, "state": "claimed" if n < left else "missed",
         "why": "" if n < left else ENOUGH}
        for n, (key, at, cause) in enumerate(found)
    ]  # fmt: skip


async def list_files(session: Session, owner: str, place: str, *, parts: Scheduling) -> list[Kept]:
    """List the files of «connector:folder» as its owner may read them now. Raises PlaceNotWatched, TooManyFiles."""
    kind, _, path = place.partition(":")
    house = parts.tasks
    registry = await house.registry.now(session)
    shelf = shelves(registry).get(kind)
    if shelf is None:
        raise PlaceNotWatched(place=place[:200])
    folder = normal_place(registry.get(kind), path)
    reader = await reader_of(session, owner, registry=registry, clock=house.clock)
    grants = reader.may_open(kind, folder)
    if not grants:
        raise PlaceNotWatched(place=place[:200])
    account = await organisation_account(session, kind, secrets=house.secrets)
    access = Access(account, grants, "", blocked=Blocked.of(await current_governance(session)))
    found: list[Kept] = []
    async for kept in shelf.walk(folder, access):
        if len(found) >= MOST_FILES:
            raise TooManyFiles(place=place[:200])
        found.append(kept)
    return found
