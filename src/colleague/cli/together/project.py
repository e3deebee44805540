"""`colleague project`: people, files, links, notes, instructions and proposals of a project, as a named person."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, confirm, line, person_at, rows, with_house
from colleague.files.uploads import admit
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.errors import Invalid
from colleague.projects.manage import (
    add_link,
    add_project_files,
    create_project,
    delete_note,
    delete_project,
    edit_project,
    remove_link,
    remove_member,
    remove_project_file,
    set_member,
    switch_memory,
)
from colleague.projects.propose import decide, list_proposals
from colleague.projects.sight import Proposal, view_history, view_project, view_proposal
from colleague.projects.store import list_projects, see_project
from colleague.projects.write import suggest, write_note

app = typer.Typer(help="Work in projects: people, files, notes, instructions, proposals.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="PROJECT", help="The project, by id.")]
_MARKS = {"same": " ", "removed": "-", "added": "+"}


class NoSuchFile(Invalid):
    """There is no file {name}."""


def _do(as_person: str, work: Callable[[House, Session, Actor], Awaitable[None]]) -> None:
    """Do one piece of work in one transaction, as that person."""

    async def run(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await work(house, session, actor)

    with_house(run)


def _difference(found: Proposal) -> None:
    row = found.row
    line(f"{row.id}  {row.kind}, {row.state}{': ' + row.why if row.why else ''}", "bold")
    if found.untrusted:
        line(f"  after reading what nobody stands behind: {', '.join(sorted(found.label.sources))}")
    for kind, text in found.changes:
        line(f"  {_MARKS[kind]} {text}")


@app.command("list")
def index(as_person: As) -> None:
    """List the projects that one is in."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        actor.require("own:tasks:use")
        found = await list_projects(session, actor.id)
        if not found:
            line("No projects yet: colleague project new «name»")
            return
        rows(
            ("id", "role", "people", "project"), [(f.project.id, f.role, str(f.people), f.project.name) for f in found]
        )

    _do(as_person, work)


@app.command("new")
def new(
    name: str, as_person: As, purpose: Annotated[str, typer.Option(help="What it is for.")] = ""
) -> None:  # fmt: skip
    """Make a project; one owns it, and its memory is off."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        line(f"Project {await create_project(session, actor, name, purpose, ledger=house.ledger, clock=house.clock)}")

    _do(as_person, work)


@app.command("show")
def show(project: Id, as_person: As) -> None:
    """Show a project: instructions, people, files, links, notes, what waits."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        sight = await view_project(session, actor, project, clock=house.clock)
        line(sight.project.name, "bold")
        for text in (sight.project.purpose, sight.project.instructions):
            if text:
                line(text)
        line(f"Memory {'on' if sight.project.remembers else 'off'}")
        things = [(m.person_id, m.role, sight.people.get(m.person_id, "")) for m in sight.members]
        things += [(f.id, "file", f.name) for f in sight.files]
        things += [(link.id, "link", f"{link.title} {link.url}") for link in sight.links]
        things += [(n.id, "note", n.text) for n in sight.notes]
        things += [(p.id, "waits", p.after[:80]) for p in sight.waiting]
        rows(("id", "what", "words"), things)

    _do(as_person, work)


@app.command("edit")
def edit(project: Id, name: str, as_person: As, purpose: Annotated[str, typer.Option(help="Purpose.")] = "") -> None:
    """Give a project another name and purpose."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await edit_project(session, actor, project, name, purpose, ledger=house.ledger)

    _do(as_person, work)


@app.command("let-in")
def let_in(
    project: Id, email: str, as_person: As,
    role: Annotated[str, typer.Option(help="owner, member or viewer.")] = "member",
) -> None:  # fmt: skip
    """Let somebody in, or give them another role."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await set_member(session, actor, project, email, role, ledger=house.ledger, clock=house.clock)

    _do(as_person, work)


