"""`colleague skill`: see, add, hand in and decide about skills."""

from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.plugins.allowed import unknown_names
from colleague.plugins.early import open_to_everybody
from colleague.plugins.model import EARLY
from colleague.plugins.packages import add_package, decide_package, remove_package, submit_package, switch_skill
from colleague.plugins.publish import publishing_errors
from colleague.plugins.skills import read_package
from colleague.plugins.store import NoSuchSkill, get_package
from colleague.plugins.unpack import BadPackage, read_archive, read_folder
from colleague.plugins.view import list_skills

app = typer.Typer(help="See, add, hand in and decide about skills.", no_args_is_help=True)
Package = Annotated[str, typer.Argument(help="The package's id, from «list».")]


def _read(path: Path) -> tuple[dict[str, bytes], str, list]:  # type: ignore[type-arg]
    if path.is_dir():
        files, notices = read_folder(path)
        return files, path.resolve().name, notices
    if not path.is_file():
        raise BadPackage(why=f"there is no {path}.")
    if path.suffix == ".md":
        return {path.name: path.read_bytes()}, path.resolve().parent.name, []
    files, notices = read_archive(path.read_bytes())
    return files, path.stem, notices


@app.command("list")
def list_all(as_person: As) -> None:
    """Show the skills that one may see."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found = await list_skills(session, actor)
        rows(
            ("skill", "package", "state", "what for"),
            [(f.one.name, f.one.package, "off" if f.off else f.state, f.one.skill.description[:60]) for f in found],
        )

    with_house(work)


@app.command("check")
def check(path: Annotated[Path, typer.Argument(help="A folder, zip, .plugin file or SKILL.md.")]) -> None:
    """Say what was read, and what would keep it from being published. Exit code 1 if anything would."""
    files, folder, notices = _read(path)
    package = read_package(files, folder=folder, notices=notices)
    for skill in package.skills:
        line(f"{package.manifest.name}:{skill.name}  {skill.description[:100]}")
        if unknown := unknown_names(skill):
            line(f"no tool here is called: {', '.join(unknown)}")
    for notice in package.notices:
        line(f"read in spite of: {notice.where} {notice.text}")
    for flag in package.flags:
        line(f"look at: {flag}")
    errors = publishing_errors(package)
    for error in errors:
        line(f"error: {error.where} {error.text} {error.fix}".rstrip())
    raise typer.Exit(1 if errors else 0)


@app.command("add")
def add(path: Annotated[Path, typer.Argument(help="A folder, zip, .plugin file or SKILL.md.")], as_person: As) -> None:
    """Add skills for oneself."""
    files, folder, notices = _read(path)

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            package = await add_package(
                session, actor, files, folder=folder, notices=notices, ledger=house.ledger, clock=house.clock
            )
        line(f"Added: {package}")

    with_house(work)


@app.command("submit")
def submit(package: Package, as_person: As) -> None:
    """Hand one's skills in for everybody."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await submit_package(session, actor, package, ledger=house.ledger, clock=house.clock)
        line("Handed in: somebody else decides.")

    with_house(work)


@app.command("decide")
def decide(
    package: Package, as_person: As,
    approve: Annotated[bool, typer.Option("--approve/--deny", help="Approve or deny.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    category: Annotated[str, typer.Option(help="The output category of what they write, where they do not say.")] = "",
    early: Annotated[bool, typer.Option("--early", help="For champions first, before everybody.")] = False,
) -> None:  # fmt: skip
    """Approve or deny what was handed in, as it is now."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            row = await get_package(session, package)
            await decide_package(
                session, actor, package, approve=approve, sha256=row.sha256, reason=reason, category=category,
                teams=(EARLY,) if early else (), ledger=house.ledger, clock=house.clock,
            )  # fmt: skip
        line("Approved." if approve else "Denied.")

    with_house(work)


@app.command("open")
def open_early(package: Package, as_person: As) -> None:
    """Give everybody what champions have had early, as it is now."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            row = await get_package(session, package)
            await open_to_everybody(session, actor, package, sha256=row.sha256, ledger=house.ledger, clock=house.clock)
        line("Open to everybody.")

    with_house(work)


@app.command("switch")
def switch(
    name: Annotated[str, typer.Argument(help="The skill, e.g. lawyer:contract-review-summary.")], as_person: As,
    on: Annotated[bool, typer.Option("--on/--off", help="On again, or off for everybody.")] = False,
) -> None:  # fmt: skip
    """Switch a skill off for everybody, or on again."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            # Whoever switches off in a hurry must not be told «Off.» of a name that they mistyped.
            if not on and name not in {found.one.name for found in await list_skills(session, actor)}:
                raise NoSuchSkill
            await switch_skill(session, actor, name, on=on, ledger=house.ledger, clock=house.clock)
        line(f"{name} is {'on' if on else 'off, for everybody'}.")

    with_house(work)


@app.command("remove")
def remove(package: Package, as_person: As) -> None:
    """Take skills away."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await remove_package(session, actor, package, ledger=house.ledger)
        line("Removed.")

    with_house(work)
