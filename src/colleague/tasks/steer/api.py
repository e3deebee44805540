"""Steering for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.tasks.api import task_json
from colleague.tasks.parts import Parts
from colleague.tasks.steer.pause import pause, unpause

router = APIRouter(prefix="/api/v1/tasks/{task_id}", tags=["tasks"])
TheParts = Annotated[Parts, Depends(part(Parts))]


@router.post("/pause")
async def halt(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Pause a task: nothing new is begun until it is resumed; what was asked stays answerable."""
    async with parts.database.transaction() as session:
        await pause(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
        return await task_json(session, actor, task_id)


@router.post("/resume")
async def go_on(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Let a paused task go on exactly where it stands."""
    async with parts.database.transaction() as session:
        await unpause(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
        return await task_json(session, actor, task_id)
