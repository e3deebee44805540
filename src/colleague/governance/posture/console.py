"""The page of the posture."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from colleague.governance.posture.doors import TheLooking
from colleague.governance.posture.look import posture_of
from colleague.identity.current import Current
from colleague.kit.doors import Db
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)


@router.get("/set-up/posture")
async def show(request: Request, page: Page, db: Db, actor: Current, parts: TheLooking) -> HTMLResponse:
    """Show every hardening check, deviations first."""
    async with db.transaction() as session:
        posture = await posture_of(session, actor, parts)
    return page.show(request, "governance/posture/posture.html", posture=posture)
