"""Pages of groups and roles: what a group gives, shown before it is saved; roles of the organisation's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import list_teams
from colleague.identity.groups.custom_roles import change_role, define_role, list_roles, retire_role
from colleague.identity.groups.rules import BadRule, list_groups, preview, set_rule, show_group
from colleague.identity.permissions import BY_DECISION, PERMISSIONS
from colleague.kit.doors import Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("/groups")
async def index(request: Request, page: Page, db: Db, actor: Current, search: str = "") -> HTMLResponse:
    """List groups and roles."""
    async with db.transaction() as session:
        groups = await list_groups(session, actor, search=search[:100])
        roles = await list_roles(session, actor)
    mine = {p: words for p, words in PERMISSIONS.items() if actor.may(p) and p != "org:roles:own"}
    return page.show(
        request, "identity/groups.html", groups=groups, roles=roles, search=search[:100], mine=mine, words=PERMISSIONS
    )


@router.get("/groups/{group_id}")
async def show(request: Request, page: Page, db: Db, actor: Current, group_id: str) -> HTMLResponse:
    """Show a group and what it gives."""
    async with db.transaction() as session:
        group = await show_group(session, actor, group_id)
        teams = await list_teams(session)
        roles = [one for one in await list_roles(session, actor) if one.name not in BY_DECISION]
    return page.show(request, "identity/group.html", group=group, teams=teams, roles=roles, effect=None)


@router.post("/groups/{group_id}/preview")
async def look(
    request: Request, page: Page, db: Db, actor: Current, group_id: str, what: Annotated[str, Form(max_length=100)],
    gives: Annotated[bool, Form()] = True,
) -> HTMLResponse:  # fmt: skip
    """Show who would gain or lose what, with the button that does it."""
    kind, colon, target = what.partition(":")
    if not colon:
        raise BadRule
    async with db.transaction() as session:
        effect = await preview(session, actor, group_id, kind, target, gives=gives)
        group = await show_group(session, actor, group_id)
        teams = await list_teams(session)
        roles = [one for one in await list_roles(session, actor) if one.name not in BY_DECISION]
    return page.show(request, "identity/group.html", group=group, teams=teams, roles=roles, effect=effect)


@router.post("/groups/{group_id}/rules")
async def save(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, group_id: str, kind: Annotated[str, Form(max_length=10)],
    target: Annotated[str, Form(max_length=80)], gives: Annotated[bool, Form()],
    seal: Annotated[str, Form(max_length=64)],
) -> Response:  # fmt: skip
    """Do what was looked at."""
    async with db.transaction() as session:
        await set_rule(
            session, actor, group_id, kind, target, gives=gives, seal=seal or "unseen", ledger=ledger, clock=clock
        )
    return RedirectResponse(f"/groups/{group_id}", 303)


@router.post("/roles")
async def role(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Annotated[str, Form(max_length=40)],
    meaning: Annotated[str, Form(max_length=300)], permissions: Annotated[list[str] | None, Form()] = None,
    known: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Make a role of the organisation's own, or change one."""
    async with db.transaction() as session:
        deed = change_role if known else define_role
        await deed(session, actor, name, meaning, permissions or [], ledger=ledger, clock=clock)
    return RedirectResponse("/groups#roles", 303)


@router.post("/roles/{name}/retire")
async def drop(db: Db, actor: Current, ledger: TheLedger, name: str) -> Response:
    """Remove a role that nobody holds."""
    async with db.transaction() as session:
        await retire_role(session, actor, name, ledger=ledger)
    return RedirectResponse("/groups#roles", 303)
