"""The page of notices: what the bell counts."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from colleague.channels.page import count_unseen, list_notices, see_all, see_notice
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)


@router.get("/notices")
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """Show my notices, newest first."""
    async with db.transaction() as session:
        notices, unseen = await list_notices(session, actor), await count_unseen(session, actor)
    return page.show(request, "channels/notices.html", notices=notices, unseen=unseen)


@router.post("/notices/seen")
async def all_seen(db: Db, actor: Current, clock: Time) -> RedirectResponse:
    """Mark all my notices as seen."""
    async with db.transaction() as session:
        await see_all(session, actor, clock=clock)
    return RedirectResponse("/notices", status_code=303)


@router.post("/notices/{notice_id}/open")
async def follow(db: Db, actor: Current, clock: Time, notice_id: str) -> RedirectResponse:
    """Mark a notice as seen and go where it leads."""
    async with db.transaction() as session:
        notice = await see_notice(session, actor, notice_id, clock=clock)
    return RedirectResponse(notice.link or "/notices", status_code=303)
