"""Pages of working together: sharing and handing over, from the forms in a task's rail."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import part
from colleague.kit.page import Page
from colleague.tasks.parts import Parts
from colleague.tasks.together.hand_over import accept, decline, offer, see_offer, take_back
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


@router.post("/tasks/{task_id}/hand-overs")
async def offer_it(
    parts: TheParts, actor: Current, task_id: str, who: Annotated[str, Form(max_length=200)],
    stay: Annotated[bool, Form()] = False, note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Offer the task to a colleague, and show it again."""
    async with parts.database.transaction() as session:
        await offer(session, actor, task_id, who, stay=stay, note=note, parts=parts)
    return RedirectResponse(f"/tasks/{task_id}", status_code=303)


@router.get("/hand-overs/{offer_id}")
async def look(request: Request, page: Page, parts: TheParts, actor: Current, offer_id: str) -> HTMLResponse:
    """Show an offer to whom it was made and to who made it."""
    async with parts.database.transaction() as session:
        row, task, run = await see_offer(session, actor, offer_id)
        people = await names_of(session, {row.from_id, row.to_id})
    now = parts.clock.now()
    return page.show(
        request, "tasks/offer.html", offer=row, task=task, run=run, people=people, mine=row.to_id == actor.id,
        standing=row.state == "offered" and now < row.expires_at,
    )  # fmt: skip


@router.post("/hand-overs/{offer_id}/accept")
async def take(parts: TheParts, actor: Current, offer_id: str) -> Response:
    """Take the task over and show it; where a call is under way, the offer, which says so."""
    async with parts.database.transaction() as session:
        row = await accept(session, actor, offer_id, parts=parts)
    return RedirectResponse(
        f"/tasks/{row.task_id}" if row.state == "done" else f"/hand-overs/{offer_id}", status_code=303
    )


@router.post("/hand-overs/{offer_id}/decline")
async def refuse(parts: TheParts, actor: Current, offer_id: str) -> Response:
    """Say no."""
    async with parts.database.transaction() as session:
        await decline(session, actor, offer_id, parts=parts)
    return RedirectResponse("/tasks", status_code=303)


@router.post("/hand-overs/{offer_id}/withdraw")
async def withdraw(parts: TheParts, actor: Current, offer_id: str) -> Response:
    """Withdraw one's own offer."""
    async with parts.database.transaction() as session:
        await take_back(session, actor, offer_id, parts=parts)
        row, _, _ = await see_offer(session, actor, offer_id)
    return RedirectResponse(f"/tasks/{row.task_id}", status_code=303)
