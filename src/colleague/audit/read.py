"""Read and verify the record for people: what they look at is itself on record (CT-4)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.signer import Public
from colleague.audit.sink import Sink
from colleague.audit.store import count_unsealed, last_checkpoint, list_entries
from colleague.audit.tables import EntryRow
from colleague.audit.verify import Report, verify_database
from colleague.kit.db import Database, Session


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is shown, from its hashed text. `seq` is None until it is sealed."""

    id: int
    seq: int | None
    at: datetime
    verb: str
    actor: str
    subject: str
    run: str
    data: Mapping[str, Any]
    personal: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry says, without personal fields: for who asks the record how things stand."""

    at: datetime
    verb: str
    actor: str
    subject: str
    data: Mapping[str, Any]


async def entries(session: Session, reader: str, *, ledger: Ledger, **filters: Any) -> list[Entry]:
    """Return entries, newest first, and put on record that `reader` looked. For the filters see store.list_entries."""
    rows = await list_entries(session, **filters)
    asked = {k: str(v)[:100] for k, v in filters.items() if v and k != "limit"}
    await ledger.record(session, Event("ledger.read", reader, data={"filters": asked, "entries": len(rows)}))
    return [await _entry(session, row, ledger) for row in rows]


async def _entry(session: Session, row: EntryRow, ledger: Ledger) -> Entry:
    said = json.loads(row.body)
    return Entry(
        row.id, row.seq, datetime.fromisoformat(said["at"]), said["verb"], said["actor"], said["subject"],
        said["run"], said["data"], await ledger.personal(session, row),
    )  # fmt: skip


async def newest(session: Session, *verbs: str) -> Told | None:
    """Return the newest entry of these verbs as it was recorded, None if there is none."""
    query = select(EntryRow).where(EntryRow.verb.in_(verbs)).order_by(EntryRow.id.desc())
    return _told(await session.scalar(query.limit(1)))


async def oldest(session: Session, *verbs: str) -> Told | None:
    """Return the oldest entry of these verbs as it was recorded, None if there is none (any more)."""
    query = select(EntryRow).where(EntryRow.verb.in_(verbs)).order_by(EntryRow.id)
    return _told(await session.scalar(query.limit(1)))


async def history(session: Session, *verbs: str) -> list[Told]:
    """Return the entries of verbs that are rare, oldest first."""
    query = select(EntryRow).where(EntryRow.verb.in_(verbs)).order_by(EntryRow.id)
    return [told for row in await session.scalars(query) if (told := _told(row))]


async def who_did(session: Session, verb: str, subject: str) -> str:
    """Return who did this to this subject first, by id, "" where the ledger knows of nobody (any more)."""
    query = select(EntryRow.actor).where(EntryRow.verb == verb, EntryRow.subject == subject)
    return await session.scalar(query.order_by(EntryRow.id).limit(1)) or ""


async def done_to(session: Session, verb: str, subject: str, since: datetime) -> list[Told]:
    """Return what was done of a verb to a subject since then, oldest first."""
    query = select(EntryRow).where(EntryRow.verb == verb, EntryRow.subject == subject, EntryRow.at >= since)
    return [told for row in await session.scalars(query.order_by(EntryRow.id)) if (told := _told(row))]


def _told(row: EntryRow | None) -> Told | None:
    if row is None:
        return None
    said = json.loads(row.body)
    return Told(datetime.fromisoformat(said["at"]), said["verb"], said["actor"], said["subject"], said["data"])


async def counted(
    session: Session, verbs: Sequence[str], since: datetime, until: datetime, *, effect: str = ""
) -> dict[str, int]:  # fmt: skip
    """Return how many entries of each verb lie in [since, until), 0 where there is none; with `effect` only decisions
    that came out so (allow, ask, deny).
    """
    query = select(EntryRow.verb, func.count().label("number")).where(EntryRow.verb.in_(verbs))
    query = query.where(EntryRow.at >= since, EntryRow.at < until).group_by(EntryRow.verb)
    if effect:
        query = query.where(EntryRow.body.cast(JSONB)["data"]["effect"].astext == effect)
    return dict.fromkeys(verbs, 0) | {row.verb: row.number for row in await session.execute(query)}


async def standing(session: Session) -> tuple[int, int]:
    """Return (entries under the newest checkpoint, entries that wait to be sealed)."""
    last = await last_checkpoint(session)
    return (last.size if last else 0), await count_unsealed(session)


async def verify(database: Database, actor: str, *, public: Public, sink: Sink | None, ledger: Ledger) -> Report:
    """Verify everything, against the witness too, and put the result on record."""
    witnessed = await sink.all() if sink is not None else ()
    report = await verify_database(database, public, witnessed)
    async with database.transaction() as session:
        facts = {"ok": report.ok, "entries": report.verified, "findings": list(report.findings)[:5]}
        await ledger.record(session, Event("ledger.verified", actor, data=facts))
    return report


@dataclass(frozen=True, slots=True)
class Fact:
    """A sealed entry without personal fields, for who keeps count of what happens. `seq` numbers them without gaps."""

    seq: int
    at: datetime
    verb: str
    actor: str
    subject: str
    run: str
    data: Mapping[str, Any]


async def following(session: Session, seq: int, *, limit: int = 1000) -> list[Fact]:
    """Return the sealed entries from number `seq` on, in their order: whoever keeps the number misses none."""
    query = select(EntryRow).where(EntryRow.seq >= seq).order_by(EntryRow.seq).limit(limit)
    found = []
    for row in await session.scalars(query):
        said = json.loads(row.body)
        at = datetime.fromisoformat(said["at"])
        found.append(Fact(row.seq or 0, at, said["verb"], said["actor"], said["subject"], said["run"], said["data"]))
    return found


async def runs_of(session: Session, verb: str, subjects: Collection[str]) -> dict[str, str]:
    """Return the run in which something happened to each of `subjects`; who is not found is left out."""
    query = select(EntryRow.subject, EntryRow.run).where(EntryRow.verb == verb, EntryRow.subject.in_(sorted(subjects)))
    return dict((await session.execute(query)).all()) if subjects else {}
