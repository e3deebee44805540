"""`colleague connector`: enable connectors, open them to teams, and see who reaches what."""

from datetime import UTC, date, datetime, time
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.connectors.accounts import NoSuchAccount, check_account, enable_connector, list_accounts
from colleague.connectors.grants import BadGrant, Opened, grant, read_class, revoke
from colleague.connectors.overview import overview
from colleague.identity.directory import list_teams
from colleague.kit.errors import Invalid, Unavailable

app = typer.Typer(help="Enable connectors and open them to teams.", no_args_is_help=True)


class BadSetting(Invalid):
    """Write settings as name=value; «{text}» is not."""


class NotHealthy(Unavailable):
    """{why}"""


def _words(opened: Opened) -> tuple[str, ...]:
    g = opened.grant
    until = opened.expires_at.date().isoformat() if opened.expires_at else ""
    places = "; ".join(place or "(everything)" for place in g.places)
    return places, "yes" if g.may_write else "no", g.place_class.name.lower(), g.ceiling.name.lower(), until


def settings_of(texts: list[str]) -> dict[str, str]:
    """Return settings written as name=value; BadSetting for one that is not (not repeated: it may be a secret)."""
    values = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise BadSetting(text=f"{name[:20]}…")
        values[name] = value
    return values


@app.command("list")
def list_all(as_person: As) -> None:
    """Show connectors, grants, and who reaches what."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            sights = await overview(session, actor, house.registry, clock=house.clock)
        for sight in sights:
            state = "enabled" if sight.enabled else "not enabled"
            line(f"{sight.connector.kind} ({sight.connector.title}): {state}")
            if sight.grants:
                rows(
                    ("grant", "team", "places", "write", "class", "ceiling", "until"),
                    [(opened.id, team, *_words(opened)) for opened, team in sight.grants],
                )
            for reach in sight.reach:
                places = ", ".join(place or "(everything)" for place, *_ in reach.places)
                line(f"  {reach.name}: {places}")

    with_house(work)


@app.command("enable")
def enable(
    kind: Annotated[str, typer.Argument(help="The connector, e.g. folder.")],
    as_person: As,
    setting: Annotated[list[str] | None, typer.Option("--set", "-s", help="A setting, name=value.")] = None,
) -> None:
    """Enable a connector for the organisation. It reaches nobody before a team has a grant."""
    values = settings_of(setting or [])

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await enable_connector(
                session, actor, house.registry, kind, values, ledger=house.ledger, secrets=house.secrets,
                clock=house.clock,
            )  # fmt: skip
        line(f"{kind} is enabled. Open it to a team with: colleague connector grant {kind} …")

    with_house(work)


@app.command("grant")
def open_grant(
    kind: Annotated[str, typer.Argument(help="The connector, e.g. folder.")],
    team: Annotated[str, typer.Argument(help="The team's name.")],
    places: Annotated[list[str], typer.Argument(help="Places, e.g. Bids/2026; * for everything (needs --reason).")],
    as_person: As,
    write: Annotated[bool, typer.Option(help="May write there, too.")] = False,
    place_class: Annotated[str, typer.Option(help="Class of what lies there.")] = "internal",
    ceiling: Annotated[str, typer.Option(help="Highest class that may be read.")] = "internal",
    trusted: Annotated[bool, typer.Option(help="Only our own people write there.")] = False,
    reason: Annotated[str, typer.Option(help="Why; needed for everything.")] = "",
    until: Annotated[str, typer.Option(help="Last day, e.g. 2026-12-31.")] = "",
) -> None:
    """Open a connector to a team for named places."""
    try:
        end = datetime.combine(date.fromisoformat(until), time.max, tzinfo=UTC) if until else None
    except ValueError:
        raise BadGrant(why="--until must be a day such as 2026-12-31") from None

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = [t for t in await list_teams(session) if t.name.casefold() == team.strip().casefold()]
            if not found:
                raise BadGrant(why=f"there is no team «{team[:80]}»")
            opened = await grant(
                session, actor, house.registry, kind, found[0].id, places, reason=reason, may_write=write,
                ceiling=read_class(ceiling), place_class=read_class(place_class), trusted=trusted, expires_at=end,
                ledger=house.ledger, clock=house.clock,
            )  # fmt: skip
        line(f"Opened: {opened.id}")

    with_house(work)


@app.command("revoke")
def close_grant(grant_id: Annotated[str, typer.Argument(help="The grant's id, from «list».")], as_person: As) -> None:
    """Revoke a grant; the next call of any task finds it gone."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await revoke(session, actor, grant_id, ledger=house.ledger, clock=house.clock)
        line("Revoked.")

    with_house(work)


@app.command("check")
def check(kind: Annotated[str, typer.Argument(help="The connector, e.g. mail.")], as_person: As) -> None:
    """Try every connection of a connector. Exit code 1 if one does not work."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("org:connectors:manage")
        async with house.database.transaction() as session:
            (await house.registry.now(session)).get(kind)
            accounts = [a for a in await list_accounts(session, connector=kind) if a.active]
        if not accounts:
            raise NoSuchAccount
        failed = 0
        for account in accounts:
            healthy, sentence = await check_account(
                house.database, actor, house.registry, account.id, ledger=house.ledger, secrets=house.secrets,
                clock=house.clock,
            )  # fmt: skip
            failed += not healthy
            name = account.person or "organisation"
            line(f"{name}: {'works' if healthy else 'fails'}. {sentence}")
        if failed:
            raise NotHealthy(why=f"{failed} of {len(accounts)} connections do not work.")

    with_house(work)
