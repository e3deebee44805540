"""`colleague programme readout`, `cost` and `leader`: make and write a readout, write down what it assumes."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, person_at, rows, with_house
from colleague.identity.directory import names_of
from colleague.kit.errors import Invalid, NotFound
from colleague.rollout.readout.assume import assume, assumptions
from colleague.rollout.readout.files import readout_file
from colleague.rollout.readout.form import GivenAssumptions
from colleague.rollout.readout.freeze import draft, get_readout, list_readouts, make_readout
from colleague.rollout.readout.leaders import leaders, leave_out, name_leader
from colleague.rollout.readout.model import Readout
from colleague.rollout.readout.words import shown


class UnreadableCost(Invalid):
    """Say amounts as numbers, a currency in three letters, and where the figures come from (--source)."""


class NothingMade(NotFound):
    """No readout has been made yet: say with --ask what is to be decided, and one is made."""


def readout(
    as_person: As,
    file: Annotated[Path | None, typer.Option("-o", "--output", help="A file ending in .pdf or .docx.")] = None,
    ask: Annotated[str, typer.Option(help="What is to be decided: makes a new readout.")] = "",
    version: Annotated[int, typer.Option(help="An earlier readout; the newest without it.")] = 0,
    full: Annotated[bool, typer.Option("--full", help="All of it, not the one page.")] = False,
    weeks: Annotated[int, typer.Option(min=0, max=53, help="How far back; 0: since the start, 12 at most.")] = 0,
) -> None:
    """Show what a readout would tell; with --ask make one, with -o write one: on one page, or in full."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        more: dict[str, Any] = {
            "groups": house.groups, "reach": house.reach, "ledger": house.ledger, "clock": house.clock,
        }  # fmt: skip
        number = version
        async with house.database.transaction() as session:
            if ask:
                number = (await make_readout(session, actor, ask, weeks=weeks, **more)).version
                line(f"Readout {number} made.")
            elif file is None and not version:
                say_readout(await draft(session, actor, weeks=weeks, **more))
                return
            if not number:
                made = await list_readouts(session, actor)
                if not made:
                    raise NothingMade
                number = made[0][0]
            frozen = await get_readout(session, actor, number)
            names = await names_of(session, [frozen.by])
        if file is None:
            say_readout(frozen.readout)
            return
        ending = file.suffix.removeprefix(".").lower()
        taken = await readout_file(
            frozen, names.get(frozen.by, "somebody"), ending, whole=full, origin=house.settings.url
        )
        file.write_bytes(taken.content)
        line(f"Written: {file}")

    with_house(work)


def say_readout(found: Readout) -> None:
    """Print a readout's numbers."""
    line(f"{found.title}. {found.headline}", "bold")
    rows(
        ("number", "value", "target"),
        [(one.name, shown(one), one.target) for one in found.figures],
    )
    for case in found.workflows:
        line(f"{case.name}: less time {shown(case.reduction)}; completion {shown(case.completion)}")
    for one in found.overrides:
        line(f"Set aside: {one.what} ({one.on}): {one.why}")


def cost(
    as_person: As,
    currency: Annotated[str, typer.Option(help="Three letters.")] = "EUR",
    seat: Annotated[str, typer.Option(help="A seat, a month.")] = "0",
    hour: Annotated[str, typer.Option(help="An hour of people's work; with it a new version is kept.")] = "",
    fixed: Annotated[str, typer.Option(help="Fixed, a month.")] = "0",
    once: Annotated[str, typer.Option(help="What was spent once.")] = "0",
    rate: Annotated[str, typer.Option(help="What a dollar is worth in the currency.")] = "1",
    source: Annotated[str, typer.Option(help="Where the figures come from.")] = "",
) -> None:
    """Show what the cost model assumes; with --hour keep a new version."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:programme:read")
        async with house.database.transaction() as session:
            known = await assumptions(session)
            if hour:
                given = {
                    "currency": currency, "seat": seat, "hour": hour, "fixed": fixed, "once": once, "rate": rate,
                    "source": source, "after": known.version if known else 0,
                }  # fmt: skip
                try:
                    read = GivenAssumptions.model_validate(given)
                except ValidationError:
                    raise UnreadableCost from None
                known = await assume(
                    session, actor, read.assumed(), after=read.after, ledger=house.ledger, clock=house.clock
                )
        if known is None:
            line("Nobody has written it down.")
        else:
            rows(("assumed", "value"), [(key, str(value)) for key, value in known.to_json().items()])

    with_house(work)


def leader(
    as_person: As,
    add: Annotated[str, typer.Option(help="Mail address of a leader to name; they are told.")] = "",
    remove: Annotated[str, typer.Option(help="Mail address of one to leave out.")] = "",
) -> None:
    """List the leaders whose use is told together; name one or leave one out."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            if add:
                person = await person_at(session, add)
                await name_leader(
                    session, actor, person.id, ledger=house.ledger, clock=house.clock, tell=house.parts.tell
                )
            if remove:
                await leave_out(
                    session, actor, (await person_at(session, remove)).id, ledger=house.ledger, clock=house.clock
                )
            found = await leaders(session, actor)
        rows(("name", "since"), [(one.name, one.since.date().isoformat()) for one in found])

    with_house(work)
