"""`colleague library`: make, fill, search and forget document sets, as a named person."""

from pathlib import Path
from typing import Annotated

import typer

from colleague.bootstrap import House
from colleague.cli.operate import As, act_as, line, rows, with_house
from colleague.files.uploads import admit
from colleague.kit.errors import Invalid
from colleague.library.documents import list_documents
from colleague.library.make import create_upload_set
from colleague.library.search import search
from colleague.library.sets import create_set, delete_set, get_set, list_sets, refresh_set, rename_set
from colleague.library.tools import NOTHING

app = typer.Typer(help="Make and search document sets.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="SET", help="The document set, by id.")]


class NoSuchFile(Invalid):
    """There is no file {name}."""


class NoPlace(Invalid):
    """Write a place as connector:path, for example folder:Policies."""


@app.command("list")
def index(as_person: As, project: Annotated[str, typer.Option(help="Of one project only.")] = "") -> None:
    """List the sets that one may ask."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("own:tasks:use")
        async with house.database.transaction() as session:
            found = await list_sets(session, actor, house.parts.library, project=project)
        rows(
            ("id", "documents", "of", "set"),
            [(s.id, str(s.documents), s.project_name or "the organisation", s.name) for s in found],
        )

    with_house(work)


@app.command("new")
def new(
    name: str, as_person: As,
    place: Annotated[list[str] | None, typer.Option(help="A folder open to you, as folder:Policies.")] = None,
    file: Annotated[list[Path] | None, typer.Option("--file", "-f", help="A file.")] = None,
    project: Annotated[str, typer.Option(help="The project whose people may ask it.")] = "",
) -> None:  # fmt: skip
    """Make a set of folders, or of files."""
    for path in file or []:
        if not path.is_file():
            raise NoSuchFile(name=str(path))
    places = [(p.partition(":")[0], p.partition(":")[2]) for p in place or []]
    if not all(where for _, where in places):
        raise NoPlace

    async def work(house: House) -> None:
        actor, library = await act_as(house, as_person), house.parts.library
        if places:
            async with house.database.transaction() as session:
                made = await create_set(session, actor, name, places, project=project, library=library)
        else:
            actor.require("own:tasks:use")
            limit = house.settings.upload_limit
            given = [(p.name, p.read_bytes()) for p in file or []]
            uploads = await admit(actor, given, database=house.database, ledger=house.ledger, limit=limit)
            async with house.database.transaction() as session:
                made = await create_upload_set(session, actor, name, uploads, project=project, library=library)
        line(f"Set {made}: a worker reads it now.")

    with_house(work)


@app.command("show")
def show(set_id: Id, as_person: As) -> None:
    """Show a set: what it covers, how its index stands, the documents one may open."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            shown, found = await list_documents(session, actor, set_id, house.parts.library)
        line(shown.name, "bold")
        line(f"Looked through {shown.indexed_at:%Y-%m-%d %H:%M}" if shown.indexed_at else "Not read yet")
        for connector, where in shown.places:
            line(f"{connector}:{where}")
        rows(("id", "document", "trouble"), [(d.id, d.path or d.name, d.trouble) for d in found])

    with_house(work)


@app.command("search")
def find(
    words: str, as_person: As, set_id: Annotated[str, typer.Option("--set", help="In one set only.")] = ""
) -> None:  # fmt: skip
    """Find passages, each with the place to cite."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        actor.require("own:tasks:use")
        if set_id:
            async with house.database.transaction() as session:
                await get_set(session, actor, set_id, house.parts.library)
        found = await search(house.parts.library, actor.id, words, sets=(set_id,) if set_id else ())
        for hit in found.hits:
            line(f"{hit.cite}{' (changed since it was indexed)' if hit.changed else ''}", "bold")
            line(f"  {hit.text}")
        if not found.hits:
            line(NOTHING)

    with_house(work)


@app.command("rename")
def rename(set_id: Id, name: str, as_person: As) -> None:
    """Give a set another name."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await rename_set(session, actor, set_id, name, library=house.parts.library)

    with_house(work)


@app.command("refresh")
def refresh(set_id: Id, as_person: As) -> None:
    """Have a set brought up to date now."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await refresh_set(session, actor, set_id, library=house.parts.library)

    with_house(work)


@app.command("remove")
def remove(set_id: Id, as_person: As) -> None:
    """Forget a set and its index; the documents stay where they are."""

    async def work(house: House) -> None:
        actor = await act_as(house, as_person)
        async with house.database.transaction() as session:
            await delete_set(session, actor, set_id, library=house.parts.library)

    with_house(work)
