"""The form that puts a file back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response

from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.tasks.changes.undo import undo_change
from colleague.tasks.parts import Parts

router = APIRouter(include_in_schema=False)
TheParts = Annotated[Parts, Depends(part(Parts))]


@router.post("/tasks/{task_id}/undo")
async def undo(
    parts: TheParts, actor: Current, task_id: str, connector: Annotated[str, Form(max_length=80)],
    place: Annotated[str, Form(max_length=1000)],
) -> Response:  # fmt: skip
    """Put a file back as it was, and show the task again."""
    await undo_change(actor, task_id, connector, place, parts=parts)
    return RedirectResponse(f"/tasks/{task_id}#changes", status_code=303)
