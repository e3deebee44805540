"""Projects for programs: people, files, links, memory, instructions and proposals as JSON."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, UploadFile
from pydantic import BaseModel, Field

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.kit.db import Session
from colleague.kit.doors import Config, Db, Time, part
from colleague.projects.manage import (
    add_link,
    add_project_files,
    create_project,
    delete_note,
    delete_project,
    edit_project,
    remove_link,
    remove_member,
    remove_project_file,
    set_member,
    switch_memory,
)
from colleague.projects.model import ProjectRole
from colleague.projects.propose import decide, list_proposals
from colleague.projects.receive import receive
from colleague.projects.sight import view_history, view_project, view_proposal
from colleague.projects.store import list_projects
from colleague.projects.write import suggest, write_note

router = APIRouter(prefix="/api/v1/projects", tags=["projects"])
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


class Words(BaseModel):
    """Name and purpose of a project."""

    name: str = Field(min_length=1, max_length=500)
    purpose: str = Field("", max_length=2000)


class Member(BaseModel):
    """A person by mail address, and what they are in the project."""

    email: str = Field(max_length=320)
    role: ProjectRole = "member"


class Link(BaseModel):
    """A link to keep."""

    title: str = Field(max_length=500)
    url: str = Field(max_length=2000)


class Memory(BaseModel):
    """Memory on or off."""

    on: bool


class Note(BaseModel):
    """The text of a note."""

    text: str = Field(max_length=4000)


class Instructions(BaseModel):
    """The whole new text of the instructions, and why."""

    text: str = Field(max_length=10_000)
    why: str = Field("", max_length=1000)


class Word(BaseModel):
    """A decision on a proposal."""

    accept: bool


async def _one(session: Session, actor: Current, project: str, clock: Time) -> dict[str, Any]:
    return (await view_project(session, actor, project, clock=clock)).to_json()


@router.get("")
async def index(db: Db, actor: Current) -> list[dict[str, Any]]:
    """List the projects that one is in."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        return [
            {"id": line.project.id, "name": line.project.name, "purpose": line.project.purpose, "role": line.role,
             "people": line.people}
            for line in await list_projects(session, actor.id)
        ]  # fmt: skip


@router.post("", status_code=201)
async def create(db: Db, actor: Current, ledger: TheLedger, clock: Time, words: Words) -> dict[str, Any]:
    """Make a project; one owns it, and its memory is off."""
    async with db.transaction() as session:
        project = await create_project(session, actor, words.name, words.purpose, ledger=ledger, clock=clock)
        return await _one(session, actor, project, clock)


@router.get("/{project}")
async def show(db: Db, actor: Current, clock: Time, project: str) -> dict[str, Any]:
    """Return one project: instructions, members, files, links, notes, and the ids of open proposals."""
    async with db.transaction() as session:
        return await _one(session, actor, project, clock)


@router.put("/{project}")
async def edit(db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, words: Words) -> dict[str, Any]:
    """Give it another name and purpose; owners."""
    async with db.transaction() as session:
        await edit_project(session, actor, project, words.name, words.purpose, ledger=ledger)
        return await _one(session, actor, project, clock)


@router.delete("/{project}", status_code=204)
async def end(db: Db, actor: Current, ledger: TheLedger, project: str) -> None:
    """End a project: files, links, notes, proposals and document sets are forgotten; owners."""
    async with db.transaction() as session:
        await delete_project(session, actor, project, ledger=ledger)


@router.put("/{project}/members", status_code=204)
async def let_in(db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, member: Member) -> None:
    """Let somebody in, or give them another role; owners. Without an owner who is active: who manages people."""
    async with db.transaction() as session:
        await set_member(session, actor, project, member.email, member.role, ledger=ledger, clock=clock)


@router.delete("/{project}/members/{person}", status_code=204)
async def let_out(db: Db, actor: Current, ledger: TheLedger, project: str, person: str) -> None:
    """Take somebody out (owners), or leave."""
    async with db.transaction() as session:
        await remove_member(session, actor, project, person, ledger=ledger)


