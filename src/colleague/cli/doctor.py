"""`colleague doctor`: is everything in order here, and how much memory does it take?"""

import shutil
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy import text

from colleague import __version__
from colleague.audit.siem.forward import waiting as unsent
from colleague.audit.verify import verify_database
from colleague.bootstrap import House
from colleague.cli.operate import with_house
from colleague.kit.errors import Failure
from colleague.kit.sandbox.probe import probe
from colleague.kit.settings import Settings

console = Console()
FORWARD_LAG = 1000


def doctor(
    ledger: Annotated[bool, typer.Option(help="Also verify the whole ledger.")] = True,
) -> None:
    """Check database, queue, ledger, sandbox and assets; print the memory of every process of this installation."""
    failed = with_house(lambda house: _check(house, ledger=ledger))
    raise typer.Exit(1 if failed else 0)


def _line(ok: bool | None, name: str, text: str) -> bool:
    mark = {True: "[green]ok  [/green]", False: "[red]FAIL[/red]", None: "[yellow]note[/yellow]"}[ok]
    console.print(f"{mark} {name:<10} {escape(text)}", highlight=False, soft_wrap=True)
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
    if house.settings.siem:
        sent, left = await unsent(house.database, house.settings.siem)
        _line(None if left > FORWARD_LAG else True, "siem", f"{sent:,} entries sent, {left:,} wait")
    _memory(house)
    return failed


def _disk(house: House) -> str:
    usage = shutil.disk_usage(house.settings.data_dir)
    return f"{usage.free / 1e9:.0f} GB free in {house.settings.data_dir}"


def _memory(house: House) -> None:
    """Print the proportional memory (PSS: shared pages counted once) of server, workers and the embedded database."""
    groups: dict[str, float] = {}
    me = psutil.Process().pid
    for process in psutil.process_iter():
        try:
            kind = _kind(process, house.settings) if process.pid != me else None
            if kind:
                groups[kind] = groups.get(kind, 0) + process.memory_full_info().pss / 1e6
        except (psutil.Error, AttributeError):
            continue
    for kind, megabytes in sorted(groups.items()):
        _line(None, "memory", f"{kind:<10} {megabytes:6.0f} MB")
    if not {"server", "worker"} & set(groups):
        _line(None, "memory", "no server or worker of this data folder runs now")
    else:
        total = sum(groups.values())
        _line(total < 350 or None, "memory", f"{'total':<10} {total:6.0f} MB (target: below 350 MB idle)")


def _kind(process: psutil.Process, settings: Settings) -> str | None:
    """Return what a process is to this installation; None if it belongs to another one, or to none."""
    words = process.cmdline()
    if not words:
        return None
    line = " ".join(words)
    if "postgres" in line:
        return "database" if Path(process.cwd()).is_relative_to(settings.data_dir.resolve()) else None
    if "python" not in words[0] or "colleague" not in line or not {"serve", "worker"} & set(words):
        return None
    given = process.environ()
    if not given.get("COLLEAGUE_CONFIG"):
        folder = Path(given.get("COLLEAGUE_DATA_DIR") or Path(given.get("HOME", "/")) / ".colleague")
        if (Path(process.cwd()) / folder).resolve() != settings.data_dir.resolve():
            return None
    return "worker" if "worker" in words else "server"