@app.command("take-out")
def take_out(project: Id, email: str, as_person: As) -> None:
    """Take somebody out, or leave."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        person = await person_at(session, email)
        await remove_member(session, actor, project, person.id, ledger=house.ledger)

    _do(as_person, work)


@app.command("add-file")
def add_file(project: Id, file: Annotated[list[Path], typer.Argument(help="Files.")], as_person: As) -> None:
    """Share files with every task of the project."""
    for path in file:
        if not path.is_file():
            raise NoSuchFile(name=str(path))

    async def run(house: House) -> None:
        actor, limit = await act_as(house, as_person), house.settings.upload_limit
        async with house.database.transaction() as session:
            await see_project(session, actor, project, need="member")
        given = [(p.name, p.read_bytes()) for p in file]
        uploads = await admit(actor, given, database=house.database, ledger=house.ledger, limit=limit)
        async with house.database.transaction() as session:
            for made in await add_project_files(
                session, actor, project, uploads, ledger=house.ledger, clock=house.clock
            ):
                line(made)

    with_house(run)


@app.command("remove-file")
def remove_file(project: Id, file: str, as_person: As) -> None:
    """Take a file out, from every task and index at once."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await remove_project_file(session, actor, project, file, ledger=house.ledger)

    _do(as_person, work)


@app.command("add-link")
def link(project: Id, title: str, url: str, as_person: As) -> None:
    """Keep a link."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await add_link(session, actor, project, title, url, ledger=house.ledger)

    _do(as_person, work)


@app.command("remove-link")
def unlink(project: Id, link: str, as_person: As) -> None:
    """Take a link away."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await remove_link(session, actor, project, link, ledger=house.ledger)

    _do(as_person, work)


@app.command("memory")
def memory(
    project: Id, as_person: As, on: Annotated[bool, typer.Option("--on/--off", help="On or off.")] = False
) -> None:  # fmt: skip
    """Switch the project's memory on or off."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await switch_memory(session, actor, project, on=on, ledger=house.ledger)
        line(f"Memory is {'on' if on else 'off'}.")

    _do(as_person, work)


@app.command("note")
def note(
    project: Id, text: str, as_person: As, note: Annotated[str, typer.Option(help="The note to rewrite.")] = ""
) -> None:  # fmt: skip
    """Write a note, or another text of one."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        line(await write_note(session, actor, project, text, note=note, ledger=house.ledger, clock=house.clock))

    _do(as_person, work)


@app.command("forget")
def forget(project: Id, note: str, as_person: As) -> None:
    """Forget a note, and every proposal that holds its text."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await delete_note(session, actor, project, note, ledger=house.ledger)

    _do(as_person, work)


@app.command("instruct")
def instruct(
    project: Id, file: Annotated[Path, typer.Argument(help="The whole new text; - reads it from here.")], as_person: As,
    why: Annotated[str, typer.Option(help="For the history.")] = "",
) -> None:  # fmt: skip
    """Propose another text of the instructions and show the difference; `decide` accepts it."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")

    async def work(house: House, session: Session, actor: Actor) -> None:
        row = await suggest(session, actor, project, text, why, ledger=house.ledger, clock=house.clock)
        _difference(await view_proposal(session, actor, row.id, clock=house.clock))

    _do(as_person, work)


@app.command("history")
def history(project: Id, as_person: As) -> None:
    """Show how the instructions came to be, newest first."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        for found in await view_history(session, actor, project, clock=house.clock):
            _difference(found)

    _do(as_person, work)


@app.command("proposals")
def proposals(project: Id, as_person: As) -> None:
    """Show what waits for a decision, each as a difference."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        for row in await list_proposals(session, actor, project, clock=house.clock):
            _difference(await view_proposal(session, actor, row.id, clock=house.clock))

    _do(as_person, work)


@app.command("decide")
def settle(
    proposal: str, as_person: As,
    accept: Annotated[bool, typer.Option("--accept/--reject", help="Accept or reject it.")] = False,
) -> None:  # fmt: skip
    """Accept or reject a proposal."""

    async def work(house: House, session: Session, actor: Actor) -> None:
        await decide(session, actor, proposal, accept=accept, ledger=house.ledger, clock=house.clock)
        line("Accepted." if accept else "Rejected.")

    _do(as_person, work)


@app.command("end")
def end(project: Id, as_person: As, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """End a project: files, links, notes, proposals and document sets are forgotten."""

    async def run(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            found, _ = await see_project(session, actor, project, need="owner")
        if yes or await confirm(f"Forget all of «{found.name}»? This cannot be undone."):
            async with house.database.transaction() as session:
                await delete_project(session, actor, project, ledger=house.ledger)
            line("Forgotten.")

    with_house(run)
