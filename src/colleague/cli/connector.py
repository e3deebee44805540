"""`colleague connector`: enable connectors, open them to teams, and see who reaches what."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.connectors.accounts import NoSuchAccount, check_account, enable_connector, list_accounts
from colleague.connectors.effect import Effect, effect_of
from colleague.connectors.grants import (
    BadGrant,
    Opened,
    Terms,
    change_grant,
    get_grant,
    grant,
    proposed,
    read_class,
    read_words,
    revoke,
    words_json,
)
from colleague.connectors.overview import by_person, overview
from colleague.connectors.review.pack import review_pack
from colleague.identity.directory import ROLE, list_teams
from colleague.kit.db import Session
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
    words = " ".join(f"{tool}={word}" for tool, word in words_json(g.tools).items())
    return places, "yes" if g.may_write else "no", g.place_class.name.lower(), g.ceiling.name.lower(), until, words


async def _holder(session: Session, text: str) -> str:
    """Return a team by its name, or a role written role:NAME, as the holder of a grant."""
    text = text.strip()
    if text.startswith(ROLE):
        return text
    found = [t for t in await list_teams(session) if t.name.casefold() == text.casefold()]
    if not found:
        raise BadGrant(why=f"there is no team «{text[:80]}»")
    return found[0].id


def _terms(
    places: list[str], write: bool, place_class: str, ceiling: str, trusted: bool, tool: list[str] | None, reason: str,
    until: str,
) -> Terms:  # fmt: skip
    try:
        end = datetime.combine(date.fromisoformat(until), time.max, tzinfo=UTC) if until else None
    except ValueError:
        raise BadGrant(why="--until must be a day such as 2026-12-31") from None
    words = read_words(settings_of(tool or []))
    return Terms(places, write, read_class(ceiling), read_class(place_class), trusted, words, reason, end)


def _say(effect: Effect) -> None:
    line(effect.sentence)
    for word, names in (("gain", effect.gain), ("lose", effect.lose), ("other terms", effect.otherwise)):
        if names:
            line(f"  {word}: {', '.join(names)}")


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
                    ("grant", "for", "state", "places", "write", "class", "ceiling", "until", "tools"),
                    [(g.opened.id, g.holder, g.state, *_words(g.opened)) for g in sight.grants],
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


@app.command("people")
def people(as_person: As) -> None:
    """Show people × connectors: who reaches which places, through which team or role."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            sights = await overview(session, actor, house.registry, clock=house.clock)
        found = [
            (name, kind, place or "(everything)", "write" if writes else "read", word, holder)
            for _, name, reached in by_person(sights)
            for kind, places in reached.items()
            for place, holder, writes, word in places
        ]
        rows(("person", "connector", "place", "may", "class", "through"), found)
        if not found:
            line("Nobody reaches anything.")

    with_house(work)


Places = Annotated[list[str], typer.Argument(help="Places, e.g. Bids/2026; * for everything (an exception).")]
Write = Annotated[bool, typer.Option(help="May write there, too.")]
PlaceClass = Annotated[str, typer.Option(help="Class of what lies there.")]
Ceiling = Annotated[str, typer.Option(help="Highest class that may be read.")]
Trusted = Annotated[bool, typer.Option(help="Only our own people write there.")]
Words = Annotated[
    list[str] | None, typer.Option("--tool", "-t", help="TOOL=allow, ask or block; * is every other tool.")
]
Reason = Annotated[str, typer.Option(help="Why; needed for everything.")]
Until = Annotated[str, typer.Option(help="Last day, e.g. 2026-12-31; needed for everything.")]
Look = Annotated[bool, typer.Option("--look", help="Only say who would gain or lose access.")]


@app.command("grant")
def open_grant(
    kind: Annotated[str, typer.Argument(help="The connector, e.g. folder.")],
    team: Annotated[str, typer.Argument(help="The team's name, or role:NAME.")],
    places: Places, as_person: As, write: Write = False, place_class: PlaceClass = "internal",
    ceiling: Ceiling = "internal", trusted: Trusted = False, tool: Words = None, reason: Reason = "",
    until: Until = "", look: Look = False,
) -> None:  # fmt: skip
    """Open a connector to a team or a role for named places."""
    terms = _terms(places, write, place_class, ceiling, trusted, tool, reason, until)

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            holder = await _holder(session, team)
            after = await proposed(session, actor, house.registry, kind, holder, terms, clock=house.clock)
            _say(await effect_of(session, actor, None, after, clock=house.clock))
            if look:
                return
            opened = await grant(
                session, actor, house.registry, kind, holder, terms.places, reason=reason, may_write=write,
                ceiling=terms.ceiling, place_class=terms.place_class, trusted=trusted, expires_at=terms.expires_at,
                tools=terms.tools, ledger=house.ledger, clock=house.clock,
            )  # fmt: skip
        line(f"Opened: {opened.id}")

    with_house(work)


@app.command("change")
def change(
    grant_id: Annotated[str, typer.Argument(help="The grant's id, from «list».")],
    places: Places, as_person: As, write: Write = False, place_class: PlaceClass = "internal",
    ceiling: Ceiling = "internal", trusted: Trusted = False, tool: Words = None, reason: Reason = "",
    until: Until = "", look: Look = False,
) -> None:  # fmt: skip
    """Put a grant on other terms: all of them, as if it were given anew. The next call of any task finds it so."""
    terms = _terms(places, write, place_class, ceiling, trusted, tool, reason, until)

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            before = await get_grant(session, grant_id)
            g = before.grant
            after = await proposed(
                session, actor, house.registry, g.connector, g.holder, terms, clock=house.clock, grant_id=grant_id
            )
            _say(await effect_of(session, actor, before, after, clock=house.clock))
            if look:
                return
            await change_grant(
                session, actor, house.registry, grant_id, terms, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        line("Changed.")

    with_house(work)


@app.command("revoke")
def close_grant(
    grant_id: Annotated[str, typer.Argument(help="The grant's id, from «list».")], as_person: As, look: Look = False
) -> None:
    """Revoke a grant; the next call of any task finds it gone."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            _say(await effect_of(session, actor, await get_grant(session, grant_id), None, clock=house.clock))
            if look:
                return
            await revoke(session, actor, grant_id, ledger=house.ledger, clock=house.clock)
        line("Revoked.")

    with_house(work)


@app.command("review-pack")
def make_pack(
    as_person: As,
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder, or a file that ends in .zip.")],
) -> None:
    """Write the connector-scope review pack (JSON and PDF): grants, exceptions, people, ways out, findings, ledger."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        pack = await review_pack(
            house.database, actor, house.registry, public=house.signer.public, sink=house.sink, ledger=house.ledger,
            clock=house.clock,
        )  # fmt: skip
        if out.suffix.casefold() == ".zip":
            files = {out: pack.zip()}
        else:
            out.mkdir(parents=True, exist_ok=True)
            files = {out / f"{pack.name}.json": pack.json(), out / f"{pack.name}.pdf": pack.pdf()}
        for path, content in files.items():
            path.write_bytes(content)
            line(str(path))
        line(f"{len(pack.content['scopes'])} grants, {len(pack.content['findings'])} to look at.")
        line(f"Ledger: {pack.content['ledger']['sentence']}.")

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
