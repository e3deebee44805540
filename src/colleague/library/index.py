"""Keep a set's index as its sources are: unchanged documents cost a glance, changed ones are read anew.

The index reads as the organisation, with every grant that holds, and writes beside each passage who may find it.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, String, bindparam, delete, select, text, update

from colleague.audit.event import Event
from colleague.connectors.connector import Access, Grant
from colleague.connectors.shelf import Kept, Shelf
from colleague.files.tables import FileRow
from colleague.kit.canonical import storable
from colleague.kit.db import Session
from colleague.kit.documents.model import Document
from colleague.kit.documents.read import read_document
from colleague.kit.errors import Failure
from colleague.kit.ids import new_id
from colleague.library.access import everyone, shelves, tokens_for
from colleague.library.parts import Library
from colleague.library.passages import passages
from colleague.library.tables import DocumentRow, PassageRow, SetPlaceRow, SetRow

FILES = "files"
MOST = 20_000
# The heading weighs most (A), the document's name next (B), then its words.
_INSERT = text("""
INSERT INTO library_passages (document_id, number, place, heading, text, tokens, words)
VALUES (:document, :number, :place, CAST(:heading AS text), CAST(:text AS text), :tokens,
        setweight(to_tsvector(CAST(:language AS regconfig), CAST(:heading AS text)), 'A')
        || setweight(to_tsvector(CAST(:language AS regconfig), :stem), 'B')
        || to_tsvector(CAST(:language AS regconfig), CAST(:text AS text)))
