"""The sequencer: numbers what was committed, chains it into the tree, signs a checkpoint. Only one seals at a time."""

from sqlalchemy import select, text, update

from colleague.audit.signer import Public, Signer
from colleague.audit.sink import Sink, SinkUnavailable
from colleague.audit.tables import CheckpointRow, EntryRow
from colleague.audit.tree import Frontier, leaf_hash
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.errors import Conflict
from colleague.kit.log import get_log

log = get_log("seal")
_LOCK = 727020


class LedgerDamaged(Conflict):
    """The last checkpoint of the ledger was altered or is signed by another key. Nothing more is sealed onto it."""


def entry_bytes(body: str) -> bytes:
    """Return the bytes of an entry that are hashed."""
    return body.encode()


async def seal(database: Database, *, signer: Signer, sink: Sink | None, clock: Clock, limit: int = 5000) -> int:
    """Seal up to `limit` committed entries and return how many. Killed in between, nothing has happened.

    While another seals, this one does nothing; entries whose transaction commits later come into a later group.
    Raises LedgerDamaged rather than signing what does not follow from its own last checkpoint.
    """
    async with database.transaction() as session:
        if not (await session.execute(text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": _LOCK})).scalar_one():
            return 0
        query = select(EntryRow.id, EntryRow.body).where(EntryRow.seq.is_(None)).order_by(EntryRow.id).limit(limit)
        rows = (await session.execute(query)).all()
        if rows:
            last = await session.scalar(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))
            frontier = frontier_of(last, signer.public) if last else Frontier()
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


def frontier_of(row: CheckpointRow, public: Public) -> Frontier:
    """Return the frontier to go on from; LedgerDamaged unless it fits what the row's own signed note says."""
    said = public.open(row.note)
    try:
        frontier = Frontier.restore(row.size, row.frontier)
    except ValueError as error:
        raise LedgerDamaged from error
    if said is None or said.size != row.size or said.root != frontier.root():
        raise LedgerDamaged
    return frontier


async def witness(database: Database, sink: Sink) -> bool:
    """Copy checkpoints that no witness has yet, oldest first. False: it cannot be reached, the rest waits."""
    async with database.transaction() as session:
        query = select(CheckpointRow).where(CheckpointRow.witnessed.is_(False)).order_by(CheckpointRow.size).limit(100)
        for row in (await session.scalars(query.with_for_update(skip_locked=True))).all():
            try:
                await sink.put(row.note)
            except SinkUnavailable:
                log.error("checkpoint not witnessed", size=row.size)
                return False
            row.witnessed = True
    return True
