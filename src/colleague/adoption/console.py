"""The page of adoption."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from colleague.adoption.weekly import DEFINITIONS, numbers
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)


@router.get("/adoption")
async def show(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """Show the last twelve weeks, all numbers side by side, each with its n."""
    async with db.transaction() as session:
        weeks = await numbers(session, actor, clock=clock)
    return page.show(request, "adoption/weeks.html", weeks=weeks, definitions=DEFINITIONS)
