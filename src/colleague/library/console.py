"""Pages of document sets: what there is, one set with its documents, searching with citations, the document itself."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.identity.current import Current
from colleague.kit.documents.preview import anchor, preview_html
from colleague.kit.doors import Config, Db, part
from colleague.kit.page import Page
from colleague.library.documents import MOST, list_documents, places_open, teams_that_reach
from colleague.library.make import create_upload_set
from colleague.library.parts import Library
from colleague.library.search import QUERY_LIMIT, search
from colleague.library.sets import create_set, delete_set, get_set, list_sets, refresh_set, rename_set
from colleague.library.tools import NOTHING, DocumentNotThere, read
from colleague.projects.receive import receive
from colleague.projects.store import list_projects

router = APIRouter(include_in_schema=False)
TheLibrary = Annotated[Library, Depends(part(Library))]
Text = Annotated[str, Form()]


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


@router.get("/document-sets")
async def index(
    request: Request, page: Page, db: Db, actor: Current, library: TheLibrary, project: str = "", q: str = ""
) -> HTMLResponse:  # fmt: skip
    """List the sets that one may ask (of one project), and search all of them."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        sets = await list_sets(session, actor, library, project=project)
    q = q[:QUERY_LIMIT]
    found = await search(library, actor.id, q, sets=tuple(s.id for s in sets)) if q.strip() and sets else None
    return page.show(
        request, "library/list.html", sets=sets, project=project, q=q, found=found, nothing=NOTHING, anchor=anchor
    )


@router.get("/document-sets/new")
async def new(
    request: Request, page: Page, db: Db, actor: Current, library: TheLibrary, project: str = ""
) -> HTMLResponse:  # fmt: skip
    """Show the form for a new set: folders that are open to one, or files."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        folders = await places_open(session, actor, library)
        projects = [line.project for line in await list_projects(session, actor.id) if line.role != "viewer"]
    everybody = actor.may("org:connectors:manage")
    return page.show(
        request, "library/new.html", folders=folders, projects=projects, project=project, everybody=everybody
    )


@router.post("/document-sets")
async def create(
    db: Db, actor: Current, library: TheLibrary, settings: Config, name: Text = "", project: Text = "",
    places: Annotated[list[str] | None, Form()] = None, files: Annotated[list[UploadFile] | None, File()] = None,
    inside: Text = "",
) -> Response:  # fmt: skip
    """Make a set of folders, or of files, and show it."""
    chosen = [(c, p) for c, _, p in (place.partition("|") for place in [*(places or []), inside] if "|" in place)]
    if chosen:
        async with db.transaction() as session:
            made = await create_set(session, actor, name, chosen, project=project, library=library)
        return _to(f"/document-sets/{made}")
    uploads = await receive(
        actor, project, files or [], database=db, ledger=library.ledger, limit=settings.upload_limit
    )
    async with db.transaction() as session:
        made = await create_upload_set(session, actor, name, uploads, project=project, library=library)
    return _to(f"/document-sets/{made}")


@router.get("/document-sets/{set_id}")
async def show(
    request: Request, page: Page, db: Db, actor: Current, library: TheLibrary, set_id: str, q: str = "", after: str = ""
) -> HTMLResponse:
    """Show one set: what it covers, how its index stands, its documents, and what a search finds."""
    async with db.transaction() as session:
        shown, lines = await list_documents(session, actor, set_id, library, after=after)
        teams = await teams_that_reach(session, shown, library) if actor.may("org:connectors:read") else None
    q = q[:QUERY_LIMIT]
    found = await search(library, actor.id, q, sets=(set_id,)) if q.strip() else None
    return page.show(
        request, "library/show.html", shown=shown, lines=lines, teams=teams, q=q, found=found, nothing=NOTHING,
        anchor=anchor, more=lines[-1].path if len(lines) == MOST else "", after=after,
    )  # fmt: skip


@router.post("/document-sets/{set_id}/rename")
async def rename(db: Db, actor: Current, library: TheLibrary, set_id: str, name: Text = "") -> Response:
    """Give it another name."""
    async with db.transaction() as session:
        await rename_set(session, actor, set_id, name, library=library)
    return _to(f"/document-sets/{set_id}")


@router.post("/document-sets/{set_id}/refresh")
async def refresh(db: Db, actor: Current, library: TheLibrary, set_id: str) -> Response:
    """Bring it up to date now."""
    async with db.transaction() as session:
        await refresh_set(session, actor, set_id, library=library)
    return _to(f"/document-sets/{set_id}")


@router.post("/document-sets/{set_id}/remove")
async def remove(db: Db, actor: Current, library: TheLibrary, set_id: str) -> Response:
    """Forget it; the documents stay where they are."""
    async with db.transaction() as session:
        await delete_set(session, actor, set_id, library=library)
    return _to("/document-sets")


@router.get("/document-sets/{set_id}/documents/{document}")
async def source(
    request: Request, page: Page, db: Db, actor: Current, library: TheLibrary, set_id: str, document: str
) -> HTMLResponse:  # fmt: skip
    """Show a document as its source holds it now; `#p-12` opens it at the page."""
    async with db.transaction() as session:
        shown = await get_set(session, actor, set_id, library)
    found = await read(library, actor.id, document)
    if found.set != set_id:
        raise DocumentNotThere
    return page.show(request, "library/document.html", shown=shown, found=found, html=preview_html(found.document))
