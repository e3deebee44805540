"""Fill every table of a house with rows about one person, and look for words in all of it."""

import io
import zipfile
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Float, Integer, LargeBinary, Table, text
from sqlalchemy.dialects.postgresql import JSONB, insert

from colleague.compliance.erasure.sweep import KEPT
from colleague.compliance.look import every_table
from colleague.compliance.places import OF_TASKS, PLACES
from colleague.kit.db import Base, Session

# What a house fills itself, or what is bound by a hash: never filled with words at random.
_FILLED_TOO = {"provisioned_people", "channel_addresses", "sso_links"}
NOT_FILLED = {*OF_TASKS, *KEPT, "erasures", "governance_signatures"} - _FILLED_TOO
# Rows that would stand in the way belong to somebody else.
_OTHERS = {("programme", "sponsor_id"), ("programme", "lead_id"), ("sign_on_mode", "break_glass_id")}
_FIXED: dict[str, dict[str, Any]] = {
    "model_ceilings": {"scope": "person"}, "connector_grants": {"role": ""}, "sign_on_mode": {"passwords_off": False},
    "project_members": {"role": "member"}, "sso_providers": {"enabled": False},
    "channel_addresses": {"address": "+15550104477"},
}  # fmt: skip


async def fill(session: Session, person: str, other: str, said: str, words: str) -> list[str]:
    """Write a row about `person` into every table that can be filled: `said` by others, `words` of their own too."""
    theirs = {place.table: place for place in PLACES}
    filled = []
    every_table()
    for table in Base.metadata.sorted_tables:
        if table.name in NOT_FILLED:
            continue
        place = theirs.get(table.name)
        own = set(table.columns.keys()) if place and place.fate == "goes" else set()
        own |= {column for one in PLACES if one.table == table.name for column in one.empty}
        whose = {column for one in PLACES if one.table == table.name for column in one.whose}
        values = await _values(session, table, person, other, said, whose)
        for column in own & {name for name, value in values.items() if isinstance(value, str) and said in value}:
            values[column] = f"{said} {words}"
        await session.execute(insert(table).values(values | _FIXED.get(table.name, {})).on_conflict_do_nothing())
        filled.append(table.name)
    return filled


async def _values(
    session: Session, table: Table, person: str, other: str, said: str, whose: set[str]
) -> dict[str, Any]:  # fmt: skip
    values: dict[str, Any] = {}
    clock = await session.scalar(text("SELECT now()"))
    for column in table.columns:
        keys = list(column.foreign_keys)
        if column.name in whose:
            values[column.name] = person
        elif keys and keys[0].column.table.name == "people":
            values[column.name] = other if (table.name, column.name) in _OTHERS else person
        elif keys:
            parent = keys[0].column
            if parent.table.name == table.name:
                continue
            values[column.name] = await session.scalar(
                text(f'SELECT "{parent.name}" FROM "{parent.table.name}" LIMIT 1')
            )
        elif isinstance(column.type, Integer | BigInteger):
            if column.primary_key and column.autoincrement is True:
                continue
            values[column.name] = 9_000_001 if column.primary_key else 1
        elif isinstance(column.type, Boolean | Float):
            values[column.name] = isinstance(column.type, Boolean) or 1.0
        elif isinstance(column.type, DateTime | Date):
            values[column.name] = date(2026, 3, 3) if isinstance(column.type, Date) else clock
        elif isinstance(column.type, JSONB):
            values[column.name] = {"note": f"\n{said}", "more": [said]}
        elif isinstance(column.type, LargeBinary):
            values[column.name] = b"bytes"
        else:
            values[column.name] = f"key {table.name}" if column.primary_key else f"{said} in {column.name}"
    return values


async def look(session: Session, word: str) -> set[str]:
    """Return every table, of ours or of the queue, and every packed file in which `word` stands."""
    found = set()
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    for name in (await session.scalars(text(query))).all():
        asked = {"word": f"%{word}%", "hex": f"%{word.encode().hex()}%"}
        there = f'SELECT count(*) FROM "{name}" AS r WHERE r::text ILIKE :word OR r::text ILIKE :hex'
        if await session.scalar(text(there), asked):
            found.add(str(name))
    for content in await session.scalars(text("SELECT content FROM blobs")):
        if content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                if any(word.encode() in packed.read(name) for name in packed.namelist()):
                    found.add("blobs, unpacked")
    return found
