"""Carry a confirmed erasure out, in steps of a transaction each. Killed between two, it goes on; twice is the same.

INVARIANT: each step first holds the row of the erasure, so that two workers never do one step side by side; what a
step took away it adds to the counts in the same transaction.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, text

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.compliance.certificate import certify
from colleague.compliance.erasure.sweep import KEPT, sweep_table, swept
from colleague.compliance.erasure.tables import ErasureRow
from colleague.compliance.look import ALONE, PROJECTS, TASKS, look_at
from colleague.compliance.places import DECISIONS, NUMBERS, PLACES, Place
from colleague.files.forget import release
from colleague.holds.cover import check_not_held
from colleague.identity.actor import SYSTEM
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.secrets import Secrets
from colleague.tasks.keeping.delete import ended, take_away
from colleague.tasks.leave import stop_all

NAMED: Final = "places in the words of others that named them"
# What is kept, and by which law.
KEPT_BY: Final = {
    NUMBERS: "under an id that names nobody, so that totals stay right: no longer personal data (GDPR recital 26)",
    DECISIONS: "under an id that names nobody: accountability (GDPR art. 5(2), art. 17(3)(b) and (e))",
    "entries of the ledger": "their personal fields are destroyed; accountability and logs that the law asks for "
    "(GDPR art. 17(3)(b) and (e), AI Act art. 26(6))",
    "signed and frozen documents, files of the organisation and its projects, copies in backups until they are "
    "replaced": "not changed by an erasure: see docs/guide/erasure.md",
}


@dataclass(frozen=True, slots=True)
class Erasing:
    """What an erasure is carried out with."""

    database: Database
    ledger: Ledger
    clock: Clock
    secrets: Secrets
    signer: Signer


async def carry_out(erasure: str, *, parts: Erasing) -> bool:
    """Carry out a confirmed erasure to its end; say whether it is done. What is done already is passed over.

    Raises KeptByHold where a legal hold was placed meanwhile: it goes on once that is released.
    """
    async with _step(erasure, parts) as (_, row):
        if row is None:
            return False
        person, sealed = row.person_id, row.sealed
    words: list[str] = json.loads(parts.secrets.open(sealed, context=f"erasure:{erasure}"))
    await stop_all(person, database=parts.database, ledger=parts.ledger, clock=parts.clock)
    while await _task(erasure, parts):
        pass
    while await _project(erasure, parts):
        pass
    for place in PLACES:
        if place.fate != "stays":
            await _place(erasure, place, parts)
    for name in swept() if words else ():
        async with _step(erasure, parts) as (session, row):
            if row is None:
                return False
            _count(row, NAMED, await sweep_table(session, name, words))
    return await _finish(erasure, parts)


async def waiting(database: Database) -> list[str]:
    """Return the erasures that are confirmed and not done."""
    async with database.transaction() as session:
        query = select(ErasureRow.id).where(ErasureRow.state == "confirmed").order_by(ErasureRow.id)
        return list(await session.scalars(query))


@asynccontextmanager
async def _step(erasure: str, parts: Erasing) -> AsyncIterator[tuple[Session, ErasureRow | None]]:
    """Give a transaction that holds the erasure; None in place of its row once it is done. Raises KeptByHold."""
    async with parts.database.transaction() as session:
        query = select(ErasureRow).where(ErasureRow.id == erasure, ErasureRow.state == "confirmed")
        row = await session.scalar(query.with_for_update())
        if row is not None:
            # A hold that was placed meanwhile: nothing more goes until it is released.
            await check_not_held(session, people=[row.person_id])
        yield session, row


def _count(row: ErasureRow, kind: str, number: int) -> None:
    if number:
        row.counts = {**row.counts, kind: row.counts.get(kind, 0) + number}


async def _task(erasure: str, parts: Erasing) -> bool:
    """Delete one task; say whether there was one."""
    async with _step(erasure, parts) as (session, row):
        if row is None:
            return False
        query = text("SELECT id FROM tasks WHERE person_id = :person ORDER BY id LIMIT 1")
        task = await session.scalar(query, {"person": row.person_id})
        if task is None:
            return False
        row_of_task, runs = await ended(session, task)
        await take_away(session, SYSTEM, row_of_task, runs, ledger=parts.ledger, why={"erasure": erasure})
        _count(row, TASKS, 1)
    return True


async def _project(erasure: str, parts: Erasing) -> bool:
    """Delete one project that nobody else is in; say whether there was one."""
    async with _step(erasure, parts) as (session, row):
        if row is None:
            return False
        project = await session.scalar(text(f"{ALONE} ORDER BY 1 LIMIT 1"), {"person": row.person_id})
        if project is None:
            return False
        whose = {"project": project}
        gone = await session.scalars(text("DELETE FROM files WHERE project_id = :project RETURNING sha256"), whose)
        hashes = set(gone)
        # Tasks that others had begun in it before they left stay theirs: the database sees to that.
        await session.execute(text("DELETE FROM projects WHERE id = :project"), whose)
        await release(session, hashes)
        facts = {"erasure": erasure}
        await parts.ledger.record(session, Event("project.deleted", SYSTEM.id, subject=str(project), data=facts))
        _count(row, PROJECTS, 1)
    return True


async def _place(erasure: str, place: Place, parts: Erasing) -> None:
    """Delete or empty the person's rows of one place, and forget bytes that nobody holds any more."""
    async with _step(erasure, parts) as (session, row):
        if row is None:
            return
        whose = {"person": row.person_id}
        if place.fate == "goes":
            extra = "files" if place.table == "skill_packages" else "1"
            query = text(f'DELETE FROM "{place.table}" WHERE {place.where} RETURNING {extra}')
            gone = list(await session.scalars(query, whose))
            if place.table == "skill_packages":
                await release(session, {sha256 for files in gone for sha256 in files.values()})
        else:
            sets = ", ".join(f'"{column}" = {value}' for column, value in place.empty.items())
            changed = " OR ".join(f'"{column}" IS DISTINCT FROM {value}' for column, value in place.empty.items())
            query = text(f'UPDATE "{place.table}" SET {sets} WHERE {place.where} AND ({changed}) RETURNING 1')
            gone = list(await session.scalars(query, whose))
        _count(row, place.kind, len(gone))


