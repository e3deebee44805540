"""The sequencer: numbers what was committed, chains it into the tree, signs a checkpoint. Only one seals at a time."""

from sqlalchemy import select, text, update

from colleague.audit.signer import Signer
from colleague.audit.sink import Sink, SinkUnavailable
from colleague.audit.tables import CheckpointRow, EntryRow
from colleague.audit.tree import Frontier, leaf_hash
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.log import get_log

log = get_log("seal")
_LOCK = 727020


def entry_bytes(body: str) -> bytes:
    """Return the bytes of an entry that are hashed."""
    return body.encode()


async def seal(database: Database, *, signer: Signer, sink: Sink | None, clock: Clock, limit: int = 5000) -> int:
    """Seal up to `limit` committed entries and return how many. Killed in between, nothing has happened.

    Two that seal at once wait for each other; entries whose transaction commits later come into a later group.
    """
    async with database.transaction() as session:
        if not (await session.execute(text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": _LOCK})).scalar_one():
            return 0
        query = select(EntryRow.id, EntryRow.body).where(EntryRow.seq.is_(None)).order_by(EntryRow.id).limit(limit)
        rows = (await session.execute(query)).tuples().all()
        if rows:
            last = await session.scalar(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))
            frontier = Frontier(last.size, [bytes.fromhex(n) for n in last.frontier]) if last else Frontier()
            values = []
            for number, body in rows:
                leaf = leaf_hash(entry_bytes(body))
                values.append({"id": number, "seq": frontier.size, "leaf": leaf})
                frontier.append(leaf)
            await session.execute(update(EntryRow), values)
            note = signer.sign(frontier.size, frontier.root())
            nodes = [n.hex() for n in frontier.nodes]
            session.add(CheckpointRow(size=frontier.size, note=note, frontier=nodes, at=clock.now(), witnessed=False))
    if sink is not None:
        await witness(database, sink)
    return len(rows)


async def witness(database: Database, sink: Sink) -> int:
    """Copy checkpoints that no witness has yet, oldest first; a failure leaves them for the next time."""
    count = 0
    async with database.transaction() as session:
        query = select(CheckpointRow).where(CheckpointRow.witnessed.is_(False)).order_by(CheckpointRow.size).limit(100)
        for row in (await session.scalars(query.with_for_update(skip_locked=True))).all():
            try:
                await sink.put(row.note)
            except SinkUnavailable:
                log.error("checkpoint not witnessed", size=row.size)
                break
            row.witnessed = True
            count += 1
    return count
