"""`colleague mcp`: register MCP servers, read their tools, and say what each of them is."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from colleague.bootstrap import House
from colleague.cli.connector import NotHealthy, settings_of
from colleague.cli.operate import act_as, with_house
from colleague.connectors.accounts import check_account
from colleague.connectors.mcp.classify import approve_as_proposed, classify_tool, read_data_class, read_tier
from colleague.connectors.mcp.review import review_server, review_servers
from colleague.connectors.mcp.servers import register_server, remove_server
from colleague.connectors.tiers import decide_tool

app = typer.Typer(help="Register MCP servers and decide on their tools.", no_args_is_help=True)
As = Annotated[str, typer.Option("--as", help="Mail address of the person who acts.", envvar="COLLEAGUE_AS")]
Name = Annotated[str, typer.Argument(help="The server's short name.")]
ToolName = Annotated[str, typer.Argument(help="The tool as «tools» lists it: mcp__server__tool.")]
console = Console()


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False)


@app.command("list")
def list_all(as_person: As) -> None:
    """Show the registered servers."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await review_servers(session, actor, house.registry)
            if not found:
                _say("No MCP server is registered: colleague mcp register")
            for review in found:
                health = review.account.health if review.account else ""
                _say(f"{review.server.name} ({review.address}): {health} {review.waiting} to decide.")

    with_house(work)


@app.command("register")
def register(
    name: Name,
    as_person: As,
    setting: Annotated[list[str] | None, typer.Option("--set", "-s", help="A setting, e.g. url=….")] = None,
    transport: Annotated[str, typer.Option(help="http or stdio (a program in the sandbox).")] = "http",
    sign_in: Annotated[str, typer.Option(help="none, headers, or oauth (each person).")] = "none",
    title: Annotated[str, typer.Option(help="What people read.")] = "",
) -> None:
    """Register a server and read its tools. None of them can be used before it is approved."""
    values = settings_of(setting or [])

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            view = await register_server(
                session, actor, house.registry, name, title or name, values, transport=transport, sign_in=sign_in,
                ledger=house.ledger, secrets=house.secrets, clock=house.clock,
            )  # fmt: skip
        healthy, sentence = await check_account(
            house.database, actor, house.registry, view.id, ledger=house.ledger, secrets=house.secrets,
            clock=house.clock,
        )  # fmt: skip
        _say(f"Registered. {sentence}")
        if not healthy:
            raise NotHealthy(why="It is registered, but it does not work.")

    with_house(work)


@app.command("check")
def check(name: Name, as_person: As) -> None:
    """Read a server's tools again. Exit code 1 if it does not work."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            review = await review_server(session, actor, house.registry, name)
        healthy, sentence = await check_account(
            house.database, actor, house.registry, review.account.id if review.account else "", ledger=house.ledger,
            secrets=house.secrets, clock=house.clock,
        )  # fmt: skip
        if not healthy:
            raise NotHealthy(why=sentence)
        _say(sentence)

    with_house(work)


@app.command("tools")
def tools(name: Name, as_person: As) -> None:
    """Show a server's tools: state, tier, class, what is proposed, what is suspect."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            review = await review_server(session, actor, house.registry, name)
        table = Table("Tool", "State", "Tier", "Class", "Proposed", "Suspect")
        for one in review.tools:
            word = one.known.word
            said = (word.tier.name.lower(), word.data_class.name.lower()) if word else ("", "")
            table.add_row(one.tool.name, one.state, *said, one.proposed, "; ".join(one.known.definition.flags))
        console.print(table)
        for unfit, why in review.unfit:
            _say(f"  {unfit} cannot be used: {why}")

    with_house(work)


@app.command("approve")
def approve(
    tool: ToolName,
    as_person: As,
    tier: Annotated[str, typer.Option(help="read, communicate or modify. Default: as proposed.")] = "",
    data_class: Annotated[str, typer.Option("--class", help="Class of what it gives.")] = "confidential",
    keeps: Annotated[bool, typer.Option("--keeps", help="Its arguments do not leave the organisation.")] = False,
    reason: Annotated[str, typer.Option(help="Needed for less than proposed, and for suspect words.")] = "",
) -> None:
    """Give a tool tier and class, and approve it exactly as it is now."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            if not tier and not keeps and not reason:
                done, _ = await approve_as_proposed(
                    session, actor, house.registry, [tool], data_class=read_data_class(data_class),
                    ledger=house.ledger, clock=house.clock,
                )  # fmt: skip
                _say("Approved as proposed." if done else "Not approved: its description is suspect; give a reason.")
                return
            await classify_tool(
                session, actor, house.registry, tool, tier=read_tier(tier or "modify"),
                data_class=read_data_class(data_class), egress=not keeps, reason=reason,
                ledger=house.ledger, clock=house.clock,
            )  # fmt: skip
        _say("Approved.")

    with_house(work)


@app.command("block")
def block(tool: ToolName, as_person: As) -> None:
    """Block a tool for everybody."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await decide_tool(session, actor, house.registry, tool, "blocked", ledger=house.ledger, clock=house.clock)
        _say("Blocked.")

    with_house(work)


@app.command("remove")
def remove(name: Name, as_person: As) -> None:
    """Take a server away; its tools are gone at the next call."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await remove_server(session, actor, name, ledger=house.ledger, clock=house.clock)
        _say("Removed.")

    with_house(work)
