"""What was read from a connector, kept with its task: a citation opens exactly what the model saw (AG-1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import column, select, table

from colleague.files.tables import ReadingRow
from colleague.kit.canonical import canonical, digest
from colleague.kit.db import Session
from colleague.kit.documents.model import Document
from colleague.kit.errors import NotFound
from colleague.policy.model import Label

LIMIT = 4_000_000
_TASKS = table("tasks", column("id"), column("person_id"))
# The argument of a reading tool that names what was read, by the order of preference.
_PLACES = ("path", "url", "id", "uri", "file")


class ReadingNotThere(NotFound):
    """This was not read in this task."""


async def keep_reading(
    session: Session, task: str, call: str, tool: str, arguments: Mapping[str, Any], data: Mapping[str, Any],
    label: Label, now: datetime,
) -> None:  # fmt: skip
    """Keep the document in what a tool gave, if there is one that has no home of its own (uploads have).

    What foreign tools (MCP) call a document is not one of ours: it is kept in the run's steps only. A document that
    is larger than 4 MB is kept up to there, and says so.
    """
    raw = data.get("document")
    if not isinstance(raw, dict) or data.get("file") or tool.startswith("mcp__"):
        return
    try:
        document = Document.from_json(raw)
        kept, cut = _within(document)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return
    if cut:
        warning = f"Only the first {len(kept['blocks'])} parts of what was read are kept here."
        kept["warnings"] = [*kept["warnings"], warning]
    sources = data.get("sources")
    source = sources[0] if isinstance(sources, list) and sources and isinstance(sources[0], dict) else {}
    asked = next((str(arguments[k]) for k in _PLACES if arguments.get(k)), "")
    # A document of a set is cited by where it lies, not by its id.
    place = str(data.get("place") or "") or asked or str(source.get("address") or "")
    row = ReadingRow(
        call_id=call, task_id=task, tool=tool, place=place[:2000], name=(document.title or place)[:300],
        sha256=str(data.get("sha256") or source.get("sha256") or digest(raw))[:64], document=kept,
        label=label.to_json(), read_at=now,
    )  # fmt: skip
    session.add(row)


def _within(document: Document) -> tuple[dict[str, Any], bool]:
    kept = document.to_json()
    blocks, size = [], 0
    for block in kept["blocks"]:
        size += len(canonical(block))
        if size > LIMIT:
            break
        blocks.append(block)
    cut = len(blocks) < len(kept["blocks"])
    return {**kept, "blocks": blocks}, cut


async def list_readings(session: Session, task: str) -> Sequence[ReadingRow]:
    """Return what was read in a task, oldest first."""
    query = select(ReadingRow).where(ReadingRow.task_id == task)
    return (await session.scalars(query.order_by(ReadingRow.read_at, ReadingRow.call_id))).all()


async def get_reading(session: Session, task: str, call: str) -> ReadingRow:
    """Return what a call of this task read; ReadingNotThere."""
    row = await session.get(ReadingRow, call)
    if row is None or row.task_id != task:
        raise ReadingNotThere
    return row


async def changed_since(session: Session, reading: ReadingRow, person: str) -> ReadingRow | None:
    """Return the newest later reading of the same place in a task of `person`, if the source was different by then."""
    query = (
        select(ReadingRow)
        .join(_TASKS, _TASKS.c.id == ReadingRow.task_id)
        .where(ReadingRow.tool == reading.tool, ReadingRow.place == reading.place, _TASKS.c.person_id == person)
        .where(ReadingRow.read_at > reading.read_at)
        .order_by(ReadingRow.read_at.desc())
        .limit(1)
    )
    later = (await session.scalars(query)).first()
    return later if later is not None and later.sha256 != reading.sha256 else None


def places_of(task: str, readings: Sequence[ReadingRow]) -> dict[str, str]:
    """Return the pages of readings by the names under which they are cited: place, last part of it, title."""
    places: dict[str, str] = {}
    for row in readings:
        to = f"/tasks/{task}/readings/{row.call_id}"
        last = row.place.rstrip("/").rpartition("/")[2]
        title = row.name if " " in row.name and len(row.name) > 8 else ""  # One word alone would link every such word.
        places |= {name: to for name in (row.place, last if "." in last else "", title) if len(name) > 3}
    return places
