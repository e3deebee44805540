"""`colleague task`: hand over, watch, answer and stop tasks as a named person."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from colleague.bootstrap import House
from colleague.cli.operate import act_as, with_house
from colleague.files.outputs import get_output, list_outputs, output_content
from colleague.kit.errors import Invalid
from colleague.tasks.delegate import answer_question, stop, tell
from colleague.tasks.model import ENDED, PARKED, State
from colleague.tasks.sight import see_output, view_task
from colleague.tasks.start import start
from colleague.tasks.store import list_tasks

app = typer.Typer(help="Hand over, watch, answer and stop tasks.", no_args_is_help=True)
As = Annotated[str, typer.Option("--as", help="Mail address of the person who acts.", envvar="COLLEAGUE_AS")]
console = Console()


class NoSuchFile(Invalid):
    """There is no file {name}."""


@app.command("new")
def new(
    goal: Annotated[str, typer.Argument(help="What should be done, in one sentence.")],
    as_person: As,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="A file it is about.")] = None,
    wait: Annotated[bool, typer.Option(help="Watch until it ends or asks.")] = True,
) -> None:
    """Hand a task to the agent. A worker must be running."""
    for path in file or []:
        if not path.is_file():
            raise NoSuchFile(name=str(path))

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        contents = [(p.name, p.read_bytes()) for p in file or []]
        task = await start(actor, goal, contents, parts=house.parts, settings=house.settings)
        console.print(f"Task {task}")
        if wait:
            await watch(house, task)

    with_house(work)


async def watch(house: House, task_id: str, *, limit: float = 1800) -> State:
    """Print each step of a task as it happens, until it ends or waits for a person; returns its state."""
    from colleague.identity.actor import SYSTEM

    shown: set[tuple[str, str]] = set()
    for _ in range(int(limit / 0.3)):
        async with house.database.transaction() as session:
            view = await view_task(session, SYSTEM, task_id)
        for call in view.calls:
            if (call.id, call.state) not in shown:
                shown.add((call.id, call.state))
                console.print(f"  {call.decided_at:%H:%M:%S}  {call.tool:<18} {call.state}", highlight=False)
        state = State(view.run.state)
        if state in ENDED or state in PARKED:
            console.print(f"[bold]{state}[/bold] {view.run.why}")
            if view.run.waiting_for:
                console.print(f"  waits for {view.run.waiting_for}")
            if view.run.answer:
                console.print(view.run.answer, markup=False)
            return state
        await asyncio.sleep(0.3)
    return State.RUNNING


@app.command("list")
def index(as_person: As) -> None:
    """List one's tasks, newest first."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            tasks = await list_tasks(session, person=actor.id)
        table = Table("id", "state", "task", box=None)
        for task in tasks:
            table.add_row(task.id, task.state, task.title)
        console.print(table if tasks else "No tasks yet: colleague task new «what should be done»")

    with_house(work)


@app.command("show")
def show(task: str, as_person: As) -> None:
    """Show a task: state, steps, outputs."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            view = await view_task(session, actor, task)
        console.print(f"[bold]{view.task.title}[/bold]\n{view.run.state} {view.run.why}")
        for number, step in enumerate(view.run.plan["steps"], 1):
            mark = "✓" if number < view.run.plan["current"] else "→" if number == view.run.plan["current"] else " "
            console.print(f"  {mark} {number}. {step}", markup=False)
        for call in view.calls:
            why = " ".join(r["why"] for r in call.decision.get("rulings", []))
            console.print(f"  {call.decided_at:%H:%M:%S}  {call.tool:<18} {call.state:<9} {why}", markup=False)
        for output, version in view.outputs:
            console.print(f"  {output.id}  {output.name} (version {version.version}, {version.review})", markup=False)
        console.print(view.run.answer, markup=False)

    with_house(work)


@app.command("say")
def say(task: str, text: str, as_person: As) -> None:
    """Add context or change course."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await tell(session, actor, task, text, ledger=house.ledger, clock=house.clock)

    with_house(work)


@app.command("answer")
def answer(task: str, text: str, as_person: As) -> None:
    """Answer the question a task waits for."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            view = await view_task(session, actor, task)
            call = view.run.waiting_for
            await answer_question(session, actor, task, call, text, ledger=house.ledger, clock=house.clock)

    with_house(work)


@app.command("stop")
def halt(task: str, as_person: As) -> None:
    """Stop a task."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await stop(session, actor, task, ledger=house.ledger, clock=house.clock)

    with_house(work)


@app.command("get")
def get(
    task: str, as_person: As, folder: Annotated[Path, typer.Option("--to", help="Folder to save into.")] = Path()
) -> None:
    """Save the outputs of a task into a folder."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await view_task(session, actor, task)
            for output, _ in await list_outputs(session, task):
                await see_output(session, actor, output.id)
                _, version = await get_output(session, output.id)
                path = folder / output.name
                path.write_bytes(await output_content(session, version))
                console.print(str(path), highlight=False)

    with_house(work)
