"""`colleague audit`: read, verify and export the ledger."""

import json
from pathlib import Path
from typing import Annotated

import typer

from colleague.audit.export import export
from colleague.audit.read import entries, verify
from colleague.audit.signer import Public
from colleague.audit.verify import Report
from colleague.audit.verify_export import verify_export
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, day, line, rows, with_house
from colleague.identity.actor import SYSTEM
from colleague.kit.errors import Conflict, Invalid

app = typer.Typer(help="Read, verify and export the ledger.", no_args_is_help=True)


class BadKey(Invalid):
    """{file} does not hold a verifier key (name+id+key), as `ledger.pub` in the data folder does."""


class KeyWithoutExport(Invalid):
    """--key is for an export: add --export with its folder. The database is verified with this installation's key."""


class FolderNotEmpty(Conflict):
    """{folder} is there already and not empty: name a new folder."""


class NoFolder(Invalid):
    """{folder} is no folder: name the folder of an export, with manifest.json in it."""


class Broken(Conflict):
    """The ledger is broken: {why}"""


@app.command("list")
def index(
    as_person: As,
    verb: Annotated[str, typer.Option(help="Only this verb, or all that begin so («approval.»).")] = "",
    actor: Annotated[str, typer.Option(help="Only what this id did.")] = "",
    subject: Annotated[str, typer.Option(help="Only what was done to this id.")] = "",
    run: Annotated[str, typer.Option(help="Only this run of a task.")] = "",
    effect: Annotated[str, typer.Option(help="Only decisions that came out so: allow, ask, deny.")] = "",
    since: Annotated[str, typer.Option(help="First day, e.g. 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Last day.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
) -> None:
    """List entries, newest first. Reading is on record itself."""
    start, end = day(since, "--since"), day(until, "--until", end=True)

    async def work(house: House) -> None:
        reader = await act_as(house, as_person)
        reader.require("org:ledger:read")
        async with house.database.transaction() as session:
            found = await entries(
                session, reader.id, ledger=house.ledger, verb=verb, actor=actor, subject=subject, run=run,
                effect=effect, since=start, until=end, limit=limit,
            )  # fmt: skip
        if not found:
            line("No entries.")
            return
        rows(
            ("no.", "at (UTC)", "verb", "actor", "subject", "data"),
            [
                (
                    str(e.seq) if e.seq is not None else "not sealed", f"{e.at:%Y-%m-%d %H:%M:%S}", e.verb, e.actor,
                    e.subject, json.dumps(dict(e.data), ensure_ascii=False),
                )
                for e in found
            ],
        )  # fmt: skip

    with_house(work)


@app.command("verify")
def check(
    export_folder: Annotated[
        Path | None, typer.Option("--export", help="Folder of an export: verify it offline, without the database.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="File with the verifier key you trust (ledger.pub). For --export.")
    ] = None,
    as_person: Annotated[
        str, typer.Option("--as", help="Who verifies; default: the operator.", envvar="COLLEAGUE_AS")
    ] = "",
) -> None:
    """Recompute every hash, root and signature; name what is broken first. Exit code 1 if anything is."""
    if export_folder is not None:
        _say(_offline(export_folder, key))
        if key is None:
            line("The key came with the export. To be sure who signed it, give the one you trust with --key.", "yellow")
        return
    if key is not None:
        raise KeyWithoutExport

    async def work(house: House) -> Report:
        reader = await act_as(house, as_person) if as_person else SYSTEM
        reader.require("org:ledger:read")
        return await verify(
            house.database, reader.id, public=house.signer.public, sink=house.sink, ledger=house.ledger
        )  # fmt: skip

    _say(with_house(work))


def _offline(folder: Path, key: Path | None) -> Report:
    if folder.name == "manifest.json":
        folder = folder.parent
    if not folder.is_dir():
        raise NoFolder(folder=folder)
    public = None
    if key is not None:
        try:
            public = Public.parse(key.read_text("utf-8"))
        except ValueError:
            raise BadKey(file=key) from None
    return verify_export(folder, public)


def _say(report: Report) -> None:
    """Print the result; raises Broken if anything is wrong."""
    if not report.ok:
        raise Broken(why=" ".join(report.findings))
    line(f"The ledger is {report.sentence}.", "green")
    line(f"Root {report.root}")


@app.command("export")
def take_along(
    folder: Annotated[Path, typer.Argument(help="A new folder to write into.")],
    as_person: As,
    since: Annotated[str, typer.Option(help="First day, e.g. 2026-11-01; default: the beginning.")] = "",
    until: Annotated[str, typer.Option(help="Last day; default: now.")] = "",
) -> None:
    """Write sealed entries as JSON lines and CSV with a manifest that verifies offline. The export is on record."""
    start, end = day(since, "--since"), day(until, "--until", end=True)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty(folder=folder)

    async def work(house: House) -> None:
        reader = await act_as(house, as_person)
        reader.require("org:ledger:export")
        count = await export(
            house.database, reader.id, folder, signer=house.signer, ledger=house.ledger, since=start, until=end
        )
        line(f"{count:,} entries in {folder}")
        line(f"Verify with: colleague audit verify --export {folder} --key ledger.pub")

    with_house(work)
