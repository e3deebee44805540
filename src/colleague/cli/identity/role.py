"""`colleague role`: see roles, and make roles of the organisation's own."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.identity.groups.custom_roles import change_role, define_role, list_roles, retire_role

app = typer.Typer(help="See roles, and make roles of the organisation's own.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The role's name.")]


@app.command("list")
def index(as_person: As) -> None:
    """List every role with what it gives."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            roles = await list_roles(session, actor)
        rows(
            ("name", "people", "", "may"),
            [(r.name, str(r.people), "" if r.own else "ships", ", ".join(r.permissions)) for r in roles],
        )

    with_house(work)


@app.command("define")
def define(
    name: Name, meaning: Annotated[str, typer.Argument(help="What it is for, in a sentence.")], as_person: As,
    permission: Annotated[list[str], typer.Option("--may", help="A permission, e.g. org:people:read; repeat it.")],
    change: Annotated[bool, typer.Option("--change", help="It is here already: change it.")] = False,
) -> None:  # fmt: skip
    """Make a role, or change one of the organisation's own. Nobody gives more than they hold."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        deed = change_role if change else define_role
        async with house.database.transaction() as session:
            await deed(session, actor, name, meaning, permission, ledger=house.ledger, clock=house.clock)
        line("Done.")

    with_house(work)


@app.command("retire")
def retire(name: Name, as_person: As) -> None:
    """Remove a role of the organisation's own that nobody holds."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await retire_role(session, actor, name, ledger=house.ledger)
        line("Removed.")

    with_house(work)
