"""Access (GDPR art. 15): everything the house holds about a person, as a zip of JSON Lines with an index to read.

Nothing that opens a door is in it, and no words of others that the person could not read themselves.
"""

import json
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import text

from colleague.audit.about import about
from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.compliance.look import of_task, table_of
from colleague.compliance.places import OF_TASKS, PLACES, Place
from colleague.identity.actor import Actor
from colleague.identity.people import NoSuchPerson, PersonErased
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.ids import is_id
from colleague.kit.page import when

# Of their tasks: copies of what stands elsewhere, and what is no content.
_LEFT_OUT: Final = ("task_words", "task_indexed", "readings", "model_spoken", "model_decisions")
# Deeds of a legal hold, of which nobody is told by their own access.
_UNTOLD: Final = "hold."
_RECORD: Final = "id, name, email, active, department, manager_id, excluded_why, waiting_since, created_at"
_OWN_FILES: Final = (
    f"SELECT f.id, f.name, b.content FROM files f JOIN blobs b ON b.sha256 = f.sha256 WHERE f.{of_task('files')}",
    "SELECT v.output_id || '-' || v.version, o.name, b.content FROM output_versions v JOIN outputs o ON o.id = "
    f"v.output_id JOIN blobs b ON b.sha256 = v.sha256 WHERE v.{of_task('output_versions')}",
    "SELECT id, 'voice-note', content FROM voice_notes WHERE content IS NOT NULL AND person_id = :person",
)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the zip: its name, what it holds in words, how many rows."""

    name: str
    what: str
    rows: int


async def export_data(
    database: Database, actor: Actor, person_id: str, file: Path, *, ledger: Ledger, clock: Clock
) -> list[Part]:
    """Write what is held about a person into the zip `file`: for oneself, or on their behalf, which is on record.

    Returns what is in it. Raises PermissionMissing, SignInYourself, NoSuchPerson, PersonErased.
    """
    own = person_id == actor.id
    if not own:
        actor.require("org:people:erase")
    actor.require_presence()
    async with database.transaction() as session:
        found = await _person(session, person_id)
        facts = {"by_themselves": own, "via": actor.via}
        event = Event("person.data_exported", actor.id, subject=person_id, person=person_id, data=facts)
        await ledger.record(session, event)
        parts = []
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("person.jsonl", "w") as out:
                _line(out, found)
            parts.append(Part("person.jsonl", "the record: name, address, department", 1))
            for number, place in enumerate(PLACES):
                again = any(other.table == place.table for other in PLACES[:number])
                name = f"{place.table}{f'-{number}' if again else ''}.jsonl"
                parts += await _rows(session, archive, name, place.kind, place.table, place.where, person_id, place)
            for table in OF_TASKS:
                if table not in _LEFT_OUT:
                    where = of_task(table)
                    parts += await _rows(session, archive, f"tasks/{table}.jsonl", "tasks", table, where, person_id)
            parts += await _ledger(session, archive, person_id, ledger)
            parts += await _files(session, archive, person_id)
            archive.writestr("index.html", _index(found, parts, when(clock.now())))
    return parts


async def _person(session: Session, person_id: str) -> dict[str, Any]:
    query = text(f"SELECT {_RECORD}, erased_at FROM people WHERE id = :person")
    row = (await session.execute(query, {"person": person_id})).one_or_none() if is_id(person_id) else None
    if row is None:
        raise NoSuchPerson
    if row.erased_at is not None:
        raise PersonErased
    return {name: value for name, value in row._mapping.items() if name != "erased_at"}


def _line(out: IO[bytes], value: Any) -> None:
    out.write(json.dumps(value, ensure_ascii=False, default=str).encode() + b"\n")


async def _rows(
    session: Session, archive: zipfile.ZipFile, name: str, what: str, table: str, where: str, person_id: str,
    place: Place | None = None,
) -> list[Part]:  # fmt: skip
    """Write the rows of one table as lines; nothing where there are none."""
    hidden = place.hidden if place else frozenset()
    columns = ", ".join(f'"{column.name}"' for column in table_of(table).columns if column.name not in hidden)
    order = ", ".join(f'"{column.name}"' for column in table_of(table).primary_key)
    query = text(f'SELECT to_jsonb(r) FROM (SELECT {columns} FROM "{table}" WHERE {where} ORDER BY {order}) AS r')
    rows = await session.stream_scalars(query, {"person": person_id})
    count = 0
    first = await anext(aiter(rows), None)
    if first is None:
        return []
    with archive.open(name, "w") as out:
        _line(out, first)
        count = 1
        async for row in rows:
            _line(out, row)
            count += 1
    return [Part(name, f"{what}: {table.replace('_', ' ')}", count)]


async def _ledger(session: Session, archive: zipfile.ZipFile, person_id: str, ledger: Ledger) -> list[Part]:
    count = 0
    with archive.open("ledger.jsonl", "w") as out:
        async for entry in about(session, person_id, ledger=ledger, without=_UNTOLD):
            _line(out, entry)
            count += 1
    return [Part("ledger.jsonl", "entries of the ledger: what they did, and what was done to them", count)]


async def _files(session: Session, archive: zipfile.ZipFile, person_id: str) -> list[Part]:
    count = 0
    for query in _OWN_FILES:
        async for key, name, content in await session.stream(text(query), {"person": person_id}):
            plain = re.sub(r"[^\w .()-]", "_", name)[:100].strip(" .") or "file"
            archive.writestr(f"files/{key}-{plain}", content)
            count += 1
    return [Part("files/", "files they gave to tasks, and what came out", count)] if count else []


_LABELS: Final = {
    "name": "Name", "email": "Mail address", "department": "Department", "active": "May sign in",
    "created_at": "Here since", "waiting_since": "Waits for a seat since",
    "excluded_why": "Left out of numbers, because",
}  # fmt: skip
_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "overflow-wrap:anywhere}h2{font-size:1.1rem;margin:1.5rem 0 .25rem}ul{margin:0;padding-left:1.25rem}"
    "dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0}"
)


def _index(person: dict[str, Any], parts: list[Part], at: str) -> str:
    """Return the page to read first: the record in words, then each kind of what is held with its files."""
    kinds: dict[str, list[Part]] = {}
    for part in parts:
        kinds.setdefault(part.what.partition(": ")[0], []).append(part)
    sections = "".join(
        f"<h2>{escape(kind[:1].upper() + kind[1:])}</h2><ul>{_files_of(of)}</ul>\n" for kind, of in kinds.items()
    )
    record = "".join(
        f"<dt>{words}</dt><dd>{_said(person[name])}</dd>"
        for name, words in _LABELS.items() if person.get(name) not in (None, "")
    )  # fmt: skip
    title = f"What Colleague holds about {escape(person['name'])}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>\n'
        f"<style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>As of {at} (UTC).</p>\n<dl>{record}</dl>\n"
        "<p>The files below hold the rest, one row a line (JSON); every text editor opens them. Left out: what opens a "
        "door (passwords, keys, tokens), and words of other people that this person could not read.</p>\n"
        f"{sections}</body></html>\n"
    )


def _files_of(parts: list[Part]) -> str:
    return "".join(
        f'<li><a href="{escape(part.name)}">{escape(words)}</a> ({part.rows:,})</li>'
        for part in parts for words in [part.what.partition(": ")[2] or part.what]
    )  # fmt: skip


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(value.isoformat(" ", "minutes") if isinstance(value, datetime) else str(value))
