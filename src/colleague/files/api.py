"""Templates for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, UploadFile
from pydantic import BaseModel

from colleague.audit.record import Ledger
from colleague.files.receive import read_uploads
from colleague.files.tables import TemplateRow
from colleague.files.templates import (
    LIMIT,
    BadTemplate,
    add_template,
    check_template,
    choose_template,
    list_templates,
    withdraw_template,
)
from colleague.identity.current import Current
from colleague.kit.doors import Db, Time, part

router = APIRouter(prefix="/api/v1/templates", tags=["templates"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Choice(BaseModel):
    """Whether a template is the standard of its format."""

    standard: bool


def _as_json(row: TemplateRow) -> dict[str, Any]:
    return {
        "name": row.name, "version": row.version, "format": row.format, "sha256": row.sha256, "size": row.size,
        "standard": row.standard, "stored_at": row.stored_at,
    }  # fmt: skip


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List the templates in use."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        return [_as_json(row) for row in await list_templates(session)]


@router.post("", status_code=201)
async def add(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Annotated[str, Form()],
    file: Annotated[UploadFile, File()], standard: Annotated[bool, Form()] = False,
) -> dict[str, Any]:  # fmt: skip
    """Store a new template, or the next version of one."""
    actor.require("org:settings:manage")
    given = await read_uploads([file], LIMIT)
    if not given:
        raise BadTemplate(why="give a .docx or .pptx file")
    checked = await check_template(given[0][1])
    async with db.transaction() as session:
        return _as_json(
            await add_template(session, actor, name, checked, standard=standard, ledger=ledger, clock=clock)
        )


@router.put("/{name}", status_code=204)
async def choose(db: Db, actor: Current, ledger: TheLedger, name: str, choice: Choice) -> None:
    """Make a template the standard of its format, or no longer."""
    async with db.transaction() as session:
        await choose_template(session, actor, name, standard=choice.standard, ledger=ledger)


@router.delete("/{name}", status_code=204)
async def withdraw(db: Db, actor: Current, ledger: TheLedger, clock: Time, name: str) -> None:
    """Let a template no longer be used."""
    async with db.transaction() as session:
        await withdraw_template(session, actor, name, ledger=ledger, clock=clock)
