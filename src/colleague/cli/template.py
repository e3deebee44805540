"""`colleague template`: the organisation's Word and PowerPoint masters."""

from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.files.templates import (
    add_template,
    check_template,
    choose_template,
    list_templates,
    withdraw_template,
)

app = typer.Typer(help="Add, choose and withdraw the organisation's Word and PowerPoint masters.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The template's name.")]


@app.command("list")
def list_all(as_person: As) -> None:
    """Show the templates in use."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("own:tasks:use")
        async with house.database.transaction() as session:
            found = await list_templates(session)
        shown = [(r.name, r.format, str(r.version), "standard" if r.standard else "", r.sha256[:12]) for r in found]
        rows(("name", "format", "version", "", "sha256"), shown)

    with_house(work)


@app.command("add")
def add(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A .docx, .dotx, .pptx or .potx file.", exists=True, dir_okay=False)],
    as_person: As,
    standard: Annotated[bool, typer.Option("--standard", help="Use it unless another is named.")] = False,
) -> None:
    """Store a template, or the next version of one."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        checked = await check_template(file.read_bytes())
        async with house.database.transaction() as session:
            row = await add_template(
                session, actor, name, checked, standard=standard, ledger=house.ledger, clock=house.clock
            )
            line(f"Stored: {row.name}, version {row.version}, SHA-256 {row.sha256}.")

    with_house(work)


@app.command("standard")
def standard(
    name: Name, as_person: As, off: Annotated[bool, typer.Option("--off", help="Let it no longer be.")] = False
) -> None:
    """Use a template for every document of its format, unless another is named."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await choose_template(session, actor, name, standard=not off, ledger=house.ledger)
        line("Noted.")

    with_house(work)


@app.command("withdraw")
def withdraw(name: Name, as_person: As) -> None:
    """Let a template no longer be used."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await withdraw_template(session, actor, name, ledger=house.ledger, clock=house.clock)
        line("Withdrawn.")

    with_house(work)
