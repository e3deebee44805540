"""Colleagues on one task: who may stand in for the requester. Read by questions and by tasks; written by sharing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from colleague.approvals.tables import ApprovalRow, ShareRow
from colleague.identity.actor import Actor
from colleague.identity.directory import names_of
from colleague.kit.db import Session, notify

Part = Literal["viewer", "approver", "driver"]
WORDS: Final[dict[str, str]] = {"viewer": "viewer", "approver": "approver", "driver": "co-driver"}


@dataclass(frozen=True, slots=True)
class Partner:
    """A colleague on a task, and as what."""

    person: str
    name: str
    role: str

    @property
    def word(self) -> str:
        """Return the role as people read it."""
        return WORDS[self.role]


async def part_of(session: Session, actor: Actor, task_id: str) -> str:
    """Return what `actor` is on a task that is shared with them; "" if it is not."""
    if not actor.may("own:tasks:use"):
        return ""
    query = select(ShareRow.role).where(ShareRow.task_id == task_id, ShareRow.person_id == actor.id)
    return await session.scalar(query) or ""


async def partners_of(session: Session, task_id: str) -> list[Partner]:
    """Return the colleagues on a task, by name."""
    query = select(ShareRow.person_id, ShareRow.role).where(ShareRow.task_id == task_id)
    found = [(person, role) for person, role in await session.execute(query)]
    names = await names_of(session, [person for person, _ in found])
    return sorted((Partner(p, names.get(p, p), role) for p, role in found), key=lambda partner: partner.name)


async def partners_of_run(session: Session, run_id: str) -> dict[str, str]:
    """Return the role of each colleague on a run: what a new question is asked with."""
    query = select(ShareRow.person_id, ShareRow.role).where(ShareRow.run_id == run_id)
    return {row.person_id: row.role for row in await session.execute(query)}


async def move_partners(session: Session, task_id: str, run_id: str) -> None:
    """Let those who share a task take part in its new run: its questions are put to them too."""
    await session.execute(update(ShareRow).where(ShareRow.task_id == task_id).values(run_id=run_id))


async def set_partner(
    session: Session, task_id: str, run_id: str, person_id: str, role: Part | None, *, at: datetime
) -> None:
    """Write (or with None remove) a colleague, and tell the open questions of the run. The run is locked."""
    if role is None:
        gone = delete(ShareRow).where(ShareRow.task_id == task_id, ShareRow.person_id == person_id)
        await session.execute(gone)
    else:
        values = insert(ShareRow).values(
            task_id=task_id, person_id=person_id, run_id=run_id, role=role, shared_at=at
        )  # fmt: skip
        changed = {"run_id": run_id, "role": role, "shared_at": at}
        await session.execute(values.on_conflict_do_update(index_elements=["task_id", "person_id"], set_=changed))
    partners = await partners_of_run(session, run_id)
    query = select(ApprovalRow).where(ApprovalRow.run_id == run_id, ApprovalRow.state == "asked").with_for_update()
    for row in await session.scalars(query.execution_options(populate_existing=True)):
        asked = {one: part for one, part in row.also.items() if part in ("second", "deputy")}
        row.also = asked | partners
    await session.flush()
    await notify(session, f"run:{run_id}")
    await notify(session, "approvals")
