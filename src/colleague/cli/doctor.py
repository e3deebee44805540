"""`colleague doctor`: is everything in order here, and how much memory does it take?"""

import shutil
import sys
from importlib import resources
from typing import Annotated

import psutil
import typer
from rich.console import Console
from sqlalchemy import text

from colleague import __version__
from colleague.audit.verify import verify_database
from colleague.bootstrap import House
from colleague.cli.operate import with_house
from colleague.kit.errors import Failure
from colleague.kit.sandbox.probe import probe

console = Console()


def doctor(
    ledger: Annotated[bool, typer.Option(help="Also verify the whole ledger.")] = True,
) -> None:
    """Check database, queue, ledger, sandbox and assets; print the memory of every process of this installation."""
    failed = with_house(lambda house: _check(house, ledger=ledger))
    raise typer.Exit(1 if failed else 0)


def _line(ok: bool | None, name: str, text: str) -> bool:
    mark = {True: "[green]ok  [/green]", False: "[red]FAIL[/red]", None: "[yellow]note[/yellow]"}[ok]
    console.print(f"{mark} {name:<10} {text}", highlight=False)
    return ok is False


async def _check(house: House, *, ledger: bool) -> bool:
    failed = _line(True, "version", f"Colleague {__version__}, Python {sys.version.split()[0]}")
    async with house.database.transaction() as session:
        version = (await session.execute(text("SHOW server_version"))).scalar_one()
        waiting = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        jobs = (await session.execute(waiting)).scalar_one()
        dead = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
        broken = (await session.execute(dead)).scalar_one()
    kind = "embedded" if house.settings.database_url is None else "external"
    failed |= _line(True, "database", f"PostgreSQL {version} ({kind})")
    failed |= _line(None if broken else True, "queue", f"{jobs} jobs wait, {broken} have failed")
    failed |= _line(True if shutil.disk_usage(house.settings.data_dir).free > 1e9 else None, "disk", _disk(house))
    report = await probe(house.settings)
    failed |= _line(True if report.tier else None, "sandbox", report.sentence)
    try:
        assets = resources.files("colleague_assets").is_dir()
    except ModuleNotFoundError:
        assets = False
    failed |= _line(assets, "assets", "built" if assets else "missing: install again with `pip install -e .`")
    if ledger:
        try:
            witnessed = await house.sink.all() if house.sink else ()
            result = await verify_database(house.database, house.signer.public, witnessed)
            failed |= _line(result.ok, "ledger", result.sentence)
        except Failure as failure:
            failed |= _line(False, "ledger", failure.message)
    sink = house.settings.checkpoint_sink
    _line(True if sink else None, "witness", sink or "none: a full rewrite of the ledger could not be seen")
    _memory(house)
    return failed


def _disk(house: House) -> str:
    usage = shutil.disk_usage(house.settings.data_dir)
    return f"{usage.free / 1e9:.0f} GB free in {house.settings.data_dir}"


def _memory(house: House) -> None:
    """Print the proportional memory (PSS: shared pages counted once) of server, workers and the embedded database."""
    groups: dict[str, float] = {}
    folder = str(house.settings.data_dir.resolve())
    me = psutil.Process().pid
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        kind = _kind(line, process, folder)
        if kind and process.info["pid"] != me:
            try:
                groups[kind] = groups.get(kind, 0) + process.memory_full_info().pss / 1e6
            except (psutil.Error, AttributeError):
                continue
    for kind, megabytes in sorted(groups.items()):
        _line(None, "memory", f"{kind:<10} {megabytes:6.0f} MB")
    if groups:
        total = sum(groups.values())
        _line(total < 350 or None, "memory", f"{'total':<10} {total:6.0f} MB (target: below 350 MB idle)")


def _kind(line: str, process: psutil.Process, folder: str) -> str | None:
    if "postgres" in line:
        try:
            owner = process.cwd()
        except psutil.Error:
            return None
        return "database" if owner.startswith(folder) else None
    if "colleague" in line and " worker" in line:
        return "worker"
    if "colleague" in line and " serve" in line:
        return "server"
    return None