async def _finish(erasure: str, parts: Erasing) -> bool:
    """Write the certificate, forget the words that were looked for, and put it on record."""
    async with _step(erasure, parts) as (session, row):
        if row is None:
            return False
        left = await look_at(session, row.person_id)
        row.state, row.done_at, row.sealed = "done", parts.clock.now(), ""
        body = _certificate(row, left.stays)
        row.certificate = certify(parts.signer, "erasure", body)
        facts = {"counts": row.counts, "kept": dict(left.stays), "digest": row.digest}
        event = Event("person.erased", SYSTEM.id, subject=row.person_id, data=facts)
        await parts.ledger.record(session, event)
    return True


def _certificate(row: ErasureRow, stays: Any) -> dict[str, Any]:
    assert row.done_at is not None
    kept = [{"what": what, "why": why, "rows": stays.get(what)} for what, why in KEPT_BY.items()]
    # What was counted before the record was closed went with the confirmation.
    gone = {kind: max(number, row.counts.get(kind, 0)) for kind, number in row.goes["goes"].items()}
    return {
        "erasure": row.id, "person": row.person_id, "digest": row.digest, "deleted": {**row.counts, **gone},
        "kept": kept, "tables_left_as_they_are": list(KEPT),
        "holds": "none covered the person, or a task they had part in",
        "asked_by": row.proposed_by, "asked_at": row.proposed_at.isoformat(), "confirmed_by": row.confirmed_by,
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else "", "done_at": row.done_at.isoformat(),
        "law": "GDPR art. 17",
    }  # fmt: skip
