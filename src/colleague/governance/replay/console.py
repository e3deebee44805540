"""The page that shows what a change of settings would have meant for past calls, before it applies."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse

from colleague.governance.document.compile import compile_document
from colleague.governance.document.draft import see_draft
from colleague.governance.document.effect import changes
from colleague.governance.replay.replay import LONGEST, replay
from colleague.identity.current import Current
from colleague.identity.directory import list_teams, names_of
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page
from colleague.policy.console import changes_of
from colleague.policy.engine import Engine
from colleague.policy.governance import current_governance, with_changes
from colleague.policy.model import Governance
from colleague.policy.second_person.propose import NoSuchProposal, list_proposals

router = APIRouter(include_in_schema=False)
TheEngine = Annotated[Engine, Depends(part(Engine))]


@router.post("/policies/replay")
async def of_form(
    request: Request, page: Page, db: Db, actor: Current, engine: TheEngine, clock: Time,
    days: Annotated[int, Form(ge=1, le=LONGEST)] = 30,
) -> HTMLResponse:  # fmt: skip
    """Show what the settings of a form would have decided, and offer to save them."""
    actor.require("org:policy:read")
    form = await request.form()
    async with db.transaction() as session:
        now = await current_governance(session)
    draft = with_changes(now, changes_of(form))
    fields = {k: str(v) for k, v in form.items() if k != "days"}
    return await _show(request, page, db, engine, clock, actor, now, draft, days, fields=fields)


@router.get("/policies/replay")
async def of_proposal(
    request: Request, page: Page, db: Db, actor: Current, engine: TheEngine, clock: Time, proposal: str, days: int = 30
) -> HTMLResponse:  # fmt: skip
    """Show what a proposal that waits for a second person would have decided."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        now = await current_governance(session)
        found = next((p for p in await list_proposals(session, clock=clock) if p.id == proposal), None)
    if found is None:
        raise NoSuchProposal
    draft = with_changes(now, found.changes)
    return await _show(request, page, db, engine, clock, actor, now, draft, days, back="/policies#waiting")


@router.get("/governance/draft/replay")
async def of_document(
    request: Request, page: Page, db: Db, actor: Current, engine: TheEngine, clock: Time,
    days: Annotated[int, Query(ge=1, le=LONGEST)] = 30,
) -> HTMLResponse:  # fmt: skip
    """Show what the draft of the governance document would have decided."""
    actor.require("org:policy:read")
    async with db.transaction() as session:
        now, document = await current_governance(session), await see_draft(session, actor)
    draft = compile_document(document.sentences, now, engine).governance
    return await _show(request, page, db, engine, clock, actor, now, draft, days, back="/governance/draft")


async def _show(
    request: Request, page: Any, db: Any, engine: Engine, clock: Any, actor: Any, now: Governance, draft: Governance,
    days: int, **more: Any,
) -> HTMLResponse:  # fmt: skip
    seen = await replay(db, engine, now, draft, days=days, clock=clock)
    sees = actor.may("org:tasks:read")
    async with db.transaction() as session:
        people = await names_of(session, {c.person for c in seen.changes}) if sees else {}
        teams = {team.id: team.name for team in await list_teams(session)}
    shown: HTMLResponse = page.show(
        request, "governance/replay.html", seen=seen, settings=changes(now, draft, teams), days=days, sees=sees,
        people=people, fields=more.get("fields"), back=more.get("back", "/policies"),
    )  # fmt: skip
    return shown
