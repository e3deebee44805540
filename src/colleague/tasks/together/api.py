"""Sharing for programs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.approvals.partners import partners_of
from colleague.identity.current import Current
from colleague.kit.db import Session
from colleague.kit.doors import part
from colleague.tasks.parts import Parts
from colleague.tasks.sight import see_task
from colleague.tasks.together.share import share, unshare

router = APIRouter(prefix="/api/v1/tasks/{task_id}/shares", tags=["tasks"])
TheParts = Annotated[Parts, Depends(part(Parts))]


class Invitation(BaseModel):
    """A colleague (name or mail address) and as what they take part."""

    who: str = Field(min_length=1, max_length=200)
    role: Literal["viewer", "approver", "driver"]


async def _listed(session: Session, task_id: str) -> list[dict[str, Any]]:
    return [{"person": p.person, "name": p.name, "role": p.role} for p in await partners_of(session, task_id)]


@router.get("")
async def index(parts: TheParts, actor: Current, task_id: str) -> list[dict[str, Any]]:
    """List the colleagues on a task."""
    async with parts.database.transaction() as session:
        await see_task(session, actor, task_id)
        return await _listed(session, task_id)


@router.post("", status_code=201)
async def add(parts: TheParts, actor: Current, task_id: str, given: Invitation) -> list[dict[str, Any]]:
    """Share a task of one's own, or change a colleague's role."""
    async with parts.database.transaction() as session:
        await share(session, actor, task_id, given.who, given.role, ledger=parts.ledger, clock=parts.clock)
        return await _listed(session, task_id)


@router.delete("/{person}", status_code=204)
async def remove(parts: TheParts, actor: Current, task_id: str, person: str) -> None:
    """Stop sharing."""
    async with parts.database.transaction() as session:
        await unshare(session, actor, task_id, person, ledger=parts.ledger, clock=parts.clock)
