"""Pages of sharing: the forms in a task's rail."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.tasks.parts import Parts
from colleague.tasks.together.share import share, unshare

router = APIRouter(include_in_schema=False)
TheParts = Annotated[Parts, Depends(part(Parts))]


@router.post("/tasks/{task_id}/shares")
async def add(
    parts: TheParts, actor: Current, task_id: str, who: Annotated[str, Form(max_length=200)],
    role: Annotated[Literal["viewer", "approver", "driver"], Form()],
) -> Response:  # fmt: skip
    """Share the task, and show it again."""
    async with parts.database.transaction() as session:
        await share(session, actor, task_id, who, role, ledger=parts.ledger, clock=parts.clock)
    return RedirectResponse(f"/tasks/{task_id}", status_code=303)


@router.post("/tasks/{task_id}/shares/{person}/end")
async def remove(parts: TheParts, actor: Current, task_id: str, person: str) -> Response:
    """Stop sharing; who leaves a task is shown their list."""
    async with parts.database.transaction() as session:
        await unshare(session, actor, task_id, person, ledger=parts.ledger, clock=parts.clock)
    return RedirectResponse("/tasks" if person == actor.id else f"/tasks/{task_id}", status_code=303)
