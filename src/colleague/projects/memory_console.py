"""Pages of a project's memory: the switch, notes, instructions with their history, and proposals to decide on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.projects.manage import delete_note, switch_memory
from colleague.projects.propose import ProposalNotFound, decide
from colleague.projects.sight import view_history, view_project, view_proposal
from colleague.projects.work import Work
from colleague.projects.write import suggest, write_note

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheWork = Annotated[Work, Depends(part(Work))]
Text = Annotated[str, Form()]


def _to(project: str, at: str = "") -> RedirectResponse:
    return RedirectResponse(f"/projects/{project}{at}", status_code=303)


@router.post("/projects/{project}/memory")
async def memory(
    db: Db, actor: Current, ledger: TheLedger, project: str, on: Annotated[bool, Form()] = False
) -> Response:  # fmt: skip
    """Switch memory on or off."""
    async with db.transaction() as session:
        await switch_memory(session, actor, project, on=on, ledger=ledger)
    return _to(project, "#memory")


@router.post("/projects/{project}/notes")
async def note(db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, text: Text = "") -> Response:
    """Write a note."""
    async with db.transaction() as session:
        await write_note(session, actor, project, text, ledger=ledger, clock=clock)
    return _to(project, "#memory")


@router.post("/projects/{project}/notes/{note}")
async def rewrite(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, note: str, text: Text = ""
) -> Response:
    """Give a note another text."""
    async with db.transaction() as session:
        await write_note(session, actor, project, text, note=note, ledger=ledger, clock=clock)
    return _to(project, "#memory")


@router.post("/projects/{project}/notes/{note}/remove")
async def forget(db: Db, actor: Current, ledger: TheLedger, project: str, note: str) -> Response:
    """Forget a note."""
    async with db.transaction() as session:
        await delete_note(session, actor, project, note, ledger=ledger)
    return _to(project, "#memory")


@router.get("/projects/{project}/instructions")
async def instructions(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, project: str
) -> HTMLResponse:  # fmt: skip
    """Show the instructions as a form, and how they came to be."""
    async with db.transaction() as session:
        sight = await view_project(session, actor, project, clock=clock)
        history = await view_history(session, actor, project, clock=clock)
        people = await names_of(session, {p.row.decided_by for p in history} | {p.row.person_id for p in history})
    return page.show(
        request, "projects/instructions.html", project=sight.project, history=history, people=people,
        works=sight.role in ("owner", "member"), owns=sight.role == "owner",
    )  # fmt: skip


@router.post("/projects/{project}/instructions")
async def instruct(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, text: Text = "", why: Text = ""
) -> Response:
    """Propose another text: its difference is shown, and an owner accepts it there."""
    async with db.transaction() as session:
        row = await suggest(session, actor, project, text, why, ledger=ledger, clock=clock)
    return _to(project, f"/proposals/{row.id}")


@router.get("/projects/{project}/proposals/{proposal}")
async def show(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, work: TheWork, project: str, proposal: str
) -> HTMLResponse:  # fmt: skip
    """Show a proposal: the difference, and what caused it."""
    async with db.transaction() as session:
        found = await view_proposal(session, actor, proposal, clock=clock)
        if found.row.project_id != project:
            raise ProposalNotFound
        sight = await view_project(session, actor, project, clock=clock)
        people = await names_of(session, {found.row.person_id, found.row.decided_by})
        task = found.row.task_id if found.row.task_id and await work.seen(session, actor, found.row.task_id) else ""
    return page.show(
        request, "projects/proposal.html", found=found, row=found.row, project=found.project, people=people,
        task=task, members=len(sight.members),
    )  # fmt: skip


@router.post("/projects/{project}/proposals/{proposal}")
async def settle(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, project: str, proposal: str,
    accept: Annotated[bool, Form()],
) -> Response:  # fmt: skip
    """Accept or reject a proposal."""
    async with db.transaction() as session:
        at = await decide(session, actor, proposal, accept=accept, ledger=ledger, clock=clock)
    return _to(at)
