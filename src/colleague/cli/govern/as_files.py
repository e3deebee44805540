"""`colleague governance export | diff | plan | apply | rollback` of a folder: configuration as files (R66)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.governance.asfiles.apply import (
    Parts,
    apply_files,
    drift_of,
    export_files,
    files_before,
    list_applied,
    plan_files,
)
from colleague.governance.asfiles.plan import Change, Plan
from colleague.governance.asfiles.shape import FILES
from colleague.governance.asfiles.yaml_file import LARGEST, bad
from colleague.identity.directory import names_of
from colleague.kit.errors import Conflict, Invalid

app = typer.Typer()
Folder = Annotated[Path, typer.Argument(help="A folder with the files of an export.")]
Digest = Annotated[str, typer.Option("--plan", help="The digest that the plan showed; without it, it is only planned.")]
_COLOURS = {"applies": "", "waits": "yellow", "by hand": "yellow", "refused": "red"}


class NotEmpty(Conflict):
    """«{folder}» holds something else than an export ({name}): name a folder of its own."""


class NoFolder(Invalid):
    """«{folder}» is no folder."""


class ShortDigest(Invalid):
    """Give at least 12 characters of the digest that the plan showed."""


def parts_of(house: House) -> Parts:
    """Return what the deeds need of the house."""
    return Parts(house.database, house.registry, house.secrets, house.ledger, house.clock, house.foreign)


def read_folder(folder: Path) -> dict[str, str]:
    """Return the files of a configuration in a folder; other kinds of files are not read. Raises NoFolder, BadFile."""
    if not folder.is_dir():
        raise NoFolder(folder=folder)
    found: dict[str, str] = {}
    for name in FILES:
        file = folder / name
        if file.is_file():
            if file.stat().st_size > LARGEST:
                raise bad(name, 1, f"a file has at most {LARGEST:,} bytes")
            try:
                found[name] = file.read_text("utf-8")
            except UnicodeDecodeError:
                raise bad(name, 1, "this is not text in UTF-8") from None
    if strange := sorted(f.name for f in folder.glob("*.y*ml") if f.name not in FILES):
        raise bad(strange[0], 1, f"no file of a configuration is called so: {', '.join(FILES)}")
    return found


def write_folder(folder: Path, as_person: str) -> None:
    """Write the configuration in force into a folder; it may hold an older export, nothing else in YAML or Cedar."""

    async def work(house: House) -> dict[str, str]:
        return await export_files(parts_of(house), await act_as(house, as_person))

    files = with_house(work)
    folder.mkdir(parents=True, exist_ok=True)
    for other in sorted([*folder.glob("*.y*ml"), *folder.glob("*.cedar")]):
        if other.name not in files:
            raise NotEmpty(folder=folder, name=other.name)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    line(f"Written: {len(files)} files in {folder}. Keys, passwords and people are in none of them.")


def compare_folder(folder: Path, as_person: str) -> None:
    """Say how what is in force differs from a folder; exit code 1 if it does."""
    found: list[Change] = []

    async def work(house: House) -> None:
        found.extend(await drift_of(parts_of(house), await act_as(house, as_person), read_folder(folder)))
        line("From what is in force to the files:" if found else "What is in force is what the files say.")
        for change in found:
            line(change.line)

    with_house(work)
    if found:
        raise typer.Exit(1)


def _show(changes: Sequence[Change]) -> None:
    for change in changes:
        line(change.line, _COLOURS[change.state])
        if change.state != "applies" or change.words:
            line(
                f"    {'' if change.state == 'applies' else change.state + ': '}{change.words}", _COLOURS[change.state]
            )


def _show_plan(plan: Plan, how: str) -> None:
    _show(plan.changes)
    if not plan.changes:
        line("Nothing to change.")
    elif plan.applicable:
        line(f"\n{how} --plan {plan.digest[:16]}", "bold")
    else:
        line("\nThis cannot be applied: see what is refused or to be done by hand.", "bold")


@app.command("plan")
def plan_folder(folder: Folder, as_person: As) -> None:
    """Show what applying the files would change, in order, and whom it touches. Nothing changes."""

    async def work(house: House) -> None:
        plan = await plan_files(parts_of(house), await act_as(house, as_person), read_folder(folder))
        _show_plan(plan, f"colleague governance apply {folder}")

    with_house(work)


async def _do(house: House, as_person: str, files: dict[str, str], seen: str, rolls_back: str = "") -> None:
    if len(seen) < 12:
        raise ShortDigest
    actor, parts = await act_as(house, as_person), parts_of(house)
    now = (await plan_files(parts, actor, files)).digest
    done = await apply_files(parts, actor, files, now if now.startswith(seen) else seen, rolls_back=rolls_back)
    _show(done.changes)
    line(f"Applied: {done.id}. «colleague governance rollback {done.id}» plans the way back.", "green")


@app.command("apply")
def apply_folder(folder: Folder, as_person: As, plan: Digest = "") -> None:
    """Apply exactly the plan that was shown, all of it or nothing. What weakens a rule waits for a second person."""
    if not plan:
        plan_folder(folder, as_person)
        return
    with_house(lambda house: _do(house, as_person, read_folder(folder), plan))


@app.command("rollback")
def roll_back(
    as_person: As,
    applied: Annotated[str, typer.Argument(help="What «governance applied» lists; the newest without it.")] = "",
    plan: Digest = "",
) -> None:
    """Plan to put in force what was before files were applied; with the plan's digest, do it."""

    async def work(house: House) -> None:
        actor, parts = await act_as(house, as_person), parts_of(house)
        ident, files = await files_before(parts, actor, applied)
        if plan:
            await _do(house, as_person, files, plan, ident)
        else:
            _show_plan(await plan_files(parts, actor, files), f"colleague governance rollback {ident}")

    with_house(work)


@app.command("applied")
def list_them(as_person: As) -> None:
    """List what was applied from files, newest first."""

    async def work(house: House) -> None:
        found = await list_applied(parts_of(house), await act_as(house, as_person))
        async with house.database.transaction() as session:
            names = await names_of(session, {one.applied_by for one in found})
        rows(
            ("id", "at", "by", "changes", "takes back"),
            [
                (one.id, f"{one.applied_at:%Y-%m-%d %H:%M}", names.get(one.applied_by, one.applied_by),
                 str(len(one.changes)), one.rolls_back)
                for one in found
            ],
        )  # fmt: skip

    with_house(work)
