"""Pages of steering: the buttons of a task, its plan as a form, trying again from a step."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response

from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.tasks.parts import Parts
from colleague.tasks.steer.pause import pause, unpause

router = APIRouter(include_in_schema=False)
TheParts = Annotated[Parts, Depends(part(Parts))]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


@router.post("/tasks/{task_id}/pause")
async def halt(parts: TheParts, actor: Current, task_id: str) -> Response:
    """Pause the task."""
    async with parts.database.transaction() as session:
        await pause(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
    return _to(f"/tasks/{task_id}")


@router.post("/tasks/{task_id}/resume")
async def go_on(parts: TheParts, actor: Current, task_id: str) -> Response:
    """Let the task go on."""
    async with parts.database.transaction() as session:
        await unpause(session, actor, task_id, ledger=parts.ledger, clock=parts.clock)
    return _to(f"/tasks/{task_id}")
