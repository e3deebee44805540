"""`colleague task`: hand over, watch, answer and stop tasks as a named person."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli import steer
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.cli.together import keeping
from colleague.cli.together import share as sharing
from colleague.connectors.choose import DEFAULT
from colleague.files.outputs import get_output, list_outputs, output_content
from colleague.kit.errors import Invalid
from colleague.tasks.calls.read_class import admit_words
from colleague.tasks.changes.changed import list_changes
from colleague.tasks.changes.undo import undo_change
from colleague.tasks.delegate import answer_question, stop
from colleague.tasks.model import ENDED, PARKED, State
from colleague.tasks.sight import View, see_output, see_task, view_task
from colleague.tasks.start import start
from colleague.tasks.store import list_tasks
from colleague.tasks.tables import CallRow
from colleague.tasks.timeline import author
from colleague.tasks.together.mention import say as say_it

app = typer.Typer(help="Hand over, watch, answer and stop tasks.", no_args_is_help=True)
app.command("share")(sharing.add)
app.command("unshare")(sharing.remove)
app.command("pause")(steer.halt)
app.command("resume")(steer.go_on)
app.command("plan")(steer.plan)
app.command("replan")(steer.edit)
app.command("steps")(steer.steps)
app.command("again")(steer.once_more)
app.command("hand-over")(sharing.hand_over)
app.command("offers")(sharing.offers)
app.command("take-over")(sharing.take_over)
app.command("decline")(sharing.refuse)
app.command("take-back")(sharing.back)
app.command("pin")(keeping.marker("pin", "Pin a task to the top of one's own list."))
app.command("unpin")(keeping.marker("unpin", "Take a task from the top of one's list."))
app.command("archive")(keeping.marker("archive", "Put a task into one's own archive; search still finds it."))
app.command("restore")(keeping.marker("restore", "Take a task out of one's archive."))
app.command("search")(keeping.search)
app.command("delete")(keeping.delete)


class NoSuchFile(Invalid):
    """There is no file {name}."""


@app.command("new")
def new(
    goal: Annotated[str, typer.Argument(help="What should be done, in one sentence.")],
    as_person: As,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="A file it is about.")] = None,
    project: Annotated[str, typer.Option(help="The project it belongs to, by id.")] = "",
    library_set: Annotated[str, typer.Option("--set", help="The document set to answer from, by id.")] = "",
    reads: Annotated[
        list[str] | None, typer.Option("--read", help="Limit it to this file or folder of a connector.")
    ] = None,
    writes: Annotated[list[str] | None, typer.Option("--change", help="The same, and it may change it.")] = None,
    wait: Annotated[bool, typer.Option(help="Watch until it ends or asks.")] = True,
) -> None:
    """Hand a task to the agent. A worker must be running."""
    for path in file or []:
        if not path.is_file():
            raise NoSuchFile(name=str(path))

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        contents = [(p.name, p.read_bytes()) for p in file or []]
        task = await start(
            actor, goal, contents, parts=house.parts, settings=house.settings, project=project,
            library_set=library_set, reads=reads or (), writes=writes or (),
        )  # fmt: skip
        line(f"Task {task}")
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
        inner = {call.id for sub in view.subagents for call in sub.calls}
        for call in sorted(view.all_calls, key=lambda c: (c.decided_at, c.id)):
            if (call.id, call.state) not in shown:
                shown.add((call.id, call.state))
                line(f"  {call.decided_at:%H:%M:%S}  {'· ' if call.id in inner else ''}{call.tool:<18} {call.state}")
        state = view.state
        if state in ENDED or state in PARKED:
            line(f"{state} {view.why}", "bold")
            if state == State.NEEDS_APPROVAL:
                line(f"  colleague approval show {view.waiting_for}")
            if state == State.WAITING:
                _question(view)
            if view.run.answer:
                line(view.run.answer)
            return state
        await asyncio.sleep(0.3)
    return State.RUNNING


def _question(view: View) -> None:
    """Print what the agent asks, what one may choose from, and how to answer."""
    call = next((c for c in view.calls if c.id == view.run.waiting_for), None)
    if call is not None:
        line(f"  {call.arguments.get('question', '')}")
        for choice in call.arguments.get("choices") or ():
            line(f"    {choice}")
    line(f"  colleague task answer {view.task.id} «your answer»")


@app.command("list")
def index(as_person: As) -> None:
    """List one's tasks, newest first."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            tasks = await list_tasks(session, person=actor.id)
        if not tasks:
            line("No tasks yet: colleague task new «what should be done»")
            return
        rows(("id", "state", "task"), [(task.id, task.state, task.title) for task in tasks])

    with_house(work)


