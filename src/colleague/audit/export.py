"""Take the record along: JSON lines with a manifest that verifies offline, and CSV. The export itself is on record."""

import asyncio
import csv
import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.audit.tables import CheckpointRow, EntryRow
from colleague.kit.db import Database

BATCH = 5000


async def export(
    database: Database, actor: str, folder: Path, *, signer: Signer, ledger: Ledger, since: datetime | None = None,
    until: datetime | None = None,
) -> int:  # fmt: skip
    """Write sealed entries into `folder` (entries.jsonl, entries.csv, manifest.json) and return how many.

    A period is widened to whole checkpoints, so that what is exported can be proved.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with database.transaction() as session:
        await ledger.record(session, Event("ledger.exported", actor, data=_period(since, until)))
        points = (await session.scalars(select(CheckpointRow).order_by(CheckpointRow.size))).all()
        first = await session.scalar(select(func.min(EntryRow.seq)).where(EntryRow.at >= since)) if since else 0
        last = await session.scalar(select(func.max(EntryRow.seq)).where(EntryRow.at <= until)) if until else None
    start = next((p for p in reversed(points) if p.size <= (first or 0)), None)
    end = next((p for p in points if last is not None and p.size > last), points[-1] if points else None)
    low, high = (start.size if start else 0), (end.size if end else 0)
    count = 0
    with (
        (folder / "entries.jsonl").open("w", encoding="utf-8") as lines,
        (folder / "entries.csv").open("w", encoding="utf-8", newline="") as table,
    ):
        writer = csv.writer(table)
        writer.writerow(["seq", "at", "verb", "actor", "subject", "run", "person", "data"])
        while low + count < high:
            async with database.transaction() as session:
                query = select(EntryRow.seq, EntryRow.body).where(EntryRow.seq >= low + count, EntryRow.seq < high)
                rows = (await session.execute(query.order_by(EntryRow.seq).limit(BATCH))).tuples().all()
            if not rows:
                break
            for seq, body in rows:
                lines.write(json.dumps({"seq": seq, "body": body}, ensure_ascii=False) + "\n")
                value = json.loads(body)
                columns = [value[k] for k in ("at", "verb", "actor", "subject", "run", "person")]
                writer.writerow([seq, *columns, json.dumps(value["data"])])
            count += len(rows)
    manifest = {
        "format": "colleague-ledger-export/1",
        "entries": count,
        "public_key": signer.public.text(),
        "start": {"size": low, "frontier": start.frontier if start else []},
        "checkpoints": [p.note for p in points if low <= p.size <= high and p.size],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    return count


def _period(since: datetime | None, until: datetime | None) -> dict[str, str]:
    return {k: v.isoformat() for k, v in (("since", since), ("until", until)) if v}
