"""`colleague dispatch trigger`: the commands of Dispatch."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.dispatch.triggers.define import activate_trigger, switch_off_trigger
from colleague.dispatch.triggers.model import Trigger
from colleague.dispatch.triggers.standard import activate_reading, add_standard
from colleague.dispatch.triggers.store import TriggerNotFound, list_triggers
from colleague.kit.db import Session

app = typer.Typer(help="The commands of Dispatch: list them, switch them on and off.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The trigger's name.")]
Version = Annotated[int | None, typer.Option("--version", help="The wording you have read (see list).")]


async def _named(session: Session, name: str) -> Trigger:
    found = next((t for t in await list_triggers(session) if t.wording.name == name.casefold()), None)
    if found is None:
        raise TriggerNotFound
    return found


@app.command("list")
def index(as_person: As) -> None:
    """List every trigger with its tier and state."""

    async def work(house: House) -> None:
        (await act_as(house, as_person)).require("org:dispatch:read")
        async with house.database.transaction() as session:
            found = await list_triggers(session)
        rows(
            ("name", "pattern", "tier", "from phase", "state", "version"),
            [(t.wording.name, t.wording.pattern, t.wording.tier.name.lower(), t.phase.name.lower(), t.state,
              str(t.version))
             for t in found],
        )  # fmt: skip

    with_house(work)


@app.command("standard")
def standard(
    as_person: As, on: Annotated[bool, typer.Option("--on", help="Switch on those that only read.")] = False
) -> None:
    """Add the standard triggers as drafts."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            made = await add_standard(session, actor, ledger=house.ledger, clock=house.clock)
            active = await activate_reading(session, actor, ledger=house.ledger, clock=house.clock) if on else []
        line(f"Added {len(made)}, switched on {len(active)}.")

    with_house(work)


@app.command("activate")
def activate(name: Name, as_person: As, version: Version = None) -> None:
    """Switch a trigger on. One that does more than read needs --version: the wording you have read."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await _named(session, name)
            await activate_trigger(
                session, actor, found.id, version=version, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        line(f"«{name}» is on.")

    with_house(work)


@app.command("off")
def off(name: Name, as_person: As) -> None:
    """Switch a trigger off, at once."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await _named(session, name)
            await switch_off_trigger(session, actor, found.id, ledger=house.ledger)
        line(f"«{name}» is off.")

    with_house(work)