def _calls(calls: Sequence[CallRow], indent: str = "  ") -> None:
    for call in calls:
        why = " ".join(r["why"] for r in call.decision.get("rulings", []))
        line(f"{indent}{call.decided_at:%H:%M:%S}  {call.tool:<18} {call.state:<9} {why}")


@app.command("show")
def show(task: str, as_person: As) -> None:
    """Show a task: state, steps, outputs."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            view = await view_task(session, actor, task)
        line(view.task.title, "bold")
        line(f"{view.state} {view.why}")
        if view.run.paused_by:
            line(f"  Paused by {view.people.get(view.run.paused_by, 'somebody')}: colleague task resume {task}")
        if view.state == State.NEEDS_APPROVAL:
            line(f"  colleague approval show {view.waiting_for}")
        if view.run.state == State.WAITING:
            _question(view)
        for number, step in enumerate(view.run.plan["steps"], 1):
            mark = "✓" if number < view.run.plan["current"] else "→" if number == view.run.plan["current"] else " "
            line(f"  {mark} {number}. {step}")
        for step in view.said:
            line(f"  {step.at:%H:%M:%S}  {view.people.get(author(step), 'somebody')}: {step.body['text']}")
        _calls(view.calls)
        for sub in view.subagents:
            line(f"  Sub-agent ({sub.run.state}): {sub.goal[:200]} {sub.run.why}".rstrip())
            _calls(sub.calls, "    ")
        for step in view.steps:
            if step.kind == "summary":
                line(f"  {step.at:%H:%M:%S}  steps {step.body['first']} to {step.body['last']} were summarised")
        for output, version in view.outputs:
            line(f"  {output.id}  {output.name} (version {version.version}, {version.review})")
        line(view.run.answer)

    with_house(work)


@app.command("say")
def say(task: str, text: str, as_person: As) -> None:
    """Add context or change course; colleagues named with @ are told."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            mentions = await say_it(session, actor, task, text, parts=house.parts)
        for mention in mentions:
            line(mention.words)

    with_house(work)


@app.command("answer")
def answer(task: str, text: str, as_person: As) -> None:
    """Answer the question a task waits for."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        await admit_words(actor, text, parts=house.parts)
        async with house.database.transaction() as session:
            view = await view_task(session, actor, task)
            call = view.run.waiting_for
            await answer_question(session, actor, task, call, text, ledger=house.ledger, clock=house.clock)

    with_house(work)


@app.command("changes")
def changes(task: str, as_person: As) -> None:
    """List the files that a task changed, and whether that can be undone."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await see_task(session, actor, task)
            found = await list_changes(session, task, house.registry, clock=house.clock)
        shown = [
            (f"{c.connector}:{c.place}", c.what,
             f"undo until {c.until:%Y-%m-%d}" if c.may_undo else "put back" if c.undone_at else "no longer kept")
            for c in found
        ]  # fmt: skip
        rows(("file", "", ""), shown)

    with_house(work)


@app.command("undo")
def undo(
    task: str, file: Annotated[str, typer.Argument(help="A file that `task changes` lists.")], as_person: As
) -> None:
    """Put a file back as it was before the task first changed it."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        kind, _, place = file.partition(":") if ":" in file else (DEFAULT, "", file)
        line((await undo_change(actor, task, kind, place, parts=house.parts)).text)

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
                folder.mkdir(parents=True, exist_ok=True)
                path = folder / Path(output.name).name
                path.write_bytes(await output_content(session, version))
                line(str(path))

    with_house(work)
