"""Is the record intact? Recomputes every hash, every root and every signature, and names what is broken first."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from colleague.audit.seal import LedgerDamaged, frontier_of
from colleague.audit.signer import Checkpoint, Public
from colleague.audit.tables import CheckpointRow, EntryRow
from colleague.audit.tree import Frontier, leaf_hash
from colleague.kit.db import Database

BATCH = 5000
COLUMNS = ("verb", "actor", "subject", "run")


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: how many entries hold, how many wait to be sealed, and every fault in plain words.

    `unwitnessed` counts checkpoints that the witness does not have yet; `key` is the verifier key that was trusted.
    """

    verified: int
    unsealed: int = 0
    findings: tuple[str, ...] = ()
    root: str = ""
    unwitnessed: int = 0
    key: str = ""

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.findings

    @property
    def sentence(self) -> str:
        """Return the result as one sentence."""
        if not self.ok:
            return f"BROKEN: {self.findings[0]}"
        number = f"{self.verified:,}".replace(",", " ")
        waiting = f", {self.unsealed} wait to be sealed" if self.unsealed else ""
        late = f", {self.unwitnessed} checkpoints have not reached the witness" if self.unwitnessed else ""
        return f"intact to entry {number}{waiting}{late}"


@dataclass(slots=True)
class Walk:
    """One pass over entries in order, checked against signed roots as their sizes are reached.

    It stops at the first fault (`finding`): what comes after a broken place proves nothing.
    """

    notes: dict[int, list[bytes]]
    frontier: Frontier = field(default_factory=Frontier)
    finding: str = ""
    good: int = 0
    last_id: int = -1
    out_of_order: int | None = None

    def take(self, seq: int, body: str, *, leaf: bytes | None = None, number: int | None = None) -> bool:
        """Take the next entry: its stored hash and row id, where there are any. False: stop, `finding` says why."""
        expected = self.frontier.size
        if seq != expected:
            word = "missing" if seq > expected else "there twice"
            self.finding = f"Entry {expected} is {word}: the next one found is {seq}."
            return False
        actual = leaf_hash(body.encode("utf-8", "surrogatepass"))
        if leaf is not None and leaf != actual:
            self.finding = f"Entry {seq} was altered: its text does not fit its hash."
            return False
        if number is not None:
            # Within one sealed group ids ascend: where they do not, entries changed places.
            if number < self.last_id and self.out_of_order is None:
                self.out_of_order = seq - 1
            self.last_id = number
        self.frontier.append(actual)
        roots = self.notes.pop(self.frontier.size, None)
        if roots is None:
            return True
        if any(root != self.frontier.root() for root in roots):
            self.finding = self._unfit()
            return False
        self.good, self.last_id, self.out_of_order = self.frontier.size, -1, None
        return True

    def _unfit(self) -> str:
        first, last = self.good, self.frontier.size - 1
        where = f"Entry {first} does" if first == last else f"Entries {first} to {last} do"
        if self.out_of_order is not None:
            return f"Entry {self.out_of_order} was swapped or replaced: {where.lower()} not fit the signed checkpoint."
        return f"{where} not fit the signed checkpoint {last + 1}: something there was altered, swapped or replaced."

    def finish(self, covered: int) -> None:
        """Say if checkpoints speak of entries that are not there, or entries (from `covered`) of no checkpoint."""
        if self.finding:
            return
        if self.notes:
            self.finding = (
                f"Entry {self.frontier.size} and all after it are missing: a signed checkpoint speaks of "
                f"{max(self.notes)} entries. The end was cut off, or an older copy of the database was put back."
            )
        elif self.frontier.size > covered:
            self.finding = f"Entry {covered} and those after it are numbered, but no signed checkpoint covers them."

    @property
    def verified(self) -> int:
        """Return how many entries hold."""
        return self.good if self.finding else self.frontier.size


