"""What became of results: one's own, or everybody's for those who may."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from colleague.dispatch.deliver.model import TITLES
from colleague.dispatch.deliver.tables import ResultRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session
from colleague.tasks.tables import TaskRow

FORMS = {
    "": "",
    "nothing": "nothing",
    "link": "a link",
    "summary": "a summary and a link",
    "whole": "the answer and its files",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A result on its way or at its end. `form`: how much went; `why`: what held it, or more of it, back.

    `about`: the title of one's own task, "" for somebody else's.
    """

    id: str
    task: str
    person: str
    person_name: str
    target: str
    title: str
    about: str
    state: str
    form: str
    why: str
    made_at: datetime
    changed_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "id": self.id, "task": self.task, "person": {"id": self.person, "name": self.person_name},
            "target": self.target, "state": self.state, "form": self.form, "why": self.why,
            "promised_at": self.made_at.isoformat(), "changed_at": self.changed_at.isoformat(),
        }  # fmt: skip


async def list_results(
    session: Session, actor: Actor, *, everybody: bool = False, task: str = "", limit: int = 50
) -> list[Sent]:  # fmt: skip
    """Return one's own results, newest first, or everybody's (PermissionMissing), of one `task` if named."""
    query = select(ResultRow).order_by(ResultRow.id.desc()).limit(limit)
    if everybody:
        actor.require("org:dispatch:read")
    else:
        query = query.where(ResultRow.person_id == actor.id)
    if task:
        query = query.where(ResultRow.task_id == task)
    rows = (await session.scalars(query)).all()
    names = await names_of(session, {row.person_id for row in rows})
    # Of somebody else's task not even the title.
    own = [row.task_id for row in rows if row.person_id == actor.id]
    found = await session.execute(select(TaskRow.id, TaskRow.title).where(TaskRow.id.in_(own)))
    titles = {row.id: row.title for row in found}
    return [
        Sent(
            row.id, row.task_id, row.person_id, names.get(row.person_id, ""), row.target,
            TITLES.get(row.target, row.target), titles.get(row.task_id, ""), row.state, row.form, row.why,
            row.made_at, row.changed_at,
        )
        for row in rows
    ]  # fmt: skip
