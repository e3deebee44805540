"""`colleague model`: providers and their papers, routes, prices, ceilings, usage."""

from dataclasses import replace
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.kit.errors import Unavailable
from colleague.models.ceilings import set_ceiling
from colleague.models.health import try_provider
from colleague.models.model import DATA_KINDS, Price
from colleague.models.papers import BadPaper, attest, day_of, sign_baa
from colleague.models.prices import micros_of, published_price, set_price
from colleague.models.providers import Wanted, add_provider, disable_provider, enable_provider
from colleague.models.routes import set_route
from colleague.models.store import get_provider, list_providers, list_routes
from colleague.models.usage import month_of, sums

app = typer.Typer(help="Set up model providers, routes, prices and ceilings.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The provider's name.")]
Day = Annotated[str, typer.Option(help="A day, e.g. 2026-12-31.")]


class DoesNotWork(Unavailable):
    """{why}"""


@app.command("list")
def list_all(as_person: As) -> None:
    """Show providers with what holds for them today, and routes."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:models:read")
        today = house.clock.now().date()
        async with house.database.transaction() as session:
            providers, routes = await list_providers(session), await list_routes(session)
        line(f"From the deployment settings: {house.settings.model}")
        yes = ("no", "yes")
        rows(
            ("provider", "kind", "zone", "ceiling", "on", "attested", "fully", "baa"),
            [
                (p.name, p.kind.value, p.zone.value, p.ceiling.name.lower(), yes[p.enabled], yes[p.attested(today)],
                 yes[p.attested_fully(today)], yes[p.agreed(today)])
                for p in providers
            ],
        )  # fmt: skip
        rows(("route", "for", "chain"), [(r.id, f"{r.target} {r.subject}".strip(), ", ".join(r.chain)) for r in routes])

    with_house(work)


@app.command("add")
def add(
    name: Name,
    kind: Annotated[str, typer.Argument(help="anthropic, openai, azure, compatible, bedrock, google or vertex.")],
    zone: Annotated[str, typer.Argument(help="us, eu, apac, or own for your own machines.")],
    as_person: As,
    address: Annotated[str, typer.Option(help="Its address, if it is not the provider's own.")] = "",
    region: Annotated[str, typer.Option(help="Bedrock, Vertex.")] = "",
    project: Annotated[str, typer.Option(help="Vertex.")] = "",
    version: Annotated[str, typer.Option(help="API version (Azure).")] = "",
    ceiling: Annotated[str, typer.Option(help="Highest class it may see.")] = "internal",
    key: Annotated[bool, typer.Option(help="Ask for a key.")] = True,
) -> None:
    """Store a provider, switched off. The key is asked for, never an argument: those are seen by others."""
    secret = typer.prompt("Key", hide_input=True, default="", show_default=False) if key else ""
    wanted = Wanted(kind, zone, ceiling, address, region, project, version)

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await add_provider(
                session, actor, name, wanted, secret, ledger=house.ledger, secrets=house.secrets, clock=house.clock
            )
        line(f"{name} is stored, switched off.")

    with_house(work)


@app.command("attest")
def store_attestation(
    name: Name, document: Annotated[str, typer.Argument(help="Reference of the document.")], as_person: As,
    signed: Day, until: Day,
    covers: Annotated[list[str] | None, typer.Option(help="A kind of data it names; default: all six.")] = None,
) -> None:  # fmt: skip
    """Store that a provider does not train on your data."""
    first, last = day_of(signed, "--signed"), day_of(until, "--until")
    if first is None or last is None:
        raise BadPaper(why="it needs --signed and --until")

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            line(
                await attest(
                    session, actor, name, document=document, signed_on=first, expires_on=last,
                    covers=covers or DATA_KINDS, ledger=house.ledger, clock=house.clock,
                )
            )  # fmt: skip

    with_house(work)


@app.command("baa")
def store_agreement(
    name: Name, document: Annotated[str, typer.Argument(help="Reference of the document.")], as_person: As,
    counterparty: Annotated[str, typer.Option(help="Who signed it.")],
    scope: Annotated[str, typer.Option(help="Which services and data.")], signed: Day, until: Day = "",
) -> None:  # fmt: skip
    """Store a signed agreement on health data."""
    first, last = day_of(signed, "--signed"), day_of(until, "--until")
    if first is None:
        raise BadPaper(why="it needs --signed")

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            line(
                await sign_baa(
                    session, actor, name, document=document, counterparty=counterparty, scope=scope, signed_on=first,
                    expires_on=last, ledger=house.ledger, clock=house.clock,
                )
            )  # fmt: skip

    with_house(work)


@app.command("enable")
def enable(name: Name, as_person: As) -> None:
    """Let a provider be asked."""
    _switch(name, as_person, on=True)


@app.command("disable")
def disable(name: Name, as_person: As) -> None:
    """Switch a provider off at once."""
    _switch(name, as_person, on=False)


def _switch(name: str, as_person: str, *, on: bool) -> None:
    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        deed = enable_provider if on else disable_provider
        async with house.database.transaction() as session:
            await deed(session, actor, name, ledger=house.ledger, clock=house.clock)
        line(f"{name} is {'on' if on else 'off'}.")

    with_house(work)


@app.command("try")
def try_it(name: Name, model: Annotated[str, typer.Argument(help="The model to ask.")], as_person: As) -> None:
    """Ask a provider one small question. Exit code 1 if it does not work."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        works, words = await try_provider(
            house.database, actor, name, model, minds=house.models.minds, ledger=house.ledger, clock=house.clock
        )
        if not works:
            raise DoesNotWork(why=words)
        line(words)

    with_house(work)


