"""`colleague dispatch address`: see, bind and end the numbers and accounts of people."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.channels.addresses.bind import begin, confirm
from colleague.channels.addresses.end import lose_phone, revoke
from colleague.channels.addresses.view import list_addresses, own_addresses
from colleague.cli.operate import As, act_as, line, person_at, read_line, rows, with_house

app = typer.Typer(help="See, bind and end the numbers and accounts of people.", no_args_is_help=True)


@app.command("list")
def index(
    as_person: As, everybody: Annotated[bool, typer.Option("--all", help="Everybody's, shortened.")] = False
) -> None:
    """List your addresses, or everybody's."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        listing = list_addresses if everybody else own_addresses
        async with house.database.transaction() as session:
            found = await listing(session, actor, clock=house.clock)
        rows(
            ("id", "person", "kind", "address", "state", ""),
            [(s.id, s.person, s.kind, s.address, s.state, s.why) for s in found],
        )

    with_house(work)


@app.command("bind")
def bind(
    kind: Annotated[str, typer.Argument(help="sms, slack or email.")], as_person: As,
    address: Annotated[str, typer.Argument(help="Number with its country, Slack member id; none for mail.")] = "",
) -> None:  # fmt: skip
    """Send a code to an address and ask for it here."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        made = await begin(
            house.database, actor, kind, address, channels=house.channels, secrets=house.secrets, ledger=house.ledger,
            clock=house.clock,
        )  # fmt: skip
        code = await read_line("The code that was sent there:")
        await confirm(
            house.database, actor, made, code, secrets=house.secrets, ledger=house.ledger, clock=house.clock
        )  # fmt: skip
        line("Bound.")

    with_house(work)


@app.command("end")
def end(address: Annotated[str, typer.Argument(help="The id, from «list».")], as_person: As) -> None:
    """Unbind an address: yours, or anybody's with org:dispatch:manage."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await revoke(session, actor, address, ledger=house.ledger, clock=house.clock)
        line("Unbound.")

    with_house(work)


@app.command("lost")
def lost(
    as_person: As, person: Annotated[str, typer.Option(help="Whose, by mail address; else your own.")] = ""
) -> None:
    """A phone is lost: end every address, device and session of its person at once."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            whose = (await person_at(session, person)).id if person else actor.id
            addresses, devices = await lose_phone(session, actor, whose, ledger=house.ledger, clock=house.clock)
        line(f"Ended: {addresses} addresses, {devices} devices, every session.")

    with_house(work)