def open_notes(notes: Iterable[str], public: Public) -> tuple[dict[int, list[bytes]], list[str]]:
    """Return the roots by tree size, and a finding if the signature of any checkpoint does not hold."""
    roots: dict[int, list[bytes]] = {}
    bad = 0
    for note in notes:
        checkpoint: Checkpoint | None = public.open(note)
        if checkpoint is None:
            bad += 1
        else:
            roots.setdefault(checkpoint.size, []).append(checkpoint.root)
    if not bad:
        return roots, []
    many = "A checkpoint is" if bad == 1 else f"{bad} checkpoints are"
    return roots, [f"{many} not signed by this ledger's key: forged, altered or cut short."]


def _differs(body: str, at: datetime, values: Sequence[str]) -> str:
    """Return the name of the first column that does not say what the hashed text says; "" if all do."""
    try:
        said: dict[str, Any] = json.loads(body)
        if datetime.fromisoformat(said["at"]) != at:
            return "at"
        return next((name for name, value in zip(COLUMNS, values, strict=True) if said[name] != value), "")
    except (ValueError, KeyError, TypeError, RecursionError):
        return "body"


async def _entries(session: AsyncSession) -> AsyncIterator[Sequence[Any]]:
    after = -1
    query = select(
        EntryRow.seq, EntryRow.id, EntryRow.body, EntryRow.leaf, EntryRow.at,
        EntryRow.verb, EntryRow.actor, EntryRow.subject, EntryRow.run,
    )  # fmt: skip
    while True:
        page = query.where(EntryRow.seq > after).order_by(EntryRow.seq).limit(BATCH)
        rows = (await session.execute(page)).all()
        if not rows:
            return
        yield rows
        after = int(rows[-1][0] or 0)


async def verify_database(database: Database, public: Public, witnessed: Sequence[str] = ()) -> Report:
    """Verify the whole ledger of a database against its own checkpoints and those a witness kept.

    Without witnessed checkpoints a rewrite by somebody who also holds the signing key, or an older copy of the whole
    database, cannot be seen. What is not sealed yet is not protected yet.
    """
    async with database.transaction() as session:
        # One snapshot: entries that are sealed while we read must not look uncovered.
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        points = (await session.scalars(select(CheckpointRow).order_by(CheckpointRow.size))).all()
        unsealed = await session.scalar(select(func.count()).where(EntryRow.seq.is_(None))) or 0
        freed = select(func.min(EntryRow.id)).where(EntryRow.seq.is_(None), EntryRow.leaf.is_not(None))
        taken_out = await session.scalar(freed)
        roots, findings = open_notes([*(p.note for p in points), *witnessed], public)
        walk = Walk(roots)
        async for rows in _entries(session):
            if not all(_take(walk, row) for row in rows):
                break
    walk.finish(max((c.size for p in points if (c := public.open(p.note))), default=0))
    if taken_out is not None:
        findings.append(f"The row {taken_out} was sealed once and has lost its number.")
    findings += _points(points, public)
    found = ([walk.finding] if walk.finding else []) + findings
    late = sum(not p.witnessed for p in points) if witnessed else 0
    return Report(walk.verified, unsealed, tuple(found), walk.frontier.root().hex(), late, public.text())


def _take(walk: Walk, row: Any) -> bool:
    seq, number, body, leaf, at, *values = row
    if not walk.take(seq, body, leaf=leaf, number=number):
        return False
    name = _differs(body, at, values)
    if name:
        walk.finding = f"Entry {seq} was altered: its column «{name}» does not say what its sealed text says."
    return not name


def _points(points: Sequence[CheckpointRow], public: Public) -> list[str]:
    """Return a finding for the first checkpoint whose own columns do not fit its signed note."""
    for point in points:
        if public.open(point.note) is not None:
            try:
                frontier_of(point, public)
            except LedgerDamaged:
                return [f"The checkpoint {point.size} was altered: its columns do not fit its signed note."]
    return []