@app.command("route")
def route(
    chain: Annotated[list[str], typer.Argument(help="provider:model, in the order they are asked.")], as_person: As,
    target: Annotated[str, typer.Option(help="organisation, use case, team or zone.")] = "organisation",
    subject: Annotated[str, typer.Option(help="The use case, the team's id, or the zone.")] = "",
) -> None:  # fmt: skip
    """Set which models think for which tasks."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            line(await set_route(session, actor, target, subject, chain, ledger=house.ledger, clock=house.clock))

    with_house(work)


@app.command("price")
def price(
    name: Name, model: Annotated[str, typer.Argument(help="The model.")], as_person: As,
    given: Annotated[tuple[str, str] | None, typer.Option("--usd", help="In and out, US dollars a million.")] = None,
    window: Annotated[int | None, typer.Option(help="Tokens it can be given at once.")] = None,
) -> None:  # fmt: skip
    """Store what a model costs: as given, else the published list price."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        if given:
            into, out = map(micros_of, given)
            found = Price(name, model, into, out, into, into, "entered by hand")
        else:
            async with house.database.transaction() as session:
                kind = (await get_provider(session, name)).kind
            found = await published_price(kind, name, model)
        if window is not None:
            found = replace(found, window=window)
        async with house.database.transaction() as session:
            await set_price(session, actor, found, ledger=house.ledger, clock=house.clock)
        line(f"{found.input / 1e6:g} in, {found.output / 1e6:g} out: {found.source}")

    with_house(work)


@app.command("ceiling")
def ceiling(
    scope: Annotated[str, typer.Argument(help="organisation, team or person.")],
    usd: Annotated[str, typer.Argument(help="US dollars a month.")], as_person: As,
    subject: Annotated[str, typer.Option(help="An id, or * for each.")] = "",
) -> None:  # fmt: skip
    """Set the most that may be spent in a month."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            amount = micros_of(usd)
            await set_ceiling(session, actor, scope, subject, amount, ledger=house.ledger, clock=house.clock)
        line("Set.")

    with_house(work)


@app.command("usage")
def usage(
    as_person: As,
    month: Annotated[str, typer.Option(help="e.g. 2026-11; default: this one.")] = "",
    by: Annotated[str, typer.Option(help="person, team, model or run.")] = "model",
) -> None:
    """Show what was used and what it cost."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            lines = await sums(session, actor, month or month_of(house.clock.now()), by)
        rows(
            (by, "turns", "in", "out", "usd", "without price"),
            [
                (x.name, str(x.turns), str(x.input_tokens), str(x.output_tokens), f"{x.micros / 1e6:.4f}",
                 str(x.unpriced))
                for x in lines
            ],
        )  # fmt: skip

    with_house(work)
