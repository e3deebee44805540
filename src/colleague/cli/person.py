"""`colleague person`: see, add, invite and deactivate people; give and take roles and teams."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.identity.erase import certificate, data, erase
from colleague.cli.operate import As, act_as, confirm, do_as, line, person_at, rows, with_house
from colleague.identity.actor import Actor
from colleague.identity.directory import count_people, count_waiting, list_people, list_teams, list_waiting
from colleague.identity.links.first_run import invite
from colleague.identity.links.invite_all import Invited, invite_all
from colleague.identity.model import Person
from colleague.identity.people import (
    NoSuchTeam,
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
from colleague.identity.permissions import BY_DECISION, ROLES
from colleague.identity.seats.chosen import unchosen
from colleague.identity.seats.exclude import set_excluded
from colleague.identity.seats.hold import Limit, current_limit, give_seats, seats_held
from colleague.identity.seats.reason import keep_reason
from colleague.kit.db import Session

app = typer.Typer(help="See, add, invite and deactivate people; roles and teams.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="The person's mail address.")]
BY_HAND = sorted(ROLES.keys() - BY_DECISION.keys())
Reason = Annotated[str, typer.Option(help="The sponsor's reason, where the pilot is warned of them.")]


@app.command("list")
def index(
    as_person: As, search: Annotated[str, typer.Option(help="Part of a name or address.")] = ""
) -> None:  # fmt: skip
    """List people with their roles and teams."""

    async def work(house: House, session: Session, actor: Actor) -> tuple[list[Person], int]:
        actor.require("org:people:read")
        return await list_people(session, search=search), await count_people(session, search=search)

    found, there = do_as(as_person, work)
    rows(
        ("name", "address", "roles", "teams", ""),
        [(p.name, p.email, ", ".join(sorted(p.roles)), ", ".join(p.teams), _stands(p)) for p in found],
    )
    if len(found) < there:
        line(f"{len(found)} of {there}, by name: --search finds the others.")


def _stands(one: Person) -> str:
    state = "" if one.active else "waits for a seat" if one.waiting_since else "not active"
    left_out = f"left out of the numbers: {one.excluded}" if one.excluded else ""
    return ", ".join(filter(None, (state, left_out)))


@app.command("add")
def add(
    email: Email,
    name: Annotated[str, typer.Argument(help="The person's name.")],
    as_person: As,
    role: Annotated[list[str] | None, typer.Option(help=f"A role besides member: {', '.join(BY_HAND)}.")] = None,
    team: Annotated[list[str] | None, typer.Option(help="A team, by name.")] = None,
    department: Annotated[str, typer.Option(help="In which department they work.")] = "",
    reason: Reason = "",
) -> None:
    """Add a person and print the link with which they set their password; while the pilot runs they wait first."""

    async def work(house: House, session: Session, actor: Actor) -> str:
        person = await create_person(
            session, actor, email, name, department=department, reason=reason, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
        for word in role or []:
            await assign_role(session, actor, person, word, ledger=house.ledger)
        teams = {t.name.casefold(): t.id for t in await list_teams(session)}
        for word in team or []:
            await add_member(session, actor, teams.get(word.casefold(), ""), person, ledger=house.ledger)
        waits = await unchosen(session, [person])
        return "" if waits else await _link(house, session, actor, person)

    if link := do_as(as_person, work):
        _give(link)
    else:
        line(f"{name} waits for a seat: the pilot runs. Choose them in its cohort: colleague programme cohort.")


async def _link(house: House, session: Session, actor: Actor, person: str) -> str:
    path = await invite(session, actor, person, invitations=house.invitations, ledger=house.ledger, clock=house.clock)
    return f"{house.settings.url}{path}"


def _give(link: str) -> None:
    line("Give this link to them; it works once, for 24 hours:")
    line(f"  {link}")


@app.command("invite")
def invitation(email: Email, as_person: As) -> None:
    """Print a new link with which a person sets their password, also when it was lost."""

    async def work(house: House, session: Session, actor: Actor) -> str:
        return await _link(house, session, actor, (await person_at(session, email)).id)

    _give(do_as(as_person, work))


@app.command("invite-all")
def invitations(as_person: As) -> None:
    """Print a new link for everybody who has a seat and nothing to sign in with yet."""

    async def work(house: House, session: Session, actor: Actor) -> tuple[str, list[Invited]]:
        made = await invite_all(
            session, actor, invitations=house.invitations, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
        return house.settings.url, made

    url, made = do_as(as_person, work)
    if not made:
        line("Everybody with a seat can sign in, or holds a link that is not used yet.")
    else:
        line("Give each their link; it works once, for 24 hours:")
        made_by = "somebody who may do as much as they may makes it"
        rows(
            ("name", "address", "link"),
            [(one.name, one.email, url + one.path if one.path else made_by) for one in made],
        )


@app.command("role")
def role(
    email: Email,
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BY_HAND)}.")],
    as_person: As,
    remove: Annotated[bool, typer.Option("--remove", help="Take it from them.")] = False,
) -> None:
    """Give a person a role, or take it from them."""

    async def work(house: House, session: Session, actor: Actor) -> Person:
        person = await person_at(session, email)
        await (remove_role if remove else assign_role)(session, actor, person.id, name, ledger=house.ledger)
        return person

    line(f"{do_as(as_person, work).name} {'is no longer' if remove else 'is now'} {name}.")


@app.command("team")
def team(
    email: Email,
    name: Annotated[str, typer.Argument(help="The team's name.")],
    as_person: As,
    create: Annotated[bool, typer.Option("--create", help="Make the team first.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take them out of it.")] = False,
) -> None:
    """Put a person into a team, or take them out of it."""

    async def work(house: House, session: Session, actor: Actor) -> Person:
        person = await person_at(session, email)
        found = {t.name.casefold(): t.id for t in await list_teams(session)}.get(" ".join(name.split()).casefold())
        if create:
            found = await create_team(session, actor, name, ledger=house.ledger)
        if found is None:
            raise NoSuchTeam(f"There is no team «{name[:80]}». With --create it is made.")
        await (remove_member if remove else add_member)(session, actor, found, person.id, ledger=house.ledger)
        return person

    line(f"{do_as(as_person, work).name} is {'no longer' if remove else 'now'} in {name}.")


@app.command("deactivate")
def deactivate(
    email: Email, as_person: As, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Deactivate a person: their sessions and tokens end at once. What they did stays on record."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            person = await person_at(session, email)
        if not yes and not await confirm(f"Deactivate {person.name} ({person.email})?"):
            line("Nothing was changed.")
            return
        async with house.database.transaction() as session:
            await set_active(session, actor, person.id, active=False, ledger=house.ledger, clock=house.clock)
        line(f"{person.name} is deactivated.")

    with_house(work)


@app.command("reactivate")
def reactivate(email: Email, as_person: As) -> None:
    """Let a person in again; they sign in as before."""

    async def work(house: House, session: Session, actor: Actor) -> Person:
        person = await person_at(session, email)
        await set_active(session, actor, person.id, active=True, ledger=house.ledger, clock=house.clock)
        return person

    line(f"{do_as(as_person, work).name} is active again.")


@app.command("department")
def department(
    email: Email, name: Annotated[str, typer.Argument(help='The department; "" for none.')], as_person: As
) -> None:
    """Say in which department a person works."""

    async def work(house: House, session: Session, actor: Actor) -> Person:
        person = await person_at(session, email)
        await set_department(session, actor, person.id, name, ledger=house.ledger)
        return person

    who = do_as(as_person, work).name
    line(f"{who} works in {name}." if name.strip() else f"{who} is in no department.")


@app.command("exclude")
def exclude(
    email: Email, as_person: As, why: Annotated[str, typer.Option(help="Such as «test user» or «service account».")]
) -> None:
    """Leave a test user or a service account out of the numbers of the programme; they keep their seat."""
    _exclude(email, as_person, excluded=True, why=why)


@app.command("include")
def include(email: Email, as_person: As) -> None:
    """Let somebody count again in the numbers of the programme."""
    _exclude(email, as_person, excluded=False)


def _exclude(email: str, as_person: str, *, excluded: bool, why: str = "") -> None:
    async def work(house: House, session: Session, actor: Actor) -> Person:
        person = await person_at(session, email)
        await set_excluded(session, actor, person.id, excluded=excluded, why=why, ledger=house.ledger)
        return person

    name = do_as(as_person, work).name
    line(f"{name} is left out of the numbers from now on." if excluded else f"{name} counts again.")


@app.command("seats")
def seats(as_person: As) -> None:
    """Show how many seats are held, how many the phase allows, and who waits."""

    async def work(
        house: House, session: Session, actor: Actor
    ) -> tuple[Limit, int, list[Person], frozenset[str], int]:  # fmt: skip
        actor.require("org:people:read")
        waiting = await list_waiting(session)
        missing = await unchosen(session, [one.id for one in waiting])
        count = await count_waiting(session)
        return await current_limit(session), await seats_held(session), waiting, missing, count

    limit, held, waiting, missing, count = do_as(as_person, work)
    line(f"{held} seats are held." if limit.most is None else f"{held} of {limit.most} seats of {limit.words}.")
    if waiting:
        rows(("waits", "address", "department", "since", "why"),
             [(p.name, p.email, p.department, f"{p.waiting_since:%Y-%m-%d}",
               "nobody chose them for the pilot" if p.id in missing else "") for p in waiting])  # fmt: skip
    if len(waiting) < count:
        line(f"{len(waiting)} of {count} who wait, the longest first.")


@app.command("seat")
def seat(
    email: Email, as_person: As,
    take_back: Annotated[bool, typer.Option("--take-back", help="Take it back: they wait for another one.")] = False,
    reason: Reason = "",
) -> None:  # fmt: skip
    """Give a seat to somebody who waits, or take it back."""

    async def work(house: House, session: Session, actor: Actor) -> Person:
        person = await person_at(session, email)
        if take_back:
            await take_seat_back(session, actor, person.id, ledger=house.ledger, clock=house.clock)
        else:
            await give_seats(session, actor, [person.id], reason=reason, ledger=house.ledger, clock=house.clock)
        return person

    line(f"{do_as(as_person, work).name} {'waits for a seat' if take_back else 'has a seat'}.")


@app.command("reason")
def reason(
    email: Email, text: Annotated[str, typer.Argument(help="The sponsor's reason, in a sentence.")], as_person: As
) -> None:  # fmt: skip
    """Write down the sponsor's reason for somebody of whom the pilot is warned: legal, HR leads, compliance."""

    async def work(house: House, session: Session, actor: Actor) -> Person:
        person = await person_at(session, email)
        await keep_reason(session, actor, person.id, text, ledger=house.ledger, clock=house.clock)
        return person

    line(f"Kept for {do_as(as_person, work).name}.")


app.command("erase")(erase)
app.command("export-data")(data)
app.command("certificate")(certificate)
