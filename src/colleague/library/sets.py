"""Named sets: who sees them, and the deeds that make, fill and end them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from colleague.audit.event import Event
from colleague.connectors.grants import inside
from colleague.connectors.registry import normal_place
from colleague.identity.actor import Actor
from colleague.kit.canonical import storable
from colleague.kit.db import Session
from colleague.kit.errors import Conflict, Forbidden, Invalid, NotFound
from colleague.kit.ids import new_id
from colleague.kit.log import get_log
from colleague.kit.queue import Job, enqueue
from colleague.library.access import Reader, reader_of, shelves
from colleague.library.parts import Library
from colleague.library.tables import DocumentRow, SetPlaceRow, SetRow
from colleague.projects.store import ProjectNotFound, role_in, see_project
from colleague.projects.tables import ProjectRow

log = get_log("library")

NAME_LIMIT, PLACES, SETS = 120, 50, 50


class SetNotFound(NotFound):
    """There is no such document set, or it is not for you."""


class BadSet(Invalid):
    """This cannot be a document set: {why}."""


class NotOpenToYou(Forbidden):
    """You can only put places into a set that are open to you. Ask an administrator for a grant."""


class FilesStay(Conflict):
    """This set holds the files of its project: it ends with the project."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A set as its reader sees it: only their places, only their documents are counted."""

    id: str
    name: str
    project: str
    project_name: str
    files: bool
    places: tuple[tuple[str, str], ...]
    documents: int
    unreadable: int
    indexed_at: datetime | None
    trouble: str
    may_change: bool


def index_job(set_id: str) -> Job:
    """Return the queue job that brings a set up to date; a second waiting copy is dropped."""
    return Job("library.index", {"set_id": set_id}, key=f"library.{set_id}", lock=f"library.{set_id}")


async def list_sets(
    session: Session, actor: Actor, library: Library, *, project: str = "", only: str = ""
) -> list[Shown]:
    """Return the sets that the actor may ask (of one project), by name."""
    registry = await library.registry.now(session)
    reader = await reader_of(session, actor.id, registry=registry, clock=library.clock)
    query = select(SetRow, ProjectRow.name).outerjoin(ProjectRow, ProjectRow.id == SetRow.project_id)
    query = query.where(SetRow.project_id.is_(None) | SetRow.project_id.in_(reader.projects))
    if project:
        query = query.where(SetRow.project_id == project)
    if only:
        query = query.where(SetRow.id == only)
    shown = []
    for row, name in await session.execute(query.order_by(func.lower(SetRow.name), SetRow.id)):
        places = (await session.scalars(select(SetPlaceRow).where(SetPlaceRow.set_id == row.id))).all()
        mine = tuple((p.connector, p.place) for p in places if _reaches(reader, p))
        manages = actor.may("org:connectors:manage")
        if row.project_id is None and not mine and not manages:
            continue
        may = await _may_change(session, actor, row)
        shown.append(await _shown(session, reader, row, name or "", mine, len(places), may=may))
    return shown


async def may_ask(session: Session, person: str, library: Library) -> bool:
    """Say whether there is a set that this person may ask. Where that cannot be told: there is none."""
    if await session.scalar(select(SetRow.id).limit(1)) is None:
        return False
    try:
        registry = await library.registry.now(session)
        reader = await reader_of(session, person, registry=registry, clock=library.clock)
    except SQLAlchemyError:
        raise
    except Exception as error:
        log.error("sets not looked at", error=type(error).__name__)
        return False
    if await session.scalar(select(SetRow.id).where(SetRow.project_id.in_(reader.projects)).limit(1)):
        return True
    places = select(SetPlaceRow).join(SetRow, SetRow.id == SetPlaceRow.set_id).where(SetRow.project_id.is_(None))
    return any(_reaches(reader, place) for place in await session.scalars(places))


async def _shown(
    session: Session, reader: Reader, row: SetRow, project: str, places: tuple[tuple[str, str], ...], total: int, *,
    may: bool,
) -> Shown:  # fmt: skip
    readable = [DocumentRow.set_id == row.id, DocumentRow.tokens.overlap(reader.tokens or [""])]
    documents = await session.scalar(select(func.count()).where(*readable, DocumentRow.trouble == "")) or 0
    unreadable = await session.scalar(select(func.count()).where(*readable, DocumentRow.trouble != "")) or 0
    return Shown(
        row.id, row.name, row.project_id or "", project, row.files, places, documents, unreadable, row.indexed_at,
        # What went wrong may name a place: it is said to those who reach every place of the set.
        row.trouble if may and len(places) == total else "", may,
    )  # fmt: skip


def _reaches(reader: Reader, place: SetPlaceRow) -> bool:
    """Say whether the reader may open the place, or something in it."""
    grants = reader.grants.get(place.connector, ())
    return any(inside(place.place, p) or inside(p, place.place) for g in grants for p in g.places)


