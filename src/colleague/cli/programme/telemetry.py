"""`colleague telemetry`: the sources whose events are counted here, and their tokens."""

from typing import Annotated

import typer

from colleague.adoption.telemetry.sources import create_source, list_sources, renew_source, revoke_source
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house

app = typer.Typer(
    help="Count what other agents of the company do: sources and their tokens (OTLP).", no_args_is_help=True
)
Days = Annotated[int, typer.Option(min=1, max=730, help="How long the token holds.")]
Id = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's id, from «sources».")]


@app.command("connect")
def connect(
    name: Annotated[str, typer.Argument(help="Which fleet it is.")], as_person: As, days: Days = 365
) -> None:  # fmt: skip
    """Make a source and print its token, the only time it is seen. It opens /v1/logs and nothing else."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            _, text = await create_source(session, actor, name, days=days, ledger=house.ledger, clock=house.clock)
        line(text)

    with_house(work)


@app.command("sources")
def sources(as_person: As) -> None:
    """List the sources, and what came from each."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await list_sources(session, actor)
        line(house.telemetry.address)
        rows(
            (
                "id", "name", "until", "last (UTC)", "counted", "again", "refused", "other", "strangers", "without end",
                "",
            ),
            [
                (
                    s.id, s.name, f"{s.expires_at:%Y-%m-%d}", f"{s.last_at:%Y-%m-%d %H:%M}" if s.last_at else "never",
                    str(s.accepted), str(s.repeated), str(s.refused), str(s.ignored), str(s.strangers),
                    f"{s.untold} of {s.runs}",
                    "revoked" if s.revoked_at else "",
                )
                for s in found
            ],
        )  # fmt: skip

    with_house(work)


@app.command("renew")
def renew(source: Id, as_person: As, days: Days = 365) -> None:
    """Give a source another token and print it; the one before opens nothing from now on."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            text = await renew_source(session, actor, source, days=days, ledger=house.ledger, clock=house.clock)
        line(text)

    with_house(work)


@app.command("revoke")
def revoke(source: Id, as_person: As) -> None:
    """Revoke a source at once. What it told stays counted."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await revoke_source(session, actor, source, ledger=house.ledger, clock=house.clock)
        line("Revoked.")

    with_house(work)
