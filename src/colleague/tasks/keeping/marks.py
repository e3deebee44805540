"""Pin a task to the top of one's own list, or put it into one's own archive: nobody else's list changes."""

from typing import Final, Literal

from sqlalchemy import select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Session, notify
from colleague.kit.errors import Conflict
from colleague.tasks.sight import see_task
from colleague.tasks.tables import MarkRow

Mark = Literal["pin", "unpin", "archive", "restore"]
PINS: Final = 50
VERBS: Final[dict[str, str]] = {
    "pin": "task.pinned", "unpin": "task.unpinned", "archive": "task.archived", "restore": "task.restored",
}  # fmt: skip


class TooManyPins(Conflict):
    """50 tasks are pinned already: unpin one first."""


async def mark(session: Session, actor: Actor, task_id: str, what: Mark, *, ledger: Ledger, clock: Clock) -> None:
    """Pin, unpin, archive or restore a task in the actor's own list. An archived task is not pinned, nor vice versa.

    Said twice it changes nothing the second time. Raises TaskNotFound, TooManyPins.
    """
    actor.require("own:tasks:use")
    task = await see_task(session, actor, task_id)
    row = await session.get(MarkRow, (actor.id, task.id), with_for_update=True)
    if row is None:
        row = MarkRow(person_id=actor.id, task_id=task.id, pinned_at=None, archived_at=None)
        session.add(row)
    before = (row.pinned_at is not None, row.archived_at is not None)
    match what:
        case "pin" if row.pinned_at is None:
            pinned = select(MarkRow.task_id).where(MarkRow.person_id == actor.id, MarkRow.pinned_at.is_not(None))
            if len((await session.scalars(pinned.limit(PINS))).all()) >= PINS:
                raise TooManyPins
            row.pinned_at, row.archived_at = clock.now(), None
        case "unpin":
            row.pinned_at = None
        case "archive" if row.archived_at is None:
            row.pinned_at, row.archived_at = None, clock.now()
        case "restore":
            row.archived_at = None
        case _:
            pass
    if before != (row.pinned_at is not None, row.archived_at is not None):
        await session.flush()
        await ledger.record(session, Event(VERBS[what], actor.id, subject=task.id))
        await notify(session, f"person:{actor.id}")


async def marks_of(session: Session, person: str, task_id: str) -> tuple[bool, bool]:
    """Return whether a person has pinned, and whether they have archived a task."""
    row = await session.get(MarkRow, (person, task_id))
    return (row is not None and row.pinned_at is not None, row is not None and row.archived_at is not None)