async def _may_change(session: Session, actor: Actor, row: SetRow) -> bool:
    if row.project_id is None:
        return actor.may("org:connectors:manage")
    return await role_in(session, actor.id, row.project_id) in ("owner", "member")


async def get_set(session: Session, actor: Actor, set_id: str, library: Library) -> Shown:
    """Return one set as the actor sees it; SetNotFound if it is not for them."""
    actor.require("own:tasks:use")
    found = await list_sets(session, actor, library, only=set_id)
    if not found:
        raise SetNotFound
    return found[0]


async def _changing(session: Session, actor: Actor, set_id: str, library: Library) -> SetRow:
    """Return the set's row, locked, for somebody who may change it."""
    shown = await get_set(session, actor, set_id, library)
    if not shown.may_change:
        raise NotOpenToYou("You may ask this set, but not change it.")
    return await session.get_one(SetRow, set_id, with_for_update=True)


def _name(name: str) -> str:
    name = " ".join(str(storable(name)).split())
    if not 1 <= len(name) <= NAME_LIMIT:
        raise BadSet(why=f"a name has 1 to {NAME_LIMIT} characters")
    return name


async def create_set(
    session: Session, actor: Actor, name: str, places: Sequence[tuple[str, str]], *, project: str = "",
    library: Library,
) -> str:  # fmt: skip
    """Make a set of granted places: for a project (its members), or for the organisation (org:connectors:manage).

    Being in a set opens nothing: each document is found only by those whose teams reach it. Raises BadSet,
    NotOpenToYou, what `see_project` raises.
    """
    actor.require("own:tasks:use")
    if project:
        await see_project(session, actor, project, need="member")
    else:
        actor.require("org:connectors:manage")
    name = _name(name)
    count = select(func.count()).where(SetRow.project_id.is_not_distinct_from(project or None))
    if (await session.scalar(count) or 0) >= SETS:
        raise BadSet(why=f"there are {SETS} already")
    row = SetRow(
        id=new_id("set"), project_id=project or None, name=name, files=False,
        created_at=library.clock.now(), trouble="",
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _add(session, actor, row, places, library)
    facts = {"project": project, "places": [f"{c}:{p}" for c, p in places]}
    await library.ledger.record(session, Event("set.created", actor.id, subject=row.id, data=facts))
    return row.id


async def _add(
    session: Session, actor: Actor, row: SetRow, places: Sequence[tuple[str, str]], library: Library
) -> None:
    registry = await library.registry.now(session)
    known = shelves(registry)
    reader = await reader_of(session, actor.id, registry=registry, clock=library.clock)
    if not 1 <= len(places) <= PLACES:
        raise BadSet(why=f"name 1 to {PLACES} places")
    for connector, place in dict.fromkeys(places):
        if connector not in known:
            raise BadSet(why=f"«{connector[:40]}» cannot be indexed")
        normal = normal_place(registry.get(connector), place)
        if not normal:
            raise BadSet(why="name a folder, not everything")
        if not reader.may_open(connector, normal):
            raise NotOpenToYou
        session.add(SetPlaceRow(set_id=row.id, connector=connector, place=normal))
    await session.flush()
    await enqueue(session, index_job(row.id))


async def rename_set(session: Session, actor: Actor, set_id: str, name: str, *, library: Library) -> None:
    """Give a set another name. Raises BadSet, SetNotFound, NotOpenToYou."""
    row = await _changing(session, actor, set_id, library)
    row.name = _name(name)
    await library.ledger.record(session, Event("set.renamed", actor.id, subject=set_id))


async def refresh_set(session: Session, actor: Actor, set_id: str, *, library: Library) -> None:
    """Have a set brought up to date now."""
    await _changing(session, actor, set_id, library)
    await enqueue(session, index_job(set_id))


async def delete_set(session: Session, actor: Actor, set_id: str, *, library: Library) -> None:
    """Forget a set and its index; the documents stay where they are."""
    row = await _changing(session, actor, set_id, library)
    if row.files:
        raise FilesStay
    await session.delete(row)
    await session.flush()
    await library.ledger.record(session, Event("set.deleted", actor.id, subject=set_id))


async def files_set(session: Session, project: str, library: Library) -> str:
    """Return the set of a project's files, made if it is not there; ProjectNotFound if the project is gone."""
    held = await session.get(ProjectRow, project, with_for_update=True)
    if held is None:
        raise ProjectNotFound
    found = await session.scalar(select(SetRow.id).where(SetRow.project_id == project, SetRow.files))
    if found:
        return found
    row = SetRow(
        id=new_id("set"), project_id=project, name=f"Files of {held.name}"[:NAME_LIMIT], files=True,
        created_at=library.clock.now(), trouble="",
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row.id
