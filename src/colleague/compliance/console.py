"""Pages of legal holds."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.compliance.doors import TheLedger
from colleague.compliance.holds import Covers, list_holds, place_hold, release_hold, see_hold
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
HOLDS = "/retention/holds"
Words = Annotated[str, Form(max_length=20_000)]


@router.get(HOLDS)
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show the holds, and the form for a new one."""
    async with db.transaction() as session:
        found = await list_holds(session, actor)
    return page.show(request, "compliance/holds.html", holds=found)


@router.post(HOLDS)
async def place(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Words = "", reason: Words = "", people: Words = "",
    projects: Words = "", tasks: Words = "", departments: Words = "",
) -> Response:  # fmt: skip
    """Place a hold."""
    covers = Covers(*(_lines(text) for text in (people, projects, tasks, departments)))
    async with db.transaction() as session:
        hold = await place_hold(session, actor, name, reason, covers, ledger=ledger, clock=clock)
    return RedirectResponse(f"{HOLDS}/{hold}", 303)


@router.get(HOLDS + "/{hold}")
async def show(request: Request, page: Page, db: Db, actor: Current, hold: str) -> HTMLResponse:
    """Show one hold."""
    async with db.transaction() as session:
        found = await see_hold(session, actor, hold)
    return page.show(request, "compliance/hold.html", hold=found)


@router.post(HOLDS + "/{hold}/release")
async def release(db: Db, actor: Current, ledger: TheLedger, clock: Time, hold: str, why: Words = "") -> Response:
    """Release a hold."""
    async with db.transaction() as session:
        await release_hold(session, actor, hold, why, ledger=ledger, clock=clock)
    return RedirectResponse(f"{HOLDS}/{hold}", 303)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]
