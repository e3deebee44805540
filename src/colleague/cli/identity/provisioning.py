"""`colleague provisioning`: make and revoke the token of an identity provider, and see how it stands."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.identity.scim.tokens import create_token, revoke_token
from colleague.identity.scim.view import standing

app = typer.Typer(help="Connect an identity provider (SCIM) and see how it stands.", no_args_is_help=True)


@app.command("connect")
def connect(
    name: Annotated[str, typer.Argument(help="Which identity provider it is for.")], as_person: As,
    days: Annotated[int, typer.Option(min=1, max=730, help="How long the token holds.")] = 365,
) -> None:  # fmt: skip
    """Make a provisioning token and print it, the only time it is seen. It opens /scim/v2 and nothing else."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            _, text = await create_token(session, actor, name, days=days, ledger=house.ledger, clock=house.clock)
        line(text)

    with_house(work)


@app.command("status")
def status(as_person: As) -> None:
    """Show the address, the tokens, how many people and groups came, and what was refused last."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            now = await standing(session, actor, clock=house.clock)
        line(f"{now.state}\n{house.provisioning.base}\n{now.people} people ({now.inactive} not active), "
             f"{now.groups} groups")  # fmt: skip
        if now.tokens:
            rows(
                ("id", "name", "until", "last used (UTC)", ""),
                [
                    (
                        t.id, t.name, f"{t.expires_at:%Y-%m-%d}",
                        f"{t.last_used_at:%Y-%m-%d %H:%M}" if t.last_used_at else "never",
                        "revoked" if t.revoked_at else "",
                    )
                    for t in now.tokens
                ],
            )  # fmt: skip
        if now.faults:
            refused = [(f"{f.at:%Y-%m-%d %H:%M}", f.call, str(f.status), f.words) for f in now.faults]
            rows(("refused (UTC)", "call", "", "why"), refused)

    with_house(work)


@app.command("revoke")
def revoke(token: Annotated[str, typer.Argument(help="The token's id, from «status».")], as_person: As) -> None:
    """Revoke a provisioning token at once."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await revoke_token(session, actor, token, ledger=house.ledger, clock=house.clock)
        line("Revoked.")

    with_house(work)