""").bindparams(bindparam("tokens", type_=ARRAY(String)))


@dataclass(slots=True)
class Count:
    """What an indexing did."""

    seen: int = 0
    read: int = 0
    unreadable: int = 0
    gone: int = 0


async def index_set(set_id: str, *, library: Library) -> Count | None:
    """Bring one set up to date; None if it is gone. Jobs of one set never run side by side (the queue's lock)."""
    async with library.database.transaction() as session:
        row = await session.get(SetRow, set_id)
        if row is None:
            return None
        places = (await session.scalars(select(SetPlaceRow).where(SetPlaceRow.set_id == set_id))).all()
    count, kept, trouble = Count(), set[str](), ""
    if row.files and row.project_id:
        kept |= await _files(set_id, row.project_id, count, library)
    for place in places:
        try:
            found, whole = await _place(set_id, place, count, library)
            kept |= found
            if not whole:
                trouble = f"{place.connector}, {place.place}: only the first {MOST:,} documents are in the set"
        except Failure as failure:
            trouble = f"{place.connector}, {place.place}: {failure.message}"[:500]
            kept |= await _below(set_id, place, library)
    async with library.database.transaction() as session:
        fresh = await session.get(SetRow, set_id, with_for_update=True)
        if fresh is None:
            return None
        fresh.indexed_at, fresh.trouble = library.clock.now(), trouble
        gone = delete(DocumentRow).where(DocumentRow.set_id == set_id, DocumentRow.id.not_in(kept))
        count.gone = (await session.execute(gone)).rowcount  # type: ignore[attr-defined]
        facts = {"documents": len(kept), "read": count.read, "unreadable": count.unreadable, "gone": count.gone}
        if count.read or count.gone:
            await library.ledger.record(session, Event("library.indexed", "system", subject=set_id, data=facts))
    return count


async def _below(set_id: str, place: SetPlaceRow, library: Library) -> set[str]:
    """Return the documents of a place that does not answer: they stay in the index, search looks at them live."""
    async with library.database.transaction() as session:
        query = select(DocumentRow.id).where(DocumentRow.set_id == set_id, DocumentRow.connector == place.connector)
        return set(await session.scalars(query))


async def _files(set_id: str, project: str, count: Count, library: Library) -> set[str]:
    """Index the files of a project: they were read when they came in."""
    async with library.database.transaction() as session:
        files = (await session.execute(
            select(FileRow.id, FileRow.name, FileRow.sha256).where(FileRow.project_id == project)
        )).all()  # fmt: skip
    kept = set[str]()
    for file, name, sha256 in files:
        async with library.database.transaction() as session:
            row = await _document(session, set_id, FILES, file)
            count.seen += 1
            if row is None or row.sha256 != sha256 or row.language != library.language:
                held = await session.get(FileRow, file, with_for_update={"read": True})
                if held is None:
                    continue
                source = _Source(FILES, file, name, sha256, sha256, [f"project:{project}"], file)
                row = await _store(session, set_id, row, source, Document.from_json(held.document), "", library)
                count.read += 1
            kept.add(row.id)
    return kept


async def _place(set_id: str, place: SetPlaceRow, count: Count, library: Library) -> tuple[set[str], bool]:
    """Index what lies in a granted place; return the documents, and whether these are all."""
    async with library.database.transaction() as session:
        registry = await library.registry.now(session)
        opened = await everyone(session, place.connector, secrets=library.secrets, clock=library.clock)
    shelf = shelves(registry).get(place.connector)
    if shelf is None or opened is None:
        return set(), True
    reading, grants = opened, opened.grants
    kept = set[str]()
    async for found in shelf.walk(place.place, reading):
        if len(kept) >= MOST:
            return kept, False
        kept.add(await _one(set_id, place.connector, found, shelf, reading, grants, count, library))
    return kept, True


async def _one(
    set_id: str, connector: str, found: Kept, shelf: Shelf, reading: Access, grants: Sequence[Grant], count: Count,
    library: Library,
) -> str:  # fmt: skip
    """Bring one document up to date and return its id."""
    tokens = tokens_for(grants, found.path)
    count.seen += 1
    async with library.database.transaction() as session:
        row = await _document(session, set_id, connector, found.path)
        if row is not None and row.stamp == found.stamp and row.language == library.language:
            await _retoken(session, row, tokens)
            return row.id
    name = found.path.rpartition("/")[2]
    document, sha256, trouble = Document(name, "", "", 0, ()), "", ""
    try:
        content = await shelf.fetch(found.path, reading)
        sha256 = hashlib.sha256(content).hexdigest()
        if row is None or row.sha256 != sha256 or row.trouble or row.language != library.language:
            document = await read_document(content, name)
    except Failure as failure:
        trouble = failure.message[:500] or type(failure).__name__
        count.unreadable += 1
    source = _Source(connector, found.path, name, found.stamp, sha256, tokens, None)
    async with library.database.transaction() as session:
        row = await _document(session, set_id, connector, found.path)
        if row is not None and sha256 and row.sha256 == sha256 and row.language == library.language and not row.trouble:
            row.stamp = found.stamp
            await _retoken(session, row, tokens)
            return row.id
        count.read += 1
        return (await _store(session, set_id, row, source, document, trouble, library)).id


@dataclass(frozen=True, slots=True)
class _Source:
    connector: str
    path: str
    name: str
    stamp: str
    sha256: str
    tokens: list[str]
    file: str | None


async def _document(session: Session, set_id: str, connector: str, path: str) -> DocumentRow | None:
    query = select(DocumentRow).where(
        DocumentRow.set_id == set_id, DocumentRow.connector == connector, DocumentRow.path == path
    )
    found: DocumentRow | None = await session.scalar(query)
    return found


async def _retoken(session: Session, row: DocumentRow, tokens: list[str]) -> None:
    """Write who may find a document that has not changed itself."""
    if row.tokens != tokens:
        row.tokens = tokens
        await session.execute(update(PassageRow).where(PassageRow.document_id == row.id).values(tokens=tokens))


async def _store(
    session: Session, set_id: str, row: DocumentRow | None, source: _Source, document: Document, trouble: str,
    library: Library,
) -> DocumentRow:  # fmt: skip
    """Write a document and its passages in place of what was there."""
    if row is None:
        row = DocumentRow(id=new_id("doc"), set_id=set_id, connector=source.connector, path=source.path)
        session.add(row)
    else:
        await session.execute(delete(PassageRow).where(PassageRow.document_id == row.id))
    row.file_id, row.name, row.stamp, row.sha256 = source.file, source.name, source.stamp, source.sha256
    row.pages, row.tokens, row.language, row.trouble = document.pages, source.tokens, library.language, trouble
    row.indexed_at = library.clock.now()
    await session.flush()
    stem = f"{source.name.rpartition('.')[0] or source.name} {document.title}".replace("_", " ")
    values = [
        {"document": row.id, "number": number, "place": passage.place, "heading": str(storable(passage.heading)),
         "text": str(storable(passage.text)), "stem": str(storable(stem)), "language": library.language,
         "tokens": source.tokens}
        for number, passage in enumerate(await asyncio.to_thread(lambda: list(passages(document))))
    ]  # fmt: skip
    for start in range(0, len(values), 500):
        await session.execute(_INSERT, values[start : start + 500])
    return row
