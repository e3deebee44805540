"""The page of templates: what there is, and for administrators to add, choose and withdraw."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.files.receive import read_uploads
from colleague.files.templates import (
    LIMIT,
    BadTemplate,
    add_template,
    check_template,
    choose_template,
    list_templates,
    template_content,
    withdraw_template,
)
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


def _back() -> RedirectResponse:
    return RedirectResponse("/templates", status_code=303)


@router.get("/templates")
async def index(request: Request, page: Page, db: Db, actor: Current) -> HTMLResponse:
    """List the templates."""
    actor.require("org:settings:manage")
    async with db.transaction() as session:
        rows = await list_templates(session)
        people = await names_of(session, {r.stored_by for r in rows})
    return page.show(request, "files/templates.html", rows=rows, people=people)


@router.post("/templates")
async def add(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Annotated[str, Form()],
    file: Annotated[list[UploadFile] | None, File()] = None, standard: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Store a new template or a new version of one."""
    actor.require("org:settings:manage")
    given = await read_uploads(file or [], LIMIT)
    if not given:
        raise BadTemplate(why="choose a .docx or .pptx file")
    checked = await check_template(given[0][1])
    async with db.transaction() as session:
        await add_template(session, actor, name, checked, standard=standard, ledger=ledger, clock=clock)
    return _back()


@router.post("/templates/{name}/standard")
async def choose(
    db: Db, actor: Current, ledger: TheLedger, name: str, standard: Annotated[bool, Form()] = False
) -> Response:
    """Make a template the standard of its format, or no longer."""
    async with db.transaction() as session:
        await choose_template(session, actor, name, standard=standard, ledger=ledger)
    return _back()


@router.post("/templates/{name}/withdraw")
async def withdraw(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str) -> Response:
    """Let a template no longer be used."""
    async with db.transaction() as session:
        await withdraw_template(session, actor, name, ledger=ledger, clock=clock)
    return _back()


@router.get("/templates/{name}/download")
async def download(db: Db, actor: Current, name: str) -> Response:
    """Download the newest version."""
    actor.require("org:settings:manage")
    async with db.transaction() as session:
        row, content = await template_content(session, name)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}-v{row.version}.{row.format}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
