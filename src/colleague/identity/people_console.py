"""Pages of people: who is here, in which teams, with which roles."""

import csv
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from colleague.audit.record import Ledger
from colleague.identity.actor import Actor
from colleague.identity.current import Current
from colleague.identity.directory import (
    count_people,
    count_waiting,
    get_person,
    is_managed,
    list_people,
    list_teams,
    list_waiting,
    members_of,
)
from colleague.identity.groups.mapping import Invitations
from colleague.identity.links.first_run import invite
from colleague.identity.links.invite_all import how_many_cannot_sign_in, invite_all
from colleague.identity.people import (
    BadDepartment,
    BadPerson,
    add_member,
    assign_role,
    create_person,
    create_team,
    remove_member,
    remove_role,
    set_active,
    set_department,
    take_seat_back,
)
from colleague.identity.permissions import BY_DECISION
from colleague.identity.roles import known_roles
from colleague.identity.seats.chosen import unchosen
from colleague.identity.seats.exclude import set_excluded
from colleague.identity.seats.hold import current_limit, give_seats, seats_held
from colleague.identity.seats.reason import keep_reason, may_give, of_the_pilot
from colleague.kit.db import Session
from colleague.kit.doors import Config, Db, Time, part
from colleague.kit.errors import Conflict, Invalid
from colleague.kit.page import Page

router = APIRouter(include_in_schema=False)
TheLedger = Annotated[Ledger, Depends(part(Ledger))]
TheInvitations = Annotated[Invitations, Depends(part(Invitations))]
Reason = Annotated[str, Form(max_length=2000)]
MOST_LINES = 200


class BadList(Invalid):
    """Nobody was added. {why}"""


class NotAll(Conflict):
    """Nobody was added. Line {line}: {why}"""


def read_list(text: str) -> list[tuple[int, str, str, str]]:
    """Read people, one a line: name, mail address and, if it is known, department; with commas, semicolons or tabs.

    Returns line, name, address, department. Raises BadList with the line that is not so.
    """
    found = []
    for n, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        between = next((one for one in ("\t", ";") if one in line), ",")
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=between, skipinitialspace=True))]
        if not 2 <= len(cells) <= 3 or not all(cells[:2]):
            raise BadList(why=f"Line {n} is not name, mail address, department.")
        found.append((n, cells[0], cells[1], cells[2] if len(cells) == 3 else ""))
    if not 1 <= len(found) <= MOST_LINES:
        raise BadList(why=f"Write one to {MOST_LINES} people, each on their own line.")
    return found


@router.get("/people")
async def index(
    request: Request, page: Page, db: Db, actor: Current, clock: Time, settings: Config, search: str = ""
) -> HTMLResponse:
    """List people and teams."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        people = await list_people(session, search=search[:100])
        teams, waiting = await list_teams(session), await list_waiting(session)
        there, wait = await count_people(session, search=search[:100]), await count_waiting(session)
        limit, held = await current_limit(session), await seats_held(session)
        nobody_chose = await unchosen(session, [one.id for one in waiting])
        # The invented people of a demo come in by a press.
        asked = actor.may("org:people:manage") and not settings.demo
        outside = await how_many_cannot_sign_in(session, clock=clock) if asked else 0
    return page.show(
        request, "identity/people.html", people=people, teams=teams, search=search[:100], waiting=waiting, limit=limit,
        held=held, may_give=may_give(actor), unchosen=nobody_chose, there=there, wait=wait, outside=outside,
    )  # fmt: skip


@router.post("/people/links")
async def links(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config,
    invitations: TheInvitations,
) -> HTMLResponse:  # fmt: skip
    """Make a one-time link for everybody who cannot sign in yet, and show them."""
    async with db.transaction() as session:
        invited = await invite_all(session, actor, invitations=invitations, ledger=ledger, clock=clock)
    return page.show(request, "identity/invited.html", invited=invited, url=settings.url)


@router.post("/people/seats")
async def seats(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, person: Annotated[list[str], Form(max_length=1000)],
    reason: Reason = "",
) -> Response:  # fmt: skip
    """Give seats to people who wait."""
    async with db.transaction() as session:
        await give_seats(session, actor, person, reason=reason, ledger=ledger, clock=clock)
    return RedirectResponse("/people", 303)


@router.post("/people/{person_id}/seat")
async def seat(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str, give: Annotated[bool, Form()],
    reason: Reason = "",
) -> Response:  # fmt: skip
    """Give a seat to somebody who waits, or take it back."""
    async with db.transaction() as session:
        if give:
            await give_seats(session, actor, [person_id], reason=reason, ledger=ledger, clock=clock)
        else:
            await take_seat_back(session, actor, person_id, ledger=ledger, clock=clock)
    return RedirectResponse(f"/people/{person_id}", 303)


@router.post("/people/{person_id}/reason")
async def reason(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str, reason: Reason = ""
) -> Response:  # fmt: skip
    """Write down the sponsor's reason for a seat in the pilot."""
    async with db.transaction() as session:
        await keep_reason(session, actor, person_id, reason, ledger=ledger, clock=clock)
    return RedirectResponse(f"/people/{person_id}", 303)


