"""Pages of projects: what there is, one project with its people, files, memory and tasks, and its end."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.blobs import get_blob
from colleague.kit.documents.model import Document
from colleague.kit.documents.preview import preview_html
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.page import Page
from colleague.projects.manage import (
    BadProject,
    add_link,
    add_project_files,
    address_of,
    create_project,
    delete_project,
    edit_project,
    get_project_file,
    remove_link,
    remove_member,
    remove_project_file,
    set_member,
)
from colleague.projects.model import ROLES
from colleague.projects.propose import list_proposals
from colleague.projects.receive import receive
from colleague.projects.sight import view_project
from colleague.projects.store import list_projects, see_project
from colleague.projects.work import Work

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheWork = Annotated[Work, Depends(part(Work))]
Text = Annotated[str, Form()]


def _to(project: str, at: str = "") -> RedirectResponse:
    return RedirectResponse(f"/projects/{project}{at}", status_code=303)


@router.get("/projects")
async def index(request: Request, page: Page, db: Db, actor: Current, clock: Time) -> HTMLResponse:
    """List the projects that one is in."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        lines = await list_projects(session, actor.id)
        # Only proposals that the reader may see are counted.
        waiting = {
            line.project.id: len(await list_proposals(session, actor, line.project.id, clock=clock)) if line.waiting
            else 0 for line in lines
        }  # fmt: skip
    return page.show(request, "projects/list.html", lines=lines, waiting=waiting)


@router.get("/projects/new")
async def new(request: Request, page: Page, actor: Current) -> HTMLResponse:
    """Show the form for a new project."""
    actor.require("own:tasks:use")
    return page.show(request, "projects/new.html")


@router.post("/projects")
async def create(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Text = "", purpose: Text = ""
) -> Response:  # fmt: skip
    """Make a project and show it."""
    async with db.transaction() as session:
        project = await create_project(session, actor, name, purpose, ledger=ledger, clock=clock)
    return _to(project)


@router.get("/projects/{project}")
async def show(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, work: TheWork, project: str
) -> HTMLResponse:  # fmt: skip
    """Show one project."""
    async with db.transaction() as session:
        sight = await view_project(session, actor, project, clock=clock)
        tasks = await work.listed(session, actor, project)
    return page.show(
        request, "projects/show.html", sight=sight, project=sight.project, people=sight.people, tasks=tasks,
        works=sight.role in ("owner", "member"), owns=sight.role == "owner", roles=ROLES,
    )  # fmt: skip


@router.post("/projects/{project}/edit")
async def edit(
    db: Db, actor: Current, ledger: TheLedger, project: str, name: Text = "", purpose: Text = ""
) -> Response:  # fmt: skip
    """Give it another name and purpose."""
    async with db.transaction() as session:
        await edit_project(session, actor, project, name, purpose, ledger=ledger)
    return _to(project)


@router.post("/projects/{project}/members")
async def let_in(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, who: Text = "", role: Text = "member"
) -> Response:
    """Let somebody in, or give them another role."""
    async with db.transaction() as session:
        await see_project(session, actor, project, need="owner")
        email = await address_of(session, who)
        await set_member(session, actor, project, email, role, ledger=ledger, clock=clock)
    return _to(project, "#members")


@router.post("/projects/{project}/members/{person}/remove")
async def let_out(db: Db, actor: Current, ledger: TheLedger, project: str, person: str) -> Response:
    """Take somebody out, or leave."""
    async with db.transaction() as session:
        await remove_member(session, actor, project, person, ledger=ledger)
    return RedirectResponse("/projects", status_code=303) if person == actor.id else _to(project, "#members")


@router.post("/projects/{project}/files")
async def add_files(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config, project: str,
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:  # fmt: skip
    """Share files with the project."""
    uploads = await receive(actor, project, files or [], database=db, ledger=ledger, limit=settings.upload_limit)
    if not uploads:
        raise BadProject(why="choose a file")
    async with db.transaction() as session:
        await add_project_files(session, actor, project, uploads, ledger=ledger, clock=clock)
    return _to(project, "#files")


@router.get("/projects/{project}/files/{file}")
async def file(request: Request, page: Page, db: Db, actor: Current, project: str, file: str) -> HTMLResponse:
    """Show a file of the project as it was read; `#p-12` opens it at the page."""
    async with db.transaction() as session:
        row = await get_project_file(session, actor, project, file)
        held, _ = await see_project(session, actor, project)
    html = preview_html(Document.from_json(row.document))
    return page.show(request, "projects/file.html", file=row, project=held, html=html)


@router.get("/projects/{project}/files/{file}/download")
async def download(db: Db, actor: Current, project: str, file: str) -> Response:
    """Download a file of the project."""
    async with db.transaction() as session:
        row = await get_project_file(session, actor, project, file)
        content = await get_blob(session, row.sha256)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name)}"}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.post("/projects/{project}/files/{file}/remove")
async def drop_file(db: Db, actor: Current, ledger: TheLedger, project: str, file: str) -> Response:
    """Take a file out of the project."""
    async with db.transaction() as session:
        await remove_project_file(session, actor, project, file, ledger=ledger)
    return _to(project, "#files")


@router.post("/projects/{project}/links")
async def link(
    db: Db, actor: Current, ledger: TheLedger, project: str, title: Text = "", url: Text = ""
) -> Response:  # fmt: skip
    """Keep a link."""
    async with db.transaction() as session:
        await add_link(session, actor, project, title, url, ledger=ledger)
    return _to(project, "#links")


@router.post("/projects/{project}/links/{link}/remove")
async def unlink(db: Db, actor: Current, ledger: TheLedger, project: str, link: str) -> Response:
    """Take a link away."""
    async with db.transaction() as session:
        await remove_link(session, actor, project, link, ledger=ledger)
    return _to(project, "#links")


@router.post("/projects/{project}/end")
async def end(
    db: Db, actor: Current, ledger: TheLedger, project: str, sure: Annotated[bool, Form()] = False
) -> Response:  # fmt: skip
    """End the project for good."""
    if not sure:
        raise BadProject(why="say that you mean it: tick the box")
    async with db.transaction() as session:
        await delete_project(session, actor, project, ledger=ledger)
    return RedirectResponse("/projects", status_code=303)
