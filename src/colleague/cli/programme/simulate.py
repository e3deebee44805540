"""`colleague programme simulate`: play a rollout on a database of its own, before it starts."""

import asyncio
import json
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from colleague.bootstrap import build
from colleague.cli.operate import BadDay, line
from colleague.cli.programme.readout import say_readout
from colleague.kit import log
from colleague.kit.clock import SystemClock
from colleague.kit.settings import Settings
from colleague.rollout.readout.compose import ActivityAlone
from colleague.rollout.simulate.ending import ending
from colleague.rollout.simulate.house import checked_folder
from colleague.rollout.simulate.model import SCENARIOS, BadScenario, Scenario
from colleague.rollout.simulate.moved import MovedClock
from colleague.rollout.simulate.parts import Parts
from colleague.rollout.simulate.play import play
from colleague.rollout.simulate.report import HEADINGS, Line

WIDTHS = (4, 8, 13, 5, 14, 13, 8, 7, 9, 7, 20, 9, 8)


def _help(text: str) -> Any:
    return typer.Option(help=text, show_default=False)


def simulate(
    scenario: Annotated[str, typer.Argument(help=f"One of {', '.join(SCENARIOS)}.")] = "steady",
    people: Annotated[int | None, _help("Seats at the end, 20 to 5,000 (5,000).")] = None,
    weeks: Annotated[int | None, _help("How many weeks (52).")] = None,
    pilot: Annotated[int | None, _help("Seats of the pilot, four of staff among them (24).")] = None,
    phases: Annotated[str | None, _help("Weeks after which each gate is tried, as 6,8,12.")] = None,
    active: Annotated[float | None, _help("Chance that somebody is active in a week (0.9).")] = None,
    sessions: Annotated[float | None, _help("Mean sessions a week of an active person (4.5).")] = None,
    completion: Annotated[float | None, _help("Share of runs that deliver (0.88).")] = None,
    kinds: Annotated[int | None, _help("Kinds of work a person takes up, 1 to 5 (4).")] = None,
    saving: Annotated[float | None, _help("How much less time an output takes (0.5).")] = None,
    tickets: Annotated[float | None, _help("Tickets for each hundred active people and week (12).")] = None,
    stall: Annotated[float | None, _help("Share who stay away from their third week (0.03).")] = None,
    never: Annotated[float | None, _help("Share who never come (0.02).")] = None,
    seed: Annotated[int, typer.Option(help="The same seed and begin give the same rollout.")] = 1,
    begin: Annotated[str, _help("A Monday, as 2026-01-05; so that it ends this week unless said.")] = "",
    keep: Annotated[Path | None, _help("A new folder to leave the house in; COLLEAGUE_DATA_DIR opens it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a line for each week.")] = False,
) -> None:
    """Play a rollout with chosen behaviour through the real deeds, week by week, on a database of its own."""
    given = {
        "people": people, "weeks": weeks, "pilot": pilot, "phases": _phases(phases), "active": active,
        "sessions": sessions, "completion": completion, "kinds": kinds, "saving": saving, "tickets": tickets,
        "stall": stall, "never": never,
    }  # fmt: skip
    chosen = _scenario(scenario, {k: v for k, v in given.items() if v is not None}, seed, begin)
    log.setup(level="ERROR")
    if keep is not None:
        asyncio.run(_play(checked_folder(keep), chosen, as_json=as_json))
        line(f"\nLook at it:  COLLEAGUE_DATA_DIR={keep} colleague serve --demo")
        return
    with tempfile.TemporaryDirectory(prefix="colleague-simulated-", ignore_cleanup_errors=True) as folder:
        asyncio.run(_play(Path(folder), chosen, as_json=as_json))


def play_history(folder: Path) -> bool:
    """Play a small pilot into `folder`, as the demo's history; False if it holds something, and so stays as it is."""
    if folder.exists() and any(folder.iterdir()):
        return False
    asyncio.run(_play(checked_folder(folder), _scenario("steady", {"people": 40, "weeks": 10}, 1, ""), show=False))
    return True


def _phases(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    found = tuple(int(one) for one in text.split(",") if one.strip().isdecimal())
    if len(found) != 3:
        raise BadScenario(why="phases are three numbers of weeks, as 6,8,12")
    return found


def _scenario(name: str, given: dict[str, Any], seed: int, begin: str) -> Scenario:
    if name not in SCENARIOS:
        raise BadScenario(why=f"there is {', '.join(SCENARIOS)}, and no «{name[:40]}»")
    made = replace(Scenario(name, seed=seed), **{**SCENARIOS[name][1], **given})
    today = SystemClock().now().date()
    try:
        first = date.fromisoformat(begin) if begin else today - timedelta(days=today.weekday(), weeks=made.weeks)
    except ValueError:
        raise BadDay(option="--begin") from None
    return replace(made, begin=first).checked()


async def _play(folder: Path, chosen: Scenario, *, as_json: bool = False, show: bool = True) -> None:
    # Never the configured database, whatever the environment says: an embedded one in this folder.
    settings = Settings(data_dir=folder, database_url=None, key_file=None, ledger_key_file=None, checkpoint_sink=None)
    clock = MovedClock(datetime.combine(chosen.begin, datetime.min.time(), tzinfo=UTC))
    house = build(settings, clock=clock, connectors=())
    try:
        parts = Parts(
            house.database, house.ledger, clock, house.signer, house.engine, house.registry, house.reach, house.groups
        )  # fmt: skip
        if show and not as_json:
            line(f"«{chosen.name}»: {SCENARIOS[chosen.name][0]} Seed {chosen.seed}, from {chosen.begin}.\n")
            _row(HEADINGS)
        async for one in play(parts, chosen):
            if show:
                _show(one, as_json=as_json)
        if show:
            await _end(parts, as_json=as_json)
    finally:
        await house.close()


async def _end(parts: Parts, *, as_json: bool) -> None:
    try:
        found = await ending(parts)
    except ActivityAlone as refused:
        line(f"\n{refused.message}")
        return
    if as_json:
        line(json.dumps({"readout": found.to_json()}, ensure_ascii=False))
        return
    line("")
    say_readout(found)


def _show(one: Line, *, as_json: bool) -> None:
    if as_json:
        line(json.dumps(one.to_json(), ensure_ascii=False))
        return
    _row(one.cells())
    if one.gate:
        line(f"      {one.gate}", "bold")
    for _, said in one.opened:
        line(f"      {said}", "yellow")


def _row(cells: tuple[str, ...]) -> None:
    line("  ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip())