@router.post("/people/{person_id}/department")
async def department(
    db: Db, actor: Current, ledger: TheLedger, person_id: str, name: Annotated[str, Form(max_length=80)] = ""
) -> Response:
    """Say in which department a person works."""
    async with db.transaction() as session:
        await set_department(session, actor, person_id, name, ledger=ledger)
    return RedirectResponse(f"/people/{person_id}", 303)


@router.post("/people/{person_id}/excluded")
async def exclusion(
    db: Db, actor: Current, ledger: TheLedger, person_id: str, excluded: Annotated[bool, Form()],
    why: Annotated[str, Form(max_length=400)] = "",
) -> Response:  # fmt: skip
    """Leave a person out of the numbers of the programme, or let them count again."""
    async with db.transaction() as session:
        await set_excluded(session, actor, person_id, excluded=excluded, why=why, ledger=ledger)
    return RedirectResponse(f"/people/{person_id}", 303)


@router.post("/people")
async def add(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, name: Annotated[str, Form()],
    email: Annotated[str, Form()], department: Annotated[str, Form(max_length=80)] = "", reason: Reason = "",
) -> Response:  # fmt: skip
    """Add a person."""
    async with db.transaction() as session:
        person = await create_person(
            session, actor, email, name, department=department, reason=reason, ledger=ledger, clock=clock
        )  # fmt: skip
    return RedirectResponse(f"/people/{person}", 303)


@router.post("/people/several")
async def add_several(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, people: Annotated[str, Form(max_length=60_000)] = "",
    team: Annotated[str, Form(max_length=80)] = "",
) -> Response:  # fmt: skip
    """Add several people, and put them into a team if one is named: all of them or none."""
    actor.require("org:people:manage")
    async with db.transaction() as session:
        for line, name, email, department in read_list(people):
            try:
                person = await create_person(
                    session, actor, email, name, department=department, ledger=ledger, clock=clock
                )  # fmt: skip
            except (BadPerson, BadDepartment, Conflict) as refusal:
                raise NotAll(line=line, why=refusal.message) from None
            if team:
                await add_member(session, actor, team, person, ledger=ledger)
    return RedirectResponse("/people", 303)


@router.get("/people/{person_id}")
async def show(request: Request, page: Page, db: Db, actor: Current, person_id: str) -> HTMLResponse:
    """Show one person."""
    actor.require("org:people:read")
    async with db.transaction() as session:
        told = await _about(session, actor, person_id)
    return page.show(request, "identity/person.html", **told, link="")


async def _about(session: Session, actor: Actor, person_id: str) -> dict[str, Any]:
    """Return what the page of a person shows."""
    return {
        "person": await get_person(session, person_id), "teams": await list_teams(session),
        "roles": [one for one in await known_roles(session) if one not in BY_DECISION],
        "managed": await is_managed(session, person_id), "pilot": await of_the_pilot(session, person_id),
        "may_give": may_give(actor),
    }  # fmt: skip


@router.post("/people/{person_id}/invite")
async def invitation(
    request: Request, page: Page, db: Db, actor: Current, ledger: TheLedger, clock: Time, settings: Config,
    person_id: str, invitations: TheInvitations,
) -> HTMLResponse:  # fmt: skip
    """Make a one-time link for a person and show it."""
    async with db.transaction() as session:
        told = await _about(session, actor, person_id)
        path = await invite(
            session, actor, person_id, invitations=invitations, ledger=ledger, clock=clock
        )  # fmt: skip
    return page.show(request, "identity/person.html", **told, link=settings.url + path)


@router.post("/people/{person_id}/active")
async def activity(
    db: Db, actor: Current, ledger: TheLedger, clock: Time, person_id: str, active: Annotated[bool, Form()]
) -> Response:
    """Deactivate a person or let them in again."""
    async with db.transaction() as session:
        await set_active(session, actor, person_id, active=active, ledger=ledger, clock=clock)
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
