"""Pages of keeping: search, pin and archive, and the page that says what a deletion takes away."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Config, part
from colleague.kit.page import Page
from colleague.projects.store import list_projects
from colleague.tasks.keeping.delete import STAYS, delete_task, going
from colleague.tasks.keeping.filters import Given, filters_of
from colleague.tasks.keeping.marks import Mark, mark
from colleague.tasks.keeping.search import search_tasks
from colleague.tasks.model import State
from colleague.tasks.parts import Parts

router = APIRouter(include_in_schema=False)
TheParts = Annotated[Parts, Depends(part(Parts))]


@router.get("/tasks/search")
async def find(
    request: Request, page: Page, parts: TheParts, settings: Config, actor: Current, given: Annotated[Given, Query()]
) -> HTMLResponse:
    """Show what was found in one's tasks."""
    async with parts.database.transaction() as session:
        found = await search_tasks(
            session, actor, given.q, filters_of(given), language=settings.search_language, before=given.before
        )
        people = await names_of(session, {hit.person for hit in found.hits})
        projects = [(line.project.id, line.project.name) for line in await list_projects(session, actor.id)]
    on = {k: str(v).lower() for k, v in given.model_dump().items() if v and k != "before"}
    return page.show(
        request, "tasks/search.html", given=given, found=found, people=people, projects=projects, states=list(State),
        older=urlencode({**on, "before": found.before}),
    )  # fmt: skip


@router.post("/tasks/{task_id}/marks")
async def put_mark(
    parts: TheParts, actor: Current, task_id: str, what: Annotated[Mark, Form()],
    back: Annotated[Literal["list", "task"], Form()] = "task",
) -> Response:  # fmt: skip
    """Pin, unpin, archive or restore."""
    async with parts.database.transaction() as session:
        await mark(session, actor, task_id, what, ledger=parts.ledger, clock=parts.clock)
    return RedirectResponse("/tasks" if back == "list" else f"/tasks/{task_id}", status_code=303)


@router.get("/tasks/{task_id}/delete")
async def ask(request: Request, page: Page, parts: TheParts, actor: Current, task_id: str) -> HTMLResponse:
    """Say what goes and what stays, and ask."""
    async with parts.database.transaction() as session:
        gone = await going(session, actor, task_id)
    return page.show(request, "tasks/delete.html", going=gone, task=task_id, stays=STAYS)


@router.post("/tasks/{task_id}/delete")
async def delete(
    parts: TheParts, actor: Current, task_id: str, sure: Annotated[Literal["", "yes"], Form()] = ""
) -> Response:
    """Delete for good."""
    async with parts.database.transaction() as session:
        await delete_task(session, actor, task_id, sure=sure == "yes", ledger=parts.ledger, clock=parts.clock)
    return RedirectResponse("/tasks", status_code=303)
