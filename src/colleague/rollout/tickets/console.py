"""The page of tickets a week."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.kit.page import Page
from colleague.rollout.tickets.weekly import ticket_weeks
from colleague.support.model import CATEGORIES
from colleague.usecases.names import use_case_names

router = APIRouter(include_in_schema=False)


@router.get("/programme/tickets")
async def show(
    request: Request, page: Page, db: Db, actor: Current, clock: Time,
    first: Annotated[str, Query(max_length=8)] = "", last: Annotated[str, Query(max_length=8)] = "",
) -> HTMLResponse:  # fmt: skip
    """Show the weeks, whether tickets fall, and about what they stay high; or those from `first` to `last` alone."""
    async with db.transaction() as session:
        found = await ticket_weeks(session, actor, clock=clock, first=first, last=last)
        names = await use_case_names(session)
    return page.show(request, "rollout/tickets/weeks.html", found=found, names=names, categories=CATEGORIES)
