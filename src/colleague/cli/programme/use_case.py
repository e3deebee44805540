"""`colleague use-case`: write, lint, approve, measure and launch use cases, as a named person."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from colleague.bootstrap import House
from colleague.cli.operate import As, BadDay, act_as, do_as, line, person_at, rows, with_house
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.kit.lines import changes
from colleague.usecases.advance import approve_use_case, launch_use_case, retire_use_case
from colleague.usecases.baseline import measure
from colleague.usecases.define import change_use_case, define_use_case
from colleague.usecases.form import Given
from colleague.usecases.framework import write_framework
from colleague.usecases.friction import note_friction, resolve_friction
from colleague.usecases.model import Card, Finding
from colleague.usecases.ready import ready as stands
from colleague.usecases.sample import Spread
from colleague.usecases.shipped import shipped_card, shipped_cards
from colleague.usecases.view import check, list_lines, see_use_case

app = typer.Typer(help="Write, lint, approve and measure use cases.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="USE_CASE", help="The use case, by id.")]
Why = Annotated[str, typer.Option(help="Why, in a few words.")]
File = Annotated[Path | None, typer.Argument(help="A TOML file with the fields of a card.")]
From = Annotated[str, typer.Option("--from", help="A card that ships, from «shipped».")]
Owner = Annotated[str, typer.Option(help="Mail address of who answers for it.")]


class UnreadableCard(Invalid):
    """{file} is no card: {why}."""


class NothingToRead(Invalid):
    """Name a TOML file with the fields of a card, or a card that ships with --from."""


def _card(file: Path | None, shipped: str, owner: str) -> Card:
    """Return the card that was named, with its owner."""
    if file is None and not shipped:
        raise NothingToRead
    if file is None:
        return Card.from_json({**shipped_card(shipped).to_json(), "owner": owner})
    try:
        given = Given.model_validate(tomllib.loads(file.read_text("utf-8")) | ({"owner": owner} if owner else {}))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as fault:
        raise UnreadableCard(file=file.name, why=str(fault).splitlines()[0][:200]) from None
    return given.card()


def _say(found: tuple[Finding, ...]) -> None:
    for one in found:
        line(f"{one.weighs} · {one.field}: {one.why} {one.instead}")
    if not found:
        line("Specific: the linter has nothing against it.")


def _numbers(title: str, one: Spread | None) -> None:
    if one and one.veiled:
        line(f"{title}: n = {one.n}; the minutes are shown once three people have measured")
    elif one:
        line(
            f"{title}: median {one.median:g} min, quartiles {one.lower:g} to {one.upper:g}, n = {one.n} from"
            f" {one.people} people, {one.first} to {one.last}"
        )


def _do(as_person: str, deed: Any, *things: Any, **more: Any) -> Any:
    """Do one deed about a use case in a transaction of its own, and return what it returns."""

    async def work(house: House, session: Session, actor: Actor) -> Any:
        return await deed(session, actor, *things, ledger=house.ledger, **more_of(house))

    def more_of(house: House) -> dict[str, Any]:
        return {k: (house.clock if k == "clock" else house.reach if k == "reach" else v) for k, v in more.items()}

    return do_as(as_person, work)


def _look(as_person: str, read: Any, *things: Any) -> Any:
    """Return what `read` returns for a person."""

    async def work(house: House) -> Any:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            return await read(session, actor, *things, reach=house.reach)

    return with_house(work)


@app.command("list")
def index(as_person: As) -> None:
    """List use cases with owner, target, what was measured, and what the linter found."""
    rows(
        ("id", "name", "state", "owner", "target", "before", "found"),
        [(one.case.id, one.case.card.name, one.case.state, one.owner, f"{one.case.card.minutes} min",
          f"n = {one.baseline.measured.n}" if one.baseline.measured else "", str(len(one.findings)))
         for one in _look(as_person, list_lines)],
    )  # fmt: skip


@app.command()
def show(use_case: Id, as_person: As) -> None:
    """Show one use case: card, findings, baseline, friction."""
    sight = _look(as_person, see_use_case, use_case)
    line(f"{sight.case.card.name}: {sight.case.state}, version {sight.case.version}", "bold")
    rows(("field", "value"), [(k, str(v)) for k, v in sight.case.card.to_json().items() if v])
    _say(sight.findings)
    _numbers("Measured", sight.baseline.measured)
    _numbers("Self-reported, not counted", sight.baseline.self_reported)
    for one in sight.frictions:
        line(f"{one.id} {one.step}: {one.text}{f' (resolved: {one.resolution})' if one.resolution else ''}")


@app.command()
def shipped() -> None:
    """List the cards that ship."""
    rows(("name", "what is done"), [(name, card.work) for name, card in shipped_cards().items()])


@app.command("lint")
def lint_card(as_person: As, file: File = None, start: From = "", owner: Owner = "") -> None:
    """Say what keeps a card from being specific, and what to write instead; nothing is saved."""
    _say(_look(as_person, check, _card(file, start, owner)))


@app.command()
def add(as_person: As, file: File = None, start: From = "", owner: Owner = "") -> None:
    """Write a use case, as a draft."""
    made = _do(as_person, define_use_case, _card(file, start, owner), clock=None)
    line(made.id)


@app.command()
def change(
    use_case: Id, file: Annotated[Path, typer.Argument(help="A TOML file with all fields of the card.")], as_person: As,
    version: Annotated[int, typer.Option(help="The version it was made from.")],
) -> None:  # fmt: skip
    """Give a use case another card; it is a draft until somebody else approves it."""
    made = _do(as_person, change_use_case, use_case, _card(file, "", ""), version=version, clock=None)
    line(f"Version {made.version}, {made.state}.")


@app.command()
def approve(
    use_case: Id, as_person: As, version: Annotated[int, typer.Option(help="The version that was looked at.")]
) -> None:
    """Approve a draft that somebody else wrote."""
    _do(as_person, approve_use_case, use_case, version=version, reach=None, clock=None)
    line("Approved.")


@app.command()
def launch(
    use_case: Id, as_person: As,
    new_capability: Annotated[str, typer.Option(help="Why there is no before to compare with.")] = "",
) -> None:  # fmt: skip
    """Let an approved use case go live; this closes its baseline."""
    _do(as_person, launch_use_case, use_case, new_capability=new_capability, clock=None)
    line("Live.")


@app.command()
def retire(use_case: Id, as_person: As, why: Why) -> None:
    """End a use case."""
    _do(as_person, retire_use_case, use_case, why, clock=None)
    line("Retired.")


@app.command("measure")
def measured(
    use_case: Id, minutes: Annotated[float, typer.Argument(help="How many minutes it took.")], as_person: As,
    on: Annotated[str, typer.Option(help="The day, such as 2026-12-01.")],
    how: Annotated[str, typer.Option(help="timed, records or self_reported.")] = "timed",
    person: Annotated[str, typer.Option(help="Whose time, by mail address; else yours.")] = "",
) -> None:  # fmt: skip
    """Keep a measured time of before launch."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise BadDay(option="--on") from None

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            whose = (await person_at(session, person)).id if person else ""
            await measure(
                session, actor, use_case, minutes, day, how, person=whose, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        line("Kept.")

    with_house(work)


@app.command()
def friction(
    use_case: Id, as_person: As, step: Annotated[str, typer.Option(help="At which step.")] = "",
    text: Annotated[str, typer.Option(help="What got in the way.")] = "",
    minutes: Annotated[int, typer.Option(help="Minutes lost.")] = 0,
    resolve: Annotated[str, typer.Option(help="Id of an entry that is resolved; --text says what was done.")] = "",
) -> None:  # fmt: skip
    """Write down what got in the way, or that it is resolved."""
    if resolve:
        _do(as_person, resolve_friction, use_case, resolve, text)
        return line("Resolved.")
    return line(_do(as_person, note_friction, use_case, step, text, minutes=minutes, clock=None).id)


@app.command()
def framework(
    use_case: Id, as_person: As, file: Annotated[Path | None, typer.Argument(help="The new text.")] = None,
    why: Why = "", after: Annotated[int, typer.Option(help="The version it was made from.")] = 0,
    passed: Annotated[str, typer.Option(help="When a result is good enough; the one before stays without it.")] = "",
) -> None:  # fmt: skip
    """Show the prompt framework and its last change, or write the next version from a file."""
    if file is not None:
        made = _do(
            as_person, write_framework, use_case, file.read_text("utf-8", "replace"), why, passed=passed, after=after,
            clock=None,
        )  # fmt: skip
        return line(f"Version {made.version}.")
    found = _look(as_person, see_use_case, use_case).frameworks
    if found:
        line(f"Version {found[0].version}. {found[0].why}", "bold")
        line(f"Good enough when: {found[0].passed or 'not written down yet'}")
    for kind, text in changes(found[1].text if len(found) > 1 else "", found[0].text) if found else ():
        line(f"{ {'same': ' ', 'added': '+', 'removed': '-'}[kind] } {text}")
    return None


@app.command()
def ready(as_person: As) -> None:
    """Say whether a pilot may start with the use cases there are, and why not."""

    async def work(house: House) -> None:
        (await act_as(house, as_person)).require("org:usecases:read")
        async with house.database.transaction() as session:
            found = await stands(session, reach=house.reach)
        line("Ready for a pilot." if found.ok else "Not yet.", "bold")
        for text in (*found.reasons, *found.unmeasured):
            line(text)
        if found.weeks_added:
            line(f"{found.weeks_added} weeks longer: {', '.join(found.kept)} kept although flagged.")

    with_house(work)
