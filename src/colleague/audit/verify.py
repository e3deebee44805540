"""Is the record intact? Recomputes every hash, every root and every signature, and names what is broken first."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from colleague.audit.signer import Checkpoint, Public
from colleague.audit.tables import CheckpointRow, EntryRow
from colleague.audit.tree import Frontier, leaf_hash
from colleague.kit.db import Database
from colleague.kit.errors import Invalid

BATCH = 5000


class ExportUnreadable(Invalid):
    """This is not an export of the ledger, or it is incomplete."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: how many entries hold, how many wait to be sealed, and every fault in plain words."""

    verified: int
    unsealed: int = 0
    findings: tuple[str, ...] = ()
    root: str = ""

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.findings

    @property
    def sentence(self) -> str:
        """Return the result as one sentence."""
        waiting = f", {self.unsealed} wait to be sealed" if self.unsealed else ""
        if self.ok:
            number = f"{self.verified:,}".replace(",", " ")
            return f"intact to entry {number}{waiting}"
        return f"BROKEN: {self.findings[0]}"


@dataclass(slots=True)
class Walk:
    """One pass over entries in order, checked against checkpoints as their sizes are reached."""

    notes: dict[int, list[bytes]]
    frontier: Frontier = field(default_factory=Frontier)
    findings: list[str] = field(default_factory=list)

    def take(self, seq: int, body: str, stored: bytes | None) -> None:
        """Take the next entry."""
        expected = self.frontier.size
        if seq != expected and not self.findings:
            word = "missing" if seq > expected else "there twice"
            self.findings.append(f"Entry {expected} is {word}: the next one found is {seq}.")
        leaf = leaf_hash(body.encode())
        if stored is not None and leaf != stored and not self.findings:
            self.findings.append(f"Entry {seq} was altered: its text does not fit its hash.")
        self.frontier.append(leaf)
        for root in self.notes.pop(self.frontier.size, ()):
            if root != self.frontier.root() and not self.findings:
                self.findings.append(
                    f"Entries up to {self.frontier.size - 1} do not fit the signed checkpoint {self.frontier.size}: "
                    "something in them was altered, swapped or replaced."
                )

    def finish(self) -> None:
        """Say if checkpoints speak of entries that are not there."""
        if self.notes and not self.findings:
            most = max(self.notes)
            self.findings.append(
                f"A signed checkpoint speaks of {most} entries, but only {self.frontier.size} are there: "
                "the end was cut off, or an older copy of the database was put back."
            )


def open_notes(notes: Iterable[str], public: Public) -> tuple[dict[int, list[bytes]], list[str]]:
    """Return the roots by tree size, and a finding for each checkpoint whose signature does not hold."""
    roots: dict[int, list[bytes]] = {}
    findings = []
    for note in notes:
        checkpoint: Checkpoint | None = public.open(note)
        if checkpoint is None:
            findings.append("A checkpoint is not signed by this ledger's key: it was forged or altered.")
        else:
            roots.setdefault(checkpoint.size, []).append(checkpoint.root)
    return roots, findings


async def _entries(database: Database) -> AsyncIterator[Sequence[tuple[int, str, bytes | None]]]:
    after = -1
    while True:
        async with database.transaction() as session:
            query = select(EntryRow.seq, EntryRow.body, EntryRow.leaf).where(EntryRow.seq > after)
            rows = (await session.execute(query.order_by(EntryRow.seq).limit(BATCH))).tuples().all()
        if not rows:
            return
        batch = [(seq, body, leaf) for seq, body, leaf in rows if seq is not None]
        yield batch
        after = batch[-1][0]


async def verify_database(database: Database, public: Public, witnessed: Sequence[str] = ()) -> Report:
    """Verify the whole ledger of a database against its own checkpoints and those a witness kept.

    Without witnessed checkpoints a rewrite by somebody who also holds the signing key, or an older copy of the whole
    database, cannot be seen.
    """
    async with database.transaction() as session:
        notes = (await session.scalars(select(CheckpointRow.note))).all()
        unsealed = await session.scalar(select(func.count()).where(EntryRow.seq.is_(None))) or 0
    roots, findings = open_notes([*notes, *witnessed], public)
    walk = Walk(roots, findings=findings)
    async for batch in _entries(database):
        for seq, body, leaf in batch:
            walk.take(seq, body, leaf)
    walk.finish()
    last = max((c.size for n in notes if (c := public.open(n))), default=0)
    if walk.frontier.size > last and not walk.findings:
        walk.findings.append(f"Entries after {last} are numbered but no signed checkpoint covers them.")
    return Report(walk.frontier.size, unsealed, tuple(walk.findings), walk.frontier.root().hex())


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            yield int(row["seq"]), str(row["body"])


def verify_export(folder: Path, public: Public | None = None, witnessed: Sequence[str] = ()) -> Report:
    """Verify an export offline. `public` is the key you trust; without it the export's own key is taken and named."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        key = public or Public.parse(manifest["public_key"])
        roots, findings = open_notes([*manifest["checkpoints"], *witnessed], key)
        start = manifest["start"]
        walk = Walk({s: r for s, r in roots.items() if s > start["size"]}, findings=findings)
        walk.frontier = Frontier(start["size"], [bytes.fromhex(n) for n in start["frontier"]])
        if start["size"] and walk.frontier.root() not in roots.get(start["size"], ()):
            walk.findings.append("The start of the export does not fit its signed checkpoint.")
        for seq, body in _lines(folder / "entries.jsonl"):
            walk.take(seq, body, None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportUnreadable from error
    walk.finish()
    return Report(walk.frontier.size, 0, tuple(walk.findings), walk.frontier.root().hex())
