"""`colleague task pause`, `resume`, `plan`, `replan`, `steps` and `again`."""

from typing import Annotated

import typer

from colleague.agent.plan import Plan
from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, with_house
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.sight import view_task
from colleague.tasks.steer.again import again, line_of, point
from colleague.tasks.steer.pause import pause, unpause
from colleague.tasks.steer.replan import replan
from colleague.tasks.timeline import author


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
        await admit_words(actor, "\n".join(steps), parts=house.parts)
        async with house.database.transaction() as session:
            after = await replan(
                session, actor, task, steps, version=version, ledger=house.ledger, clock=house.clock
            )  # fmt: skip
        line(f"The plan is at version {after.version}; it goes on with step {after.current}.")

    with_house(work)


def steps(
    task: str, as_person: As, run: Annotated[str, typer.Option("--run", help="An earlier run of it.")] = ""
) -> None:  # fmt: skip
    """Show the history of a task with the numbers of its steps: what was said, each turn, what came of it."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            view = await view_task(session, actor, task, run)
        for step in view.steps:
            if step.kind != "note" and step.body.get("who") != "system":
                tools = ", ".join(c["tool"] for c in step.body.get("calls", ()))
                who = view.people.get(author(step), step.kind)
                line(f"  {step.seq:>4}  {who}: {' '.join(step.body.get('text', '').split())[:200]} {tools}".rstrip())
        for number, one in enumerate(view.runs, 1):
            line(f"  Try {number}: {one.id} {one.state}" + (f", from step {one.from_seq}" if one.from_run else ""))

    with_house(work)


def once_more(
    task: str, as_person: As, step: Annotated[int, typer.Option("--step", help="A turn, as `task steps` shows it.")],
    words: Annotated[str, typer.Option("--words", help="What should be different.")] = "",
) -> None:  # fmt: skip
    """Try again from a step. What was done later is not undone; it is listed."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        await admit_words(actor, words, parts=house.parts)
        async with house.database.transaction() as session:
            at = await point(session, actor, task, step)
            await again(session, actor, task, step, words, ledger=house.ledger, clock=house.clock)
        for effect in at.effects:
            line(f"  Stays done: {line_of(effect)}")
        line("A new try begins.")

    with_house(work)
