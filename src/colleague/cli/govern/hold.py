"""`colleague hold`: place, list, show and release legal holds, as a named person."""

from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, do_as, line, rows
from colleague.compliance.holds import Covers, HoldSight, list_holds, place_hold, release_hold, see_hold
from colleague.identity.actor import Actor
from colleague.kit.db import Session

app = typer.Typer(help="Legal holds: what is deleted by nobody.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="HOLD", help="The hold, by id.")]


@app.command("list")
def index(as_person: As) -> None:
    """List the holds, those that stand first."""

    async def work(house: House, session: Session, actor: Actor) -> list[HoldSight]:
        return await list_holds(session, actor)

    rows(
        ("id", "name", "since", "state", "covers"),
        [(h.id, h.name, h.placed_at.isoformat(timespec="minutes"), "released" if h.released_at else "stands",
          str(len(h.covers))) for h in do_as(as_person, work)],
    )  # fmt: skip


@app.command()
def show(hold: Id, as_person: As) -> None:
    """Show one hold with all it covers."""

    async def work(house: House, session: Session, actor: Actor) -> HoldSight:
        return await see_hold(session, actor, hold)

    found = do_as(as_person, work)
    line(found.name, "bold")
    line(found.reason)
    line(f"Placed by {found.names.get(found.placed_by, found.placed_by)}, {found.placed_at:%Y-%m-%d %H:%M}")
    rows(("kind", "what", "id", "through"), [(kind, words, target, d) for kind, target, words, d in found.covers])
    if found.released_at:
        by = found.names.get(found.released_by, found.released_by)
        line(f"Released by {by}, {found.released_at:%Y-%m-%d %H:%M}: {found.released_why}")


@app.command()
def place(
    name: Annotated[str, typer.Argument(help="What it is called.")], as_person: As,
    reason: Annotated[str, typer.Option(help="Why it is placed.")],
    person: Annotated[list[str] | None, typer.Option(help="A person, by mail address.")] = None,
    project: Annotated[list[str] | None, typer.Option(help="A project, by id.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="A task, by id.")] = None,
    department: Annotated[list[str] | None, typer.Option(help="Everything of a department.")] = None,
) -> None:  # fmt: skip
    """Place a hold: what it covers is deleted by nobody. Each option may come several times."""

    async def work(house: House, session: Session, actor: Actor) -> str:
        covers = Covers(person or (), project or (), task or (), department or ())
        return await place_hold(session, actor, name, reason, covers, ledger=house.ledger, clock=house.clock)

    line(do_as(as_person, work))


@app.command()
def release(hold: Id, as_person: As, why: Annotated[str, typer.Option(help="Why it is released.")]) -> None:
    """Release a hold that somebody else placed."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await release_hold(session, actor, hold, why, ledger=house.ledger, clock=house.clock)

    do_as(as_person, work)
    line("Released.")
