"""A real process that writes or seals until it is killed."""

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.audit.seal import seal
from colleague.audit.signer import Signer
from colleague.audit.sink import FolderSink
from colleague.kit.clock import SystemClock
from colleague.kit.db import Database
from colleague.kit.secrets import Secrets

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"s" * 32))


class Slow(FolderSink):
    """A witness that takes so long that its caller can be killed after it has the note, before it is known."""

    def __init__(self, folder: Path, told: "Connection[str, str]") -> None:
        super().__init__(folder)
        self.told = told

    async def put(self, note: str) -> None:
        await super().put(note)
        self.told.send("put")
        await asyncio.sleep(60)


def work(what: str, url: str, folder: str, told: "Connection[str, str]") -> None:
    """Write, seal or pause, and tell each thing when it is done."""
    asyncio.run(_work(what, url, folder, told))


async def _work(what: str, url: str, folder: str, told: "Connection[str, str]") -> None:
    database = Database(url, pool_size=1)
    clock = SystemClock()
    ledger = Ledger(secrets=Secrets(b"k" * 32), clock=clock)
    sink = Slow(Path(folder), told) if what == "pause" else FolderSink(Path(folder))
    number = 0
    while True:
        if what == "write":
            async with database.transaction() as session:
                await ledger.record(session, Event("thing.done", f"worker-{folder}", subject=f"{folder}-{number}"))
            told.send(f"{folder}-{number}")
            number += 1
        else:
            await seal(database, signer=SIGNER, sink=sink, clock=clock, limit=40)
            told.send("round")
