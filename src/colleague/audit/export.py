"""Take the record along: JSON lines with a manifest that verifies offline, CSV, and OCSF for a SIEM.

The export itself is on record.
"""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.siem.ocsf import ocsf
from colleague.audit.signer import Signer
from colleague.audit.tables import CheckpointRow, EntryRow
from colleague.kit.db import Database, Session
from colleague.kit.documents.write.clean import no_formula

BATCH = 5000
HEADINGS = ("seq", "at", "verb", "actor", "subject", "run", "person", "data")


def csv_row(seq: int, body: Mapping[str, Any]) -> list[str]:
    """Return the line of an entry in entries.csv; no cell can become a formula in a spreadsheet."""
    columns = [str(body[k]) for k in HEADINGS[1:-1]]
    return [str(seq), *map(no_formula, columns), json.dumps(body["data"], sort_keys=True)]


async def export(
    database: Database, actor: str, folder: Path, *, signer: Signer, ledger: Ledger, since: datetime | None = None,
    until: datetime | None = None,
) -> int:  # fmt: skip
    """Write sealed entries into `folder` (entries.jsonl, .csv, .ocsf.jsonl, manifest.json) and return how many.

    A period (`since` ≤ time < `until`) is widened to whole checkpoints, so that what is exported can be proved.
    """
    await asyncio.to_thread(_prepare, folder)
    async with database.transaction() as session:
        await ledger.record(session, Event("ledger.exported", actor, data=_period(since, until)))
        points = (await session.scalars(select(CheckpointRow).order_by(CheckpointRow.size))).all()
        low, high = await _range(session, points, since, until)
    start = next((p for p in points if p.size == low), None)
    count = 0
    with (
        (folder / "entries.jsonl").open("w", encoding="utf-8") as lines,
        (folder / "entries.ocsf.jsonl").open("w", encoding="utf-8") as events,
        (folder / "entries.csv").open("w", encoding="utf-8", newline="") as table,
    ):
        writer = csv.writer(table)
        writer.writerow(HEADINGS)
        while low + count < high:
            async with database.transaction() as session:
                query = select(EntryRow.seq, EntryRow.id, EntryRow.body, EntryRow.leaf)
                query = query.where(EntryRow.seq >= low + count, EntryRow.seq < high)
                rows = (await session.execute(query.order_by(EntryRow.seq).limit(BATCH))).all()
            if not rows:
                break
            for seq, number, body, leaf in rows:
                line = {"seq": seq, "id": number, "leaf": (leaf or b"").hex(), "body": body}
                event = ocsf(int(seq or 0), number, body, (leaf or b"").hex())
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                writer.writerow(csv_row(int(seq or 0), json.loads(body)))
                events.write(json.dumps(event, ensure_ascii=False) + "\n")
            count += len(rows)
    manifest = {
        "format": "colleague-ledger-export/1",
        "entries": count,
        "part": bool(since or until),
        "public_key": signer.public.text(),
        "start": {"size": low, "frontier": start.frontier if start else []},
        "checkpoints": [p.note for p in points if low <= p.size <= high and p.size],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    return count


async def exported_zip(
    database: Database, actor: str, folder: Path, *, signer: Signer, ledger: Ledger, since: datetime | None = None,
    until: datetime | None = None,
) -> bytes:  # fmt: skip
    """Export into the empty `folder` and return its files as one zip file."""
    await export(database, actor, folder, signer=signer, ledger=ledger, since=since, until=until)
    return await asyncio.to_thread(_zip, folder)


def _zip(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return out.getvalue()


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Written last: an export that was cut off must not look whole because of an older one.
    (folder / "manifest.json").unlink(missing_ok=True)


async def _range(
    session: Session, points: Sequence[CheckpointRow], since: datetime | None, until: datetime | None
) -> tuple[int, int]:
    """Return the sizes of the checkpoints around a period: its entries are those from the first up to the second."""
    top = points[-1].size if points else 0
    query = select(func.min(EntryRow.seq), func.max(EntryRow.seq)).where(EntryRow.seq < top)
    if since is not None:
        query = query.where(EntryRow.at >= since)
    if until is not None:
        query = query.where(EntryRow.at < until)
    first, last = (await session.execute(query)).one()
    if first is None or last is None:
        return top, top
    low = max((p.size for p in points if p.size <= first), default=0)
    return low, min(p.size for p in points if p.size > last)


def _period(since: datetime | None, until: datetime | None) -> dict[str, str]:
    return {k: v.isoformat() for k, v in (("since", since), ("until", until)) if v}
