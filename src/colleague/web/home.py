"""What belongs to no slice: the start page, light or dark, probes, and the icon browsers ask every site for."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import text

from colleague import __version__
from colleague.identity.cookies import own_path
from colleague.identity.current import Current
from colleague.kit.doors import Db

router = APIRouter()


@router.get("/", include_in_schema=False)
async def home(actor: Current) -> Response:
    """Go to where work begins."""
    return RedirectResponse("/tasks/new" if actor.may("own:tasks:use") else "/tasks", 303)


@router.post("/theme", include_in_schema=False)
async def theme(request: Request, choice: Annotated[Literal["system", "light", "dark"], Form()]) -> Response:
    """Remember light, dark, or as the system has it, on this device."""
    response = RedirectResponse(own_path(urlsplit(request.headers.get("referer", "/")).path or "/"), 303)
    if choice == "system":
        response.delete_cookie("theme", path="/")
    else:
        response.set_cookie("theme", choice, max_age=365 * 24 * 3600, httponly=True, samesite="lax", path="/")
    return response


@router.get("/healthz", tags=["health"])
async def alive() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "alive", "version": __version__}


@router.get("/readyz", tags=["health"])
async def ready(db: Db) -> dict[str, str]:
    """Say that the database answers; 503 if it does not."""
    async with db.transaction() as session:
        await session.execute(text("SELECT 1"))
    return {"status": "ready"}


@router.get("/favicon.ico", include_in_schema=False)
async def favicon(request: Request) -> Response:
    """Lead to the icon."""
    return RedirectResponse(f"/assets/{request.app.state.assets or 'none'}/icon.svg", 302)
