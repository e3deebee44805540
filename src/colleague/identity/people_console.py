"""Pages of people: who is here, in which teams, with which roles."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.current import Current
from colleague.identity.directory import get_person, list_people, list_teams, members_of
from colleague.identity.first_run import invite
from colleague.identity.people import (
    add_member,
    assign_role,
    create_person,
    create_team,
    is_managed,
    remove_member,
    remove_role,
    set_active,
)
from colleague.identity.roles import known_roles
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]


@router.get("/people")
async def index(request: Request, page: Page, db: Db, actor: Current, search: str = "") -> HTMLResponse:
    """List people and teams."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        people = await list_people(session, search=search[:100])
        teams = await list_teams(session)
    return page.show(request, "identity/people.html", people=people, teams=teams, search=search[:100])


@router.post("/people")
async def add(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Annotated[str, Form()], email: Annotated[str, Form()]
) -> Response:
    """Add a person."""
    async with db.transaction() as session:
        person = await create_person(session, actor, email, name, ledger=ledger, clock=clock)
    return RedirectResponse(f"/people/{person}", 303)


@router.get("/people/{person_id}")
async def show(request: Request, page: Page, db: Db, actor: Current, person_id: str) -> HTMLResponse:
    """Show one person."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        person = await get_person(session, person_id)
        teams, roles = await list_teams(session), await known_roles(session)
        managed = await is_managed(session, person_id)
    return page.show(request, "identity/person.html", person=person, teams=teams, roles=roles, link="", managed=managed)


@router.post("/people/{person_id}/invite")
async def invitation(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config,
    person_id: str,
) -> HTMLResponse:  # fmt: skip
    """Make a one-time link for a person and show it."""
    async with db.transaction() as session:
        person = await get_person(session, person_id)
        path = await invite(session, actor, person_id, ledger=ledger, clock=clock)
        teams, roles = await list_teams(session), await known_roles(session)
        managed = await is_managed(session, person_id)
    link = settings.url + path
    return page.show(
        request, "identity/person.html", person=person, teams=teams, roles=roles, link=link, managed=managed
    )


@router.post("/people/{person_id}/active")
async def activity(
    db: Db, actor: Current, ledger: TheLedger, person_id: str, active: Annotated[bool, Form()]
) -> Response:
    """Deactivate a person or let them in again."""
    async with db.transaction() as session:
        await set_active(session, actor, person_id, active=active, ledger=ledger)
    return RedirectResponse(f"/people/{person_id}", 303)


@router.post("/people/{person_id}/roles")
async def roles(
    db: Db, actor: Current, ledger: TheLedger, person_id: str, role: Annotated[str, Form()],
    give: Annotated[bool, Form()],
) -> Response:  # fmt: skip
    """Give a role or take it away."""
    async with db.transaction() as session:
        change = assign_role if give else remove_role
        await change(session, actor, person_id, role, ledger=ledger)
    return RedirectResponse(f"/people/{person_id}", 303)


@router.post("/people/{person_id}/teams")
async def teams(
    db: Db, actor: Current, ledger: TheLedger, person_id: str, team: Annotated[str, Form()],
    join: Annotated[bool, Form()],
) -> Response:  # fmt: skip
    """Put a person into a team or take them out."""
    async with db.transaction() as session:
        change = add_member if join else remove_member
        await change(session, actor, team, person_id, ledger=ledger)
    return RedirectResponse(f"/people/{person_id}", 303)


@router.post("/teams")
async def new_team(db: Db, actor: Current, ledger: TheLedger, name: Annotated[str, Form()]) -> Response:
    """Make a team."""
    async with db.transaction() as session:
        team = await create_team(session, actor, name, ledger=ledger)
    return RedirectResponse(f"/teams/{team}", 303)


@router.get("/teams/{team_id}")
async def team(request: Request, page: Page, db: Db, actor: Current, team_id: str) -> HTMLResponse:
    """Show the members of a team."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        name = next((t.name for t in await list_teams(session) if t.id == team_id), "")
        members = await members_of(session, team_id)
    return page.show(request, "identity/team.html", name=name, members=members)
