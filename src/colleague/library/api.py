"""Document sets for programs: list, make, search with citations, bring up to date, forget."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from pydantic import BaseModel, Field

from colleague.identity.current import Current
from colleague.kit.doors import Config, Db, part
from colleague.library.documents import list_documents
from colleague.library.make import create_upload_set
from colleague.library.parts import Library
from colleague.library.search import QUERY_LIMIT, search
from colleague.library.sets import Shown, create_set, delete_set, get_set, list_sets, refresh_set, rename_set
from colleague.projects.receive import receive

router = APIRouter(prefix="/api/v1/document-sets", tags=["document sets"])
TheLibrary = Annotated[Library, Depends(part(Library))]
Question = Annotated[str, Query(max_length=QUERY_LIMIT)]


class Place(BaseModel):
    """A place that is open to oneself: `folder` and `Policies`, for example."""

    connector: str = Field(max_length=100)
    place: str = Field(max_length=1000)


class NewSet(BaseModel):
    """A set of folders: for a project, or (without one, org:connectors:manage) for all whose teams reach them."""

    name: str = Field(max_length=500)
    places: list[Place] = Field(min_length=1, max_length=50)
    project: str = ""


class Name(BaseModel):
    """A name."""

    name: str = Field(max_length=500)


def _json(shown: Shown) -> dict[str, Any]:
    value = asdict(shown)
    return value | {"places": [{"connector": c, "place": p} for c, p in shown.places]}


async def _hits(library: Library, person: str, q: str, sets: tuple[str, ...]) -> dict[str, Any]:
    found = await search(library, person, q, sets=sets)
    hits = [
        {"document": h.document, "name": h.name, "path": h.path, "place": h.place, "cite": h.cite,
         "heading": h.heading, "text": h.text, "changed": h.changed}
        for h in found.hits
    ]  # fmt: skip
    return {"passages": hits, "label": found.label.to_json()}


@router.get("")
async def index(db: Db, actor: Current, library: TheLibrary, project: str = "") -> list[dict[str, Any]]:
    """List the sets that one may ask; only one's own places and documents are counted."""
    actor.require("own:tasks:use")
    async with db.transaction() as session:
        return [_json(shown) for shown in await list_sets(session, actor, library, project=project)]


@router.get("/search")
async def find_anywhere(actor: Current, library: TheLibrary, q: Question) -> dict[str, Any]:
    """Search every set that one may ask. No passages: it is not in the documents one may read."""
    actor.require("own:tasks:use")
    return await _hits(library, actor.id, q, ())


@router.post("", status_code=201)
async def create(db: Db, actor: Current, library: TheLibrary, given: NewSet) -> dict[str, Any]:
    """Make a set of folders. Being in a set opens nothing to anybody."""
    places = [(p.connector, p.place) for p in given.places]
    async with db.transaction() as session:
        made = await create_set(session, actor, given.name, places, project=given.project, library=library)
        return _json(await get_set(session, actor, made, library))


@router.post("/files", status_code=201)
async def upload(
    db: Db, actor: Current, library: TheLibrary, settings: Config, name: Annotated[str, Form(max_length=500)],
    files: Annotated[list[UploadFile], File()], project: Annotated[str, Form()] = "",
) -> dict[str, Any]:  # fmt: skip
    """Make a set of files: in a project of one's own, or in a new one of this name, whose people may ask it."""
    uploads = await receive(actor, project, files, database=db, ledger=library.ledger, limit=settings.upload_limit)
    async with db.transaction() as session:
        made = await create_upload_set(session, actor, name, uploads, project=project, library=library)
        return _json(await get_set(session, actor, made, library))


@router.get("/{set_id}")
async def show(db: Db, actor: Current, library: TheLibrary, set_id: str, after: str = "") -> dict[str, Any]:
    """Return one set and up to 200 of its documents that one may open; `after` is the last path one has."""
    async with db.transaction() as session:
        shown, lines = await list_documents(session, actor, set_id, library, after=after)
    return _json(shown) | {"list": [asdict(line) for line in lines]}


@router.get("/{set_id}/search")
async def find(db: Db, actor: Current, library: TheLibrary, set_id: str, q: Question) -> dict[str, Any]:
    """Search one set. No passages: it is not in the documents one may read."""
    async with db.transaction() as session:
        await get_set(session, actor, set_id, library)
    return await _hits(library, actor.id, q, (set_id,))


@router.put("/{set_id}")
async def rename(db: Db, actor: Current, library: TheLibrary, set_id: str, given: Name) -> dict[str, Any]:
    """Give it another name."""
    async with db.transaction() as session:
        await rename_set(session, actor, set_id, given.name, library=library)
        return _json(await get_set(session, actor, set_id, library))


@router.post("/{set_id}/refresh", status_code=202)
async def refresh(db: Db, actor: Current, library: TheLibrary, set_id: str) -> dict[str, str]:
    """Have it brought up to date now."""
    async with db.transaction() as session:
        await refresh_set(session, actor, set_id, library=library)
    return {"set": set_id}


@router.delete("/{set_id}", status_code=204)
async def remove(db: Db, actor: Current, library: TheLibrary, set_id: str) -> None:
    """Forget a set and its index; the documents stay where they are."""
    async with db.transaction() as session:
        await delete_set(session, actor, set_id, library=library)
