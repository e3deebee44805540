"""`colleague programme template` and `plan`: take a template away; see the dated plan."""

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.kit.errors import Invalid
from colleague.rollout.templates.fill import Asked, fill, planned
from colleague.rollout.templates.form import Planned
from colleague.rollout.templates.shelf import SHELF

Start = Annotated[str, typer.Option(help="The day it begins, such as 2027-01-11; the next Monday without it.")]
Seats = Annotated[str, typer.Option(help="Seats at the end of each phase, such as 25,150,900.")]
WeeksOf = Annotated[str, typer.Option(help="Weeks of each phase, such as 6,8,12.")]
Extra = Annotated[str, typer.Option(help="Weeks that a flagged use case adds; what the use cases say without it.")]
_PHASES = ("pilot", "expansion", "broad", "enterprise")


class UnreadablePlan(Invalid):
    """Say a day like 2027-01-11, and seats and weeks as numbers with commas between them."""


def _given(start: str, seats: str, weeks: str, extra: str) -> Planned:
    """Return what is planned. Raises UnreadablePlan."""
    said = dict(zip(_PHASES, filter(None, seats.split(",")), strict=False))
    said |= dict(zip((f"{name}_weeks" for name in _PHASES[:3]), filter(None, weeks.split(",")), strict=False))
    if seats.count(",") > 3 or weeks.count(",") > 2:
        raise UnreadablePlan
    try:
        return Planned.model_validate(said | {"start": start, "extra": extra})
    except ValidationError:
        raise UnreadablePlan from None


def template(
    as_person: As,
    name: Annotated[str, typer.Argument(help="Its name; without one, all are listed.")] = "",
    file: Annotated[Path | None, typer.Option("-o", "--output", help="The file; its ending is the format.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="The form, without anything of this organisation.")] = False,
    case: Annotated[str, typer.Option(help="For a use-case sheet: the use case, by id.")] = "",
    start: Start = "", seats: Seats = "", weeks: WeeksOf = "", extra: Extra = "",
) -> None:  # fmt: skip
    """Write a template as a file, filled with what is there: rollout plan, use-case sheet, policies."""
    if not name:
        rows(
            ("name", "formats", "what"),
            [(one.name, ", ".join(one.formats), one.what) for one in SHELF.values()],
        )
        return
    target = file or Path(f"{name}.{SHELF[name].formats[0] if name in SHELF else 'docx'}")
    asked = Asked(name, target.suffix.removeprefix(".").lower(), empty, case, _given(start, seats, weeks, extra))

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        taken = await fill(
            actor, asked, database=house.database, reach=house.reach, origin=house.settings.url, now=house.clock.now()
        )
        target.write_bytes(taken.content)
        line(f"Written: {target}")

    with_house(work)


def plan(as_person: As, start: Start = "", seats: Seats = "", weeks: WeeksOf = "", extra: Extra = "") -> None:
    """Show the dated plan: phases, gates, and what is due when."""
    given = _given(start, seats, weeks, extra)

    async def work(house: House) -> Any:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            return (await planned(session, actor, given, reach=house.reach, now=house.clock.now()))[0]

    found = with_house(work)
    rows(
        ("phase", "seats", "weeks", "from", "to", "planned", "at its end"),
        [(f"{one.shape.number}. {one.shape.name}", f"{one.seats:,}", str(one.weeks + one.extra + one.late or ""),
          str(one.starts), str(one.ends or "open"),
          f"{one.planned[0]} to {one.planned[1] or 'open'}" if one.moved else "", "; ".join(one.shape.gate))
         for one in found.phases],
    )  # fmt: skip
    for text in found.remarks:
        line(text)
    rows(("on", "what", "requirement"), [(str(one.on), one.title, one.requirement) for one in found.milestones])
