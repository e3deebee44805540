"""Searching, marking and deleting tasks for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from colleague.identity.current import Current
from colleague.kit.doors import Config, part
from colleague.tasks.keeping.delete import STAYS, delete_task, going
from colleague.tasks.keeping.filters import Given, filters_of
from colleague.tasks.keeping.marks import Mark, mark, marks_of
from colleague.tasks.keeping.search import search_tasks
from colleague.tasks.parts import Parts

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])
TheParts = Annotated[Parts, Depends(part(Parts))]


class Marked(BaseModel):
    """What to do with a task in one's own list."""

    what: Mark


@router.get("/search")
async def find(parts: TheParts, settings: Config, actor: Current, given: Annotated[Given, Query()]) -> dict[str, Any]:
    """Search one's own and shared tasks. `pieces` of an excerpt are [text, is a hit]; `before` leads to older ones."""
    async with parts.database.transaction() as session:
        found = await search_tasks(
            session, actor, given.q, filters_of(given), language=settings.search_language, before=given.before
        )
    tasks = [
        {"id": h.id, "title": h.title, "person": h.person, "state": h.state, "created_at": h.created_at,
         "last_event_at": h.last_event_at, "pinned": h.pinned, "archived": h.archived,
         "excerpts": [{"where": e.where, "link": e.link, "text": e.text, "pieces": e.pieces} for e in h.excerpts]}
        for h in found.hits
    ]  # fmt: skip
    return {"tasks": tasks, "before": found.before}


@router.post("/{task_id}/marks")
async def put_mark(parts: TheParts, actor: Current, task_id: str, given: Marked) -> dict[str, bool]:
    """Pin, unpin, archive or restore a task in one's own list."""
    async with parts.database.transaction() as session:
        await mark(session, actor, task_id, given.what, ledger=parts.ledger, clock=parts.clock)
        pinned, archived = await marks_of(session, actor.id, task_id)
    return {"pinned": pinned, "archived": archived}


@router.get("/{task_id}/deletion")
async def look(parts: TheParts, actor: Current, task_id: str) -> dict[str, Any]:
    """Say what a deletion would take away, and what stays."""
    async with parts.database.transaction() as session:
        gone = await going(session, actor, task_id)
    return {"title": gone.title, "goes": gone.lines, "stays": list(STAYS)}


@router.delete("/{task_id}", status_code=204)
async def delete(parts: TheParts, actor: Current, task_id: str, sure: bool = False) -> None:
    """Delete an ended task for good; `sure` must be true."""
    async with parts.database.transaction() as session:
        await delete_task(session, actor, task_id, sure=sure, ledger=parts.ledger, clock=parts.clock)
