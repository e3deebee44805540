"""`colleague token`: make and revoke API tokens for the person who acts."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.identity.permissions import PERMISSIONS
from colleague.identity.tokens import create_token, list_tokens, revoke_token
from colleague.kit.errors import Invalid

app = typer.Typer(help="Make and revoke API tokens.", no_args_is_help=True)


class NoSuchPermission(Invalid):
    """There is no permission «{name}». There are: {all}."""


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    permission: Annotated[list[str], typer.Option("--may", help="A permission, e.g. own:tasks:use; repeat it.")],
    as_person: As,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it holds.")] = 90,
) -> None:
    """Make a token and print it, the only time it is seen. It can never do more than its owner."""
    for word in permission:
        if word not in PERMISSIONS:
            raise NoSuchPermission(name=word[:60], all=", ".join(PERMISSIONS))

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            text = await create_token(
                session, actor, name, permission, days=days, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        # Alone on stdout, so that it can be piped into a secret store.
        line(text)

    with_house(work)


@app.command("list")
def index(as_person: As) -> None:
    """List one's own tokens."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            tokens = await list_tokens(session, actor)
        if not tokens:
            line("No tokens.")
            return
        rows(
            ("id", "name", "may", "until", "last used (UTC)"),
            [
                (
                    t.id, t.name, ", ".join(t.permissions), f"{t.expires_at:%Y-%m-%d}",
                    f"{t.last_used_at:%Y-%m-%d %H:%M}" if t.last_used_at else "never",
                )
                for t in tokens
            ],
        )  # fmt: skip

    with_house(work)


@app.command("revoke")
def revoke(token: Annotated[str, typer.Argument(help="The token's id, from «list».")], as_person: As) -> None:
    """Revoke a token at once: one's own, or with org:people:manage anybody's."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await revoke_token(session, actor, token, ledger=house.ledger, clock=house.clock)
        line("Revoked.")

    with_house(work)
