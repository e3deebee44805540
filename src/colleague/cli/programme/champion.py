"""`colleague champion`: the network, one's own list, naming and appointing, as a named person."""

from typing import Annotated, Any

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, do_as, line, person_at, rows
from colleague.rollout.champions.appoint import appoint, retire
from colleague.rollout.champions.contact import record_contact
from colleague.rollout.champions.nominate import nominate
from colleague.rollout.champions.view import own_page, whole

app = typer.Typer(help="Champions: the network, who could be one, one's own list.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(help="Mail address.")]
Why = Annotated[str, typer.Option(help="Why, in a few words.")]


@app.command("list")
def index(as_person: As) -> None:
    """List departments with their champions; to who may appoint, who could be one."""
    found = do_as(as_person, lambda house, session, actor: whole(session, actor, clock=house.clock))
    rows(
        ("department", "seats", "champions", "active lately", "missing"),
        [(d.name, str(d.seats), str(d.champions), str(d.active), d.why) for d in found.network.departments],
    )
    line("The network stands." if found.network.established else "The network does not stand yet.", "bold")
    for one in found.champions:
        line(f"{one.name}, {one.department or 'no department'}: {one.why}")
    for who in found.candidates:
        line(
            f"{'suggested' if who.suggested else 'named'}: {found.names.get(who.person, '')} ({', '.join(who.reasons)})"
        )


@app.command()
def mine(as_person: As) -> None:
    """Show your list, if you are a champion, and your department's champions."""
    found = do_as(as_person, lambda house, session, actor: own_page(session, actor, house.groups, clock=house.clock))
    line(f"Champions: {', '.join(one.name for one in found.mine) or 'none yet'}")
    if found.champion:
        rows(("id", "name", "mail", "until"),
             [(a.id, a.name, a.mail, a.until.date().isoformat()) for a in found.waiting])  # fmt: skip


@app.command("name")
def name_one(person: Who, why: Why, as_person: As) -> None:
    """Name a colleague who could be a champion."""
    do_as(as_person, lambda house, session, actor: nominate(
        session, actor, person, why, ledger=house.ledger, clock=house.clock
    ))  # fmt: skip
    line("Kept for those who run the programme.")


@app.command("appoint")
def make(person: Who, why: Why, as_person: As) -> None:
    """Make somebody the champion of their department."""

    async def work(house: House, session: Any, actor: Any) -> None:
        found = await person_at(session, person)
        await appoint(session, actor, found.id, why, tell=house.parts.tell, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Appointed.")


@app.command("retire")
def end(person: Who, why: Why, as_person: As) -> None:
    """End somebody's time as a champion."""

    async def work(house: House, session: Any, actor: Any) -> None:
        found = await person_at(session, person)
        await retire(session, actor, found.id, why, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Ended.")


@app.command()
def contacted(
    contact: Annotated[str, typer.Argument(help="The entry of your list, by id.")],
    outcome: Annotated[str, typer.Option(help="helped, on leave, not for them or no answer.")], as_person: As,
) -> None:  # fmt: skip
    """Say what came of asking somebody on your list."""
    do_as(as_person, lambda house, session, actor: record_contact(
        session, actor, contact, outcome, ledger=house.ledger, clock=house.clock
    ))  # fmt: skip
    line("Kept.")
