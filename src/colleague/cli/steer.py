"""`colleague task pause`, `resume`, `plan` and `replan`."""

from typing import Annotated

import typer

from colleague.agent.plan import Plan
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, with_house
from colleague.tasks.sight import view_task
from colleague.tasks.steer.pause import pause, unpause
from colleague.tasks.steer.replan import replan


def halt(task: str, as_person: As) -> None:
    """Pause a task: nothing new is begun; what was asked stays answerable."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await pause(session, actor, task, ledger=house.ledger, clock=house.clock)
            state = (await view_task(session, actor, task)).run.state
        line("Paused." if state == "paused" else "It is paused before its next step.")

    with_house(work)


def go_on(task: str, as_person: As) -> None:
    """Let a paused task go on exactly where it stands."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await unpause(session, actor, task, ledger=house.ledger, clock=house.clock)
        line("It goes on.")

    with_house(work)


def plan(task: str, as_person: As) -> None:
    """Show the plan of a task, whose each step is, and its version."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            view = await view_task(session, actor, task)
        found = Plan.from_json(view.run.plan)
        line(f"Version {found.version}, at step {found.current} of {len(found.steps)}")
        for number, (step, by) in enumerate(zip(found.steps, found.authors, strict=True), 1):
            line(f"  {number}. {step}" + (f"  ({view.people.get(by, 'somebody')})" if by else ""))
        for override in found.overrides:
            line(f"  The agent {override.how}: {override.text}  ({view.people.get(override.by, 'somebody')})")

    with_house(work)


def edit(
    task: str, steps: Annotated[list[str], typer.Argument(help="The steps, in their order.")], as_person: As,
    version: Annotated[int, typer.Option("--version", help="The version you saw with `plan`.")],
) -> None:  # fmt: skip
    """Put other steps in the place of the plan; refused if it was changed since that version."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            after = await replan(
                session, actor, task, steps, version=version, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        line(f"The plan is at version {after.version}; it goes on with step {after.current}.")

    with_house(work)
