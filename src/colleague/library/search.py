"""Find passages: only rows that share a token with the reader, then each of the best looked at live once more.

INVARIANT: every number, title and excerpt that comes back is of documents the reader may open at this moment.
"""

import asyncio
import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String

from colleague.connectors.connector import Access
from colleague.connectors.shelf import Shelf
from colleague.files.classify import classed
from colleague.files.tables import FileRow
from colleague.files.uploads import label_of
from colleague.kit.canonical import storable
from colleague.kit.db import Session
from colleague.kit.errors import Failure
from colleague.kit.log import get_log
from colleague.library.access import Reader, everyone, reader_of, shelves
from colleague.library.parts import Library
from colleague.library.tables import DocumentRow
from colleague.policy.governance import current_governance
from colleague.policy.model import Integrity, Label

log = get_log("library")

FINAL, CANDIDATES, LEXEMES, QUERY_LIMIT, PER_DOCUMENT = 10, 40, 24, 1000, 4
# How much of what is asked for (rare words count more) a passage must speak of.
COVERAGE, LOOK_SECONDS = 0.4, 5.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its document, the place to cite, and whether the source has changed since it was indexed."""

    document: str
    set: str
    name: str
    path: str
    place: str
    heading: str
    text: str
    score: float
    changed: bool
    label: Label

    @property
    def cite(self) -> str:
        """Return how it is cited: «Travel policy.docx, p. 3»."""
        return f"{self.name}, {self.place}" if self.place else self.name


@dataclass(frozen=True, slots=True)
class Found:
    """The passages, best first. Nothing found and nothing readable look the same."""

    hits: tuple[Hit, ...] = ()
    label: Label = field(default_factory=Label)


@dataclass(frozen=True, slots=True)
class _Open:
    """A document as it may be opened now: with what, and what is known of it."""

    label: Label
    shelf: Shelf | None = None
    reading: Access | None = None


async def search(library: Library, person: str, query: str, *, sets: Sequence[str] = (), limit: int = FINAL) -> Found:
    """Return the best passages for `person`, in `sets` or in everything they may read."""
    async with library.database.transaction() as session:
        registry = await library.registry.now(session)
        reader = await reader_of(session, person, registry=registry, clock=library.clock)
        governance = await current_governance(session)
        rows = await _candidates(session, reader, query, sets, library.language)
        documents = {r.document_id: await session.get_one(DocumentRow, r.document_id) for r in rows}
        opened = {}
        accounts: dict[str, Access | None] = {}
        for row in documents.values():
            if row.connector not in accounts and row.file_id is None:
                accounts[row.connector] = await everyone(
                    session, row.connector, secrets=library.secrets, clock=library.clock
                )
            found = await _open(session, reader, row, accounts.get(row.connector), shelves(registry))
            if found is not None:
                opened[row.id] = found
    hits: list[Hit] = []
    given: set[tuple[str, str, str, str]] = set()
    looked: dict[str, bool | None] = {}
    taken: dict[str, int] = {}
    for row in rows:
        at = row.document_id
        if len(hits) >= limit:
            break
        source = documents[at]
        # The same document may be in several sets: its passage is given once.
        same = (source.connector, source.path, row.place, row.text)
        if at not in opened or taken.get(at, 0) >= PER_DOCUMENT or same in given:
            continue
        if at not in looked:
            looked[at] = await _changed(source, opened[at])
        changed = looked[at]
        if changed is None:
            continue
        label = classed(opened[at].label, row.text, governance)
        if label.data_class > reader.highest:
            continue  # By its place, a path rule or what it holds: it does not reach the agent (SC-2).
        taken[at] = taken.get(at, 0) + 1
        given.add(same)
        path = source.path if source.file_id is None else ""
        hits.append(
            Hit(at, source.set_id, source.name, path, row.place, row.heading, row.text, row.score, changed, label)
        )  # fmt: skip
    return Found(tuple(hits), reduce(Label.join, (hit.label for hit in hits), Label()))


async def _open(
    session: Session, reader: Reader, row: DocumentRow, opened: Access | None,
    known: dict[str, Shelf],
) -> _Open | None:  # fmt: skip
    """Return how the reader opens a document now; None if they may not."""
    if row.file_id is not None:
        file = await session.get(FileRow, row.file_id)
        there = file is not None and file.project_id in reader.projects
        return _Open(label_of(file)) if file is not None and there else None
    grants, shelf = reader.may_open(row.connector, row.path), known.get(row.connector)
    if not grants or opened is None or shelf is None:
        return None
    trusted = Integrity.TRUSTED if all(g.trusted for g in grants) else Integrity.UNTRUSTED
    label = Label(
        trusted, max(g.place_class for g in grants), sources=frozenset({f"{row.connector}:{row.path}"})
    )  # fmt: skip
    return _Open(label, shelf, replace(opened, grants=grants))


async def open_document(
    library: Library, person: str, document: str
) -> tuple[DocumentRow, _Open, FileRow | None] | None:
    """Return a document that the person may open at this moment, or None: it is not there, or not for them."""
    async with library.database.transaction() as session:
        registry = await library.registry.now(session)
        row = await session.get(DocumentRow, document)
        if row is None:
            return None
        reader = await reader_of(session, person, registry=registry, clock=library.clock)
        account = None
        if row.file_id is None:
            account = await everyone(session, row.connector, secrets=library.secrets, clock=library.clock)
        found = await _open(session, reader, row, account, shelves(registry))
        file = await session.get(FileRow, row.file_id) if row.file_id else None
    return (row, found, file) if found is not None else None


async def _changed(row: DocumentRow, opened: _Open) -> bool | None:
    """Look at the source: has it changed since it was indexed? None if it cannot be opened (any more)."""
    if opened.shelf is None or opened.reading is None:
        return False
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            if await opened.shelf.stamp(row.path, opened.reading) == row.stamp:
                return False
            content = await opened.shelf.fetch(row.path, opened.reading)
    except (Failure, TimeoutError):
        return None
    return hashlib.sha256(content).hexdigest() != row.sha256


def term(lexeme: str, weight: str = "") -> str:
    """Return one lexeme as tsquery text, quoted so that nothing in it is an operator."""
    quoted = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'{f':{weight}' if weight else ''}"


async def lexemes_of(session: Session, query: str, language: str) -> list[str]:
    """Return the lexemes of a query, without stop words; [] if nothing in it can be searched for."""
    plain = re.sub(r"[\x00-\x1f]+", " ", str(storable(query)))[:QUERY_LIMIT]
    found = await session.scalar(
        text("SELECT tsvector_to_array(to_tsvector(CAST(:language AS regconfig), :query))"),
        {"language": language, "query": plain},
    )
    return list(found or ())[:LEXEMES]


_WHERE = """
FROM library_passages p JOIN library_documents d ON d.id = p.document_id
WHERE p.tokens && :mine AND d.tokens && :mine AND (:all OR d.set_id = ANY(:sets))
"""


async def _candidates(
    session: Session, reader: Reader, query: str, sets: Sequence[str], language: str
) -> Sequence[Any]:
    """Return the best passages of those the reader's tokens open. Rare words (there) count more, headings too."""
    lexemes = await lexemes_of(session, query, language)
    if not lexemes or not reader.tokens:
        return []
    values: dict[str, Any] = {
        "mine": reader.tokens, "all": not sets, "sets": list(sets), "any": " | ".join(map(term, lexemes)),
    }  # fmt: skip
    for n, lexeme in enumerate(lexemes):
        values |= {f"t{n}": term(lexeme), f"h{n}": term(lexeme, "A")}
    typed = (bindparam("mine", type_=ARRAY(String)), bindparam("sets", type_=ARRAY(String)))
    counts = ", ".join(f"count(*) FILTER (WHERE p.words @@ CAST(:t{n} AS tsquery))" for n in range(len(lexemes)))
    held = {k: v for k, v in values.items() if not k.startswith("h") and k != "any"}
    total, *known = (await session.execute(text(f"SELECT count(*), {counts} {_WHERE}").bindparams(*typed), held)).one()
    if not total:
        return []
    weights = [math.log(1 + total / (1 + count)) for count in known]
    values |= {f"w{n}": w for n, w in enumerate(weights)} | {"need": COVERAGE * sum(weights)}
    covered = " + ".join(
        f"CASE WHEN p.words @@ CAST(:t{n} AS tsquery) THEN CAST(:w{n} AS float8) ELSE 0 END"
        for n in range(len(lexemes))
    )
    headed = " + ".join(
        f"CASE WHEN p.words @@ CAST(:h{n} AS tsquery) THEN CAST(:w{n} AS float8) ELSE 0 END"
        for n in range(len(lexemes))
    )
    rank = "ts_rank_cd('{0.6, 0.6, 0.2, 0.8}', p.words, CAST(:any AS tsquery), 1)"
    statement = f"""
    SELECT * FROM (
      SELECT p.document_id, p.number, p.place, p.heading, p.text, {covered} AS covered,
             {covered} + 0.3 * ({headed}) + {rank} AS score
      {_WHERE} AND p.words @@ CAST(:any AS tsquery)
    ) found WHERE covered >= :need ORDER BY score DESC, document_id, number LIMIT {CANDIDATES}
    """
    return (await session.execute(text(statement).bindparams(*typed), values)).all()
