"""What a task changed, and undo, for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.tasks.changes.changed import list_changes
from colleague.tasks.changes.undo import undo_change
from colleague.tasks.parts import Parts
from colleague.tasks.sight import see_task

router = APIRouter(prefix="/api/v1/tasks/{task_id}", tags=["tasks"])
TheParts = Annotated[Parts, Depends(part(Parts))]


class Where(BaseModel):
    """A file that the task changed."""

    connector: str = Field(max_length=80)
    place: str = Field(max_length=1000)


@router.get("/changes")
async def index(parts: TheParts, actor: Current, task_id: str) -> list[dict[str, Any]]:
    """List the files that the task changed outside itself."""
    async with parts.database.transaction() as session:
        await see_task(session, actor, task_id)
        changes = await list_changes(session, task_id, parts.registry, clock=parts.clock)
    return [c.to_json() for c in changes]


@router.post("/undo")
async def undo(parts: TheParts, actor: Current, task_id: str, where: Where) -> dict[str, Any]:
    """Put a file back as it was before the task first changed it; refused if somebody else changed it since."""
    result = await undo_change(actor, task_id, where.connector, where.place, parts=parts)
    return {"text": result.text, "place": where.place}
