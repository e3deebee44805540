"""The page of results: where each answer went, how much of it, and why not more."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from colleague.dispatch.deliver.view import FORMS, list_results
from colleague.identity.current import Current
from colleague.kit.doors import Db
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)


@router.get("/dispatch/results")
async def index(request: Request, page: Page, db: Db, actor: Current, everybody: bool = False) -> HTMLResponse:
    """Show what became of my results, or of everybody's."""
    async with db.transaction() as session:
        results = await list_results(session, actor, everybody=everybody)
    return page.show(request, "dispatch/results.html", results=results, everybody=everybody, forms=FORMS)
