"""Pages of approvals: the inbox, and one card on its own (where notices link to)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.approvals.answer import answer, ask_back
from colleague.approvals.inbox import count_open, get_card, list_inbox
from colleague.approvals.seconds import deputies_of, end_deputy, name_deputy
from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("/approvals")
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show what waits for me, and what I answered lately."""
    async with db.transaction() as session:
        cards = await list_inbox(session, actor)
        past = await list_inbox(session, actor, open_only=False, limit=30)
    return page.show(request, "approvals/inbox.html", open_cards=cards, past=past)


@router.get("/approvals/count")
async def count(db: Db, actor: Current) -> HTMLResponse:
    """Return the number that stands beside «Approvals» in the navigation."""
    async with db.transaction() as session:
        waiting = await count_open(session, actor)
    return HTMLResponse(f'<span class="badge cl-count">{waiting}</span>' if waiting else "")


@router.get("/approvals/deputies")
async def deputies(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show who answers in my place when I do not."""
    actor.require("own:approvals:answer")
    async with db.transaction() as session:
        rows = await deputies_of(session, actor.id, now=clock.now())
        names = await names_of(session, {row.deputy_id for row in rows})
    first, last = clock.now().date() + timedelta(days=1), clock.now().date() + timedelta(days=89)
    return page.show(request, "approvals/deputies.html", deputies=rows, names=names, first=first, last=last)


@router.post("/approvals/deputies")
async def add_deputy(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, email: Annotated[str, Form(max_length=300)],
    until: Annotated[date, Form()],
) -> Response:  # fmt: skip
    """Name a deputy until the end of a day."""
    end = datetime.combine(until, time.max, tzinfo=UTC)
    async with db.transaction() as session:
        await name_deputy(session, actor, email, end, ledger=ledger, clock=clock)
    return RedirectResponse("/approvals/deputies", status_code=303)


@router.post("/approvals/deputies/{deputy}/end")
async def drop_deputy(db: Db, actor: Current, ledger: TheLedger, deputy: str) -> Response:
    """End a deputy."""
    async with db.transaction() as session:
        await end_deputy(session, actor, deputy, ledger=ledger)
    return RedirectResponse("/approvals/deputies", status_code=303)


@router.get("/approvals/{approval_id}")
async def show(request: Request, page: Page, db: Db, actor: Current, approval_id: str) -> HTMLResponse:
    """Show one card."""
    async with db.transaction() as session:
        card = await get_card(session, actor, approval_id)
    return page.show(request, "approvals/show.html", card=card)


@router.post("/approvals/{approval_id}/ask-back")
async def return_it(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, approval_id: str, digest: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Ask something before deciding, then go back to where the card was shown."""
    async with db.transaction() as session:
        await ask_back(session, actor, approval_id, reason, digest=digest, ledger=ledger, clock=clock)
    to = back if back.startswith("/tasks/task_") else f"/approvals/{approval_id}"
    return RedirectResponse(to, status_code=303)


@router.post("/approvals/{approval_id}/answer")
async def decide(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, approval_id: str,
    verdict: Annotated[Literal["approved", "denied"], Form()], digest: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Approve or deny, then go back to where the card was shown."""
    async with db.transaction() as session:
        await answer(session, actor, approval_id, verdict, digest=digest, reason=reason, ledger=ledger, clock=clock)
    to = back if back.startswith("/tasks/task_") else f"/approvals/{approval_id}"
    return RedirectResponse(to, status_code=303)