@router.post("/{project}/files", status_code=201)
async def add_files(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config, project: str,
    files: Annotated[list[UploadFile], File()],
) -> dict[str, list[str]]:  # fmt: skip
    """Share files with every task of the project."""
    uploads = await receive(actor, project, files, database=db, ledger=ledger, limit=settings.upload_limit)
    async with db.transaction() as session:
        return {"files": await add_project_files(session, actor, project, uploads, ledger=ledger, clock=clock)}


@router.delete("/{project}/files/{file}", status_code=204)
async def drop_file(db: Db, actor: Current, ledger: TheLedger, project: str, file: str) -> None:
    """Take a file out, from every task and index at once."""
    async with db.transaction() as session:
        await remove_project_file(session, actor, project, file, ledger=ledger)


@router.post("/{project}/links", status_code=204)
async def link(db: Db, actor: Current, ledger: TheLedger, project: str, given: Link) -> None:
    """Keep a link."""
    async with db.transaction() as session:
        await add_link(session, actor, project, given.title, given.url, ledger=ledger)


@router.delete("/{project}/links/{link}", status_code=204)
async def unlink(db: Db, actor: Current, ledger: TheLedger, project: str, link: str) -> None:
    """Take a link away."""
    async with db.transaction() as session:
        await remove_link(session, actor, project, link, ledger=ledger)


@router.put("/{project}/memory", status_code=204)
async def memory(db: Db, actor: Current, ledger: TheLedger, project: str, word: Memory) -> None:
    """Switch memory on or off; owners. Off, notes stay readable but no task is told of them."""
    async with db.transaction() as session:
        await switch_memory(session, actor, project, on=word.on, ledger=ledger)


@router.post("/{project}/notes", status_code=201)
async def note(db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, given: Note) -> dict[str, str]:
    """Write a note."""
    async with db.transaction() as session:
        return {"note": await write_note(session, actor, project, given.text, ledger=ledger, clock=clock)}


@router.put("/{project}/notes/{note}")
async def rewrite(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, note: str, given: Note
) -> dict[str, str]:  # fmt: skip
    """Give a note another text."""
    async with db.transaction() as session:
        await write_note(session, actor, project, given.text, note=note, ledger=ledger, clock=clock)
    return {"note": note}


@router.delete("/{project}/notes/{note}", status_code=204)
async def forget(db: Db, actor: Current, ledger: TheLedger, project: str, note: str) -> None:
    """Forget a note, and every proposal that holds its text."""
    async with db.transaction() as session:
        await delete_note(session, actor, project, note, ledger=ledger)


@router.post("/{project}/instructions", status_code=201)
async def instruct(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, given: Instructions
) -> dict[str, Any]:  # fmt: skip
    """Propose another text of the instructions. Returns the proposal: nothing changes before an owner accepts it."""
    async with db.transaction() as session:
        row = await suggest(session, actor, project, given.text, given.why, ledger=ledger, clock=clock)
        return (await view_proposal(session, actor, row.id, clock=clock)).to_json()


@router.get("/{project}/instructions/history")
async def history(db: Db, actor: Current, clock: Time, project: str) -> list[dict[str, Any]]:
    """Return the accepted changes of the instructions, newest first."""
    async with db.transaction() as session:
        return [p.to_json() for p in await view_history(session, actor, project, clock=clock)]


@router.get("/{project}/proposals")
async def proposals(
    db: Db, actor: Current, clock: Time, project: str, state: Literal["open", "accepted", "rejected"] = "open"
) -> list[dict[str, Any]]:
    """List the proposals that one may see."""
    async with db.transaction() as session:
        rows = await list_proposals(session, actor, project, state=state, clock=clock)
        return [(await view_proposal(session, actor, row.id, clock=clock)).to_json() for row in rows]


@router.post("/{project}/proposals/{proposal}")
async def settle(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, proposal: str, word: Word
) -> dict[str, Any]:  # fmt: skip
    """Accept or reject a proposal; who made it may always reject it."""
    async with db.transaction() as session:
        await decide(session, actor, proposal, accept=word.accept, ledger=ledger, clock=clock)
        return (await view_proposal(session, actor, proposal, clock=clock)).to_json()
