"""`colleague programme first-month`: how it stands, in numbers; playbooks and training as files."""

from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.rollout.onboarding.numbers import standing
from colleague.rollout.onboarding.store import module_text, playbook_text
from colleague.rollout.onboarding.write import write_module, write_playbook

app = typer.Typer(help="The first month: numbers, playbooks, training.", no_args_is_help=True)
File = Annotated[Path | None, typer.Argument(help="A TOML file with the next version.")]
Why = Annotated[str, typer.Option(help="What changed and why.")]
After = Annotated[int, typer.Option(help="The version it was made from.")]


def _said(number: int | None) -> str:
    return "not told" if number is None else str(number)


@app.command()
def show(as_person: As) -> None:
    """Show how the first month stands by cohort and department, and which weeks stalled."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            stands = await standing(session, actor, clock=house.clock)
        rows(
            ("kind", "group", "people", "trained", "exercise", "saving in week one"),
            [(one.kind, one.name, *map(_said, (one.people, one.completed, one.exercise, one.saved)))
             for one in stands.lines],
        )  # fmt: skip
        for week, ratio in stands.stalls.items():
            line(f"Stalled: who began in {week}, week three at {ratio:.0%} of week one.")

    with_house(work)


@app.command()
def playbook(
    as_person: As, file: File = None,
    department: Annotated[str, typer.Option(help="Whose; nothing: everybody's.")] = "", why: Why = "", after: After = 0,
) -> None:  # fmt: skip
    """Print the playbook that holds for a department, or write the next version from a file."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            if file is None:
                actor.require("org:programme:read")
                found = await playbook_text(session, department)
                line(f"# version {found.version}\n{found.text}")
                return
            made = await write_playbook(
                session, actor, department, file.read_text("utf-8", "replace"), why, after=after, ledger=house.ledger,
                clock=house.clock,
            )  # fmt: skip
        line(f"Version {made.version}.")

    with_house(work)


@app.command()
def training(
    key: Annotated[str, typer.Argument(help="delegating, reviewing, approvals, data or exercise.")], as_person: As,
    file: File = None, why: Why = "", after: After = 0,
    again: Annotated[bool, typer.Option(help="Ask those again who passed an earlier version.")] = False,
) -> None:  # fmt: skip
    """Print a training module with its answers, or write the next version from a file."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            if file is None:
                actor.require("org:programme:manage")
                found = await module_text(session, key)
                line(f"# version {found.version}\n{found.text}")
                return
            made = await write_module(
                session, actor, key, file.read_text("utf-8", "replace"), why, after=after, again=again,
                ledger=house.ledger, clock=house.clock,
            )  # fmt: skip
        line(f"Version {made.version}.")

    with_house(work)
