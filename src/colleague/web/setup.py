"""The set-up page: what a new administrator does first, in order, and how its installation stands."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from colleague.audit.read import standing
from colleague.governance.posture.doors import TheLooking
from colleague.governance.posture.guide import guide_of
from colleague.identity.current import Current
from colleague.kit.doors import Config, Db
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)


@router.get("/set-up")
async def index(
    request: Request, page: Page, db: Db, actor: Current, settings: Config, parts: TheLooking
) -> HTMLResponse:
    """Show the steps, each with whether it is done, and the one that comes next."""
    async with db.transaction() as session:
        guide = await guide_of(session, actor, parts)
        sealed, waiting = await standing(session)
    return page.show(request, "web/set_up.html", guide=guide, sealed=sealed, waiting=waiting, settings=settings)
