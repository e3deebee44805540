"""What a task changed in places outside itself, file by file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from colleague.connectors.registry import Registry
from colleague.connectors.undo import Done, Undoes
from colleague.kit.clock import Clock
from colleague.kit.db import Session
from colleague.kit.errors import Failure
from colleague.tasks.model import CallState
from colleague.tasks.tables import CallRow, RunRow, UndoRow


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that a task changed. `what`: saved, changed or deleted; `calls`: what is still to be undone, oldest first.

    `until`: how long the version before is kept. `undone_by` (a person's id) and `undone_at`, if it was put back.
    """

    connector: str
    title: str
    place: str
    what: str
    at: datetime
    until: datetime
    calls: tuple[tuple[str, Done], ...]
    undone_by: str = ""
    undone_at: datetime | None = None
    kept: bool = True

    @property
    def may_undo(self) -> bool:
        """Say whether there is something to undo, as far as our own records tell."""
        return bool(self.calls) and self.kept

    def to_json(self) -> dict[str, Any]:
        """Return the change as JSON."""
        return {
            "connector": self.connector, "place": self.place, "what": self.what, "at": self.at, "until": self.until,
            "may_undo": self.may_undo, "undone_by": self.undone_by, "undone_at": self.undone_at,
        }  # fmt: skip


async def list_changes(session: Session, task_id: str, registry: Registry, *, clock: Clock) -> list[Changed]:
    """Return the files that a task changed in connectors that can undo, in the order of their first change."""
    tools = (await registry.now(session)).tools()
    wanted = [name for name, (c, t) in tools.items() if isinstance(c, Undoes) and (t.writes or t.deletes)]
    query = (
        select(CallRow).join(RunRow, RunRow.id == CallRow.run_id)
        .where(RunRow.task_id == task_id, CallRow.tool.in_(wanted), CallRow.attempt > 0)
        .where(CallRow.state.in_((CallState.DONE, CallState.UNKNOWN))).order_by(CallRow.intended_at, CallRow.id)
    )  # fmt: skip
    found: dict[tuple[str, str], list[CallRow]] = {}
    for row in await session.scalars(query):
        connector = tools[row.tool][0]
        try:
            place = connector.place(row.tool, row.arguments)
        except Failure:
            continue  # It named no place, so it changed none.
        found.setdefault((connector.kind, place), []).append(row)
    if not found:
        return []
    undone = {
        (u.connector, u.place): u
        for u in await session.scalars(
            select(UndoRow).where(UndoRow.task_id == task_id, UndoRow.state == "done").order_by(UndoRow.id)
        )
    }
    now = clock.now()
    return [_changed(tools[rows[-1].tool], place, rows, undone.get((kind, place)), now)
            for (kind, place), rows in found.items()]  # fmt: skip


def _changed(tool: Any, place: str, rows: Sequence[CallRow], undo: UndoRow | None, now: datetime) -> Changed:
    connector, last = tool
    left = [r for r in rows if undo is None or r.id > undo.upto]
    times = [r.ended_at or r.decided_at for r in left or rows]
    until = times[0] + timedelta(days=connector.undo_days)
    back = undo if undo is not None and not left else None
    return Changed(
        connector.kind, connector.title, place, "deleted" if last.deletes else "saved", times[-1], until,
        tuple((r.id, Done(f"{r.id}:{r.attempt}", r.state == CallState.DONE)) for r in left),
        back.person_id if back else "", back.at if back else None, now < until,
    )  # fmt: skip
