"""What is in a set, for somebody who looks at it: only documents they may open now, with what went wrong for each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from colleague.connectors.grants import EVERYTHING, covers, list_grants
from colleague.connectors.overview import holder_names
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.library.access import reader_of
from colleague.library.parts import Library
from colleague.library.sets import Shown, get_set
from colleague.library.tables import DocumentRow

MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A document in a list. `trouble` says why it cannot be searched, "" if it can."""

    id: str
    name: str
    path: str
    pages: int
    trouble: str
    indexed_at: datetime


async def list_documents(
    session: Session, actor: Actor, set_id: str, library: Library, *, after: str = ""
) -> tuple[Shown, list[Line]]:
    """Return the set and its documents that the actor may open, those with trouble first; `after` is where to go on.

    Raises SetNotFound.
    """
    shown = await get_set(session, actor, set_id, library)
    registry = await library.registry.now(session)
    reader = await reader_of(session, actor.id, registry=registry, clock=library.clock)
    query = select(DocumentRow).where(
        DocumentRow.set_id == set_id, DocumentRow.tokens.overlap(reader.tokens or [""])
    )  # fmt: skip
    if after:
        query = query.where(DocumentRow.path > after, DocumentRow.trouble == "")
    query = query.order_by((DocumentRow.trouble == "").asc(), DocumentRow.path).limit(MOST)
    rows = (await session.scalars(query)).all()
    return shown, [
        Line(r.id, r.name, r.path if r.file_id is None else "", r.pages, r.trouble, r.indexed_at) for r in rows
    ]


async def teams_that_reach(session: Session, shown: Shown, library: Library) -> list[str]:
    """Return the names of the teams and roles to which a grant opens a place shown, for who may see grants."""
    names = await holder_names(session)
    found = set[str]()
    for connector in {c for c, _ in shown.places}:
        for opened in await list_grants(session, connector=connector, clock=library.clock):
            if any(c == connector and covers(opened.grant, place) for c, place in shown.places):
                found.add(names.get(opened.grant.holder, ""))
    return sorted(found - {""})


async def places_open(session: Session, actor: Actor, library: Library) -> list[tuple[str, str, str]]:
    """Return (connector, its title, place) of each place that the actor may put into a set."""
    registry = await library.registry.now(session)
    reader = await reader_of(session, actor.id, registry=registry, clock=library.clock)
    titles = {kind: registry.get(kind).title for kind in reader.grants}
    found = {(kind, titles[kind], p) for kind, grants in reader.grants.items() for g in grants for p in g.places}
    return sorted(f for f in found if f[2] not in EVERYTHING)
