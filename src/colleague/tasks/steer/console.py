"""Pages of steering: the buttons of a task, its plan as a form, trying again from a step."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.agent.plan import Plan
from colleague.identity.current import Current
from colleague.kit.doors import part
from colleague.kit.page import Page
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.delegate import NotYourTask
from colleague.tasks.model import ENDED
from colleague.tasks.parts import Parts
from colleague.tasks.sight import view_task
from colleague.tasks.steer.again import again, line_of, point
from colleague.tasks.steer.pause import pause, unpause
from colleague.tasks.steer.replan import replan

router = APIRouter(include_in_schema=False)
TheParts = Annotated[Parts, Depends(part(Parts))]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


@router.get("/tasks/{task_id}/plan")
async def plan(request: Request, page: Page, parts: TheParts, actor: Current, task_id: str) -> HTMLResponse:
    """Show the plan as a form."""
    async with parts.database.transaction() as session:
        view = await view_task(session, actor, task_id)
    if not view.steers:
        raise NotYourTask
    return page.show(request, "tasks/plan.html", view=view, plan=Plan.from_json(view.run.plan))


@router.post("/tasks/{task_id}/plan")
async def edit_plan(
    parts: TheParts, actor: Current, task_id: str, version: Annotated[int, Form()],
    steps: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:  # fmt: skip
    """Use another plan: one step a line."""
    lines = [line for line in steps.splitlines() if line.strip()]
    await admit_words(actor, steps, parts=parts)
    async with parts.database.transaction() as session:
        await replan(session, actor, task_id, lines, version=version, ledger=parts.ledger, clock=parts.clock)
    return _to(f"/tasks/{task_id}")


@router.get("/tasks/{task_id}/again")
async def ask_again(
    request: Request, page: Page, parts: TheParts, actor: Current, task_id: str, step: int
) -> HTMLResponse:  # fmt: skip
    """Show what trying again from a step means: what was done since then and stays done."""
    async with parts.database.transaction() as session:
        at = await point(session, actor, task_id, step)
        view = await view_task(session, actor, task_id)
    effects = [line_of(call) for call in at.effects]
    return page.show(
        request, "tasks/again.html", view=view, step=step, effects=effects, ended=view.run.state in ENDED
    )  # fmt: skip


@router.post("/tasks/{task_id}/again")
async def try_again(
    parts: TheParts, actor: Current, task_id: str, step: Annotated[int, Form()],
    words: Annotated[str, Form(max_length=10_000)] = "", run: Annotated[str, Form(max_length=100)] = "",
) -> Response:  # fmt: skip
    """Try again from a step."""
    await admit_words(actor, words, parts=parts)
    async with parts.database.transaction() as session:
        await again(session, actor, task_id, step, words, run_id=run, ledger=parts.ledger, clock=parts.clock)
    return _to(f"/tasks/{task_id}")


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
