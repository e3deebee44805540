"""`colleague sign-on`: identity providers, their checks, and whether passwords are switched off."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, confirm, line, rows, with_house
from colleague.identity.local_routes import current_mode
from colleague.identity.people import SEALED
from colleague.identity.sso.oidc import callback
from colleague.identity.sso.passwords_off import close_passwords, open_passwords, seal_again
from colleague.identity.sso.providers import (
    add_provider,
    get_provider,
    list_providers,
    remove_provider,
    switch_provider,
)
from colleague.identity.sso.trial import examine

app = typer.Typer(help="Set up identity providers; switch passwords off and on.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="The provider's short name.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class Deed(StrEnum):
    """What is done about passwords."""

    ON = "on"
    OFF = "off"
    SEAL = "seal"


@app.command("list")
def index(as_person: As) -> None:
    """List identity providers, and say whether passwords are switched off."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:settings:manage")
        async with house.database.transaction() as session:
            providers, mode = await list_providers(session), await current_mode(session)
        rows(
            ("name", "title", "kind", "", "unknown people"),
            [(p.key, p.title, p.kind, "open" if p.enabled else "off", p.joining) for p in providers],
        )
        line("Passwords are switched off." if mode.closed else "Passwords work.")

    with_house(work)


@app.command("add")
def add(
    key: Key,
    issuer: Annotated[str, typer.Option(help="Issuer, or the address of its discovery document.")],
    client_id: Annotated[str, typer.Option(help="What the provider calls this application.")],
    as_person: As,
    title: Annotated[str, typer.Option(help="Name on the button.")] = "",
    secret_file: Annotated[Path | None, typer.Option(help="File with the client secret.", exists=True)] = None,
    domain: Annotated[list[str] | None, typer.Option(help="A mail domain it speaks for; repeat it.")] = None,
    jit: Annotated[bool, typer.Option("--jit", help="Unknown people become members.")] = False,
) -> None:
    """Set an OpenID Connect provider up. It signs nobody in before it is switched on."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        given = {
            "kind": "oidc", "title": title or key, "joining": "jit" if jit else "provisioned",
            "secret": secret_file.read_text("utf-8").strip() if secret_file else "",
            "config": {"issuer": issuer, "client_id": client_id, "domains": domain or []},
        }  # fmt: skip
        async with house.database.transaction() as session:
            made = await add_provider(
                session, actor, key, given, secrets=house.secrets, ledger=house.ledger, clock=house.clock
            )
        line("Register this redirect URI at the provider:")
        line(f"  {callback(house.sign_on, made)}")

    with_house(work)


@app.command("check")
def check(key: Key, as_person: As) -> None:
    """Look at what a provider publishes, and say what is wrong."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            provider = await get_provider(session, key)
        words = {True: "well", False: "NOT WELL", None: "to try"}
        rows(
            ("", "", ""), [(c.title, words[c.good], c.words) for c in await examine(house.sign_on, actor, provider)]
        )  # fmt: skip

    with_house(work)


@app.command("switch")
def switch(key: Key, as_person: As, off: Annotated[bool, typer.Option("--off", help="No more.")] = False) -> None:
    """Let a provider sign people in, or no more: its sessions end then."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await switch_provider(session, actor, key, on=not off, ledger=house.ledger)
        line(f"{key} is {'switched off' if off else 'open'}.")

    with_house(work)


@app.command("remove")
def remove(key: Key, as_person: As, yes: Yes = False) -> None:
    """Take a provider away, with its links and sessions."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        if not yes and not await confirm(f"Remove {key}? Everybody's link to it goes too."):
            line("Nothing was changed.")
            return
        async with house.database.transaction() as session:
            await remove_provider(session, actor, key, ledger=house.ledger)
        line(f"{key} is removed.")

    with_house(work)


@app.command("passwords")
def passwords(
    deed: Annotated[Deed, typer.Argument(help="off, on, or seal the break-glass account again.")],
    as_person: As,
    yes: Yes = False,
) -> None:
    """Switch passwords off or on; a new password of the break-glass account is printed, the only time it is seen."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        words = {
            "off": "Switch passwords off? Sessions that no provider opened end.",
            "on": "Let people use passwords again?",
            "seal": "Give the break-glass account a new password?",
        }
        if not yes and not await confirm(words[deed]):
            line("Nothing was changed.")
            return
        async with house.database.transaction() as session:
            if deed is Deed.ON:
                await open_passwords(session, actor, ledger=house.ledger)
                line("Passwords work again. The break-glass account is deactivated.")
                return
            change = close_passwords if deed is Deed.OFF else seal_again
            password = await change(session, actor, ledger=house.ledger, clock=house.clock)
        line(f"Seal this: {SEALED} signs in with", "bold")
        line(f"  {password}")

    with_house(work)
