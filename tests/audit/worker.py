"""A real process that writes or seals until it is killed: python worker.py write|seal|pause URL [FOLDER]."""

import asyncio
import sys
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

    async def put(self, note: str) -> None:
        await super().put(note)
        print("put", flush=True)
        await asyncio.sleep(60)


async def main(what: str, url: str, folder: str) -> None:
    database = Database(url, pool_size=1)
    clock = SystemClock()
    ledger = Ledger(secrets=Secrets(b"k" * 32), clock=clock)
    sink = (Slow if what == "pause" else FolderSink)(Path(folder))
    number = 0
    while True:
        if what == "write":
            async with database.transaction() as session:
                await ledger.record(session, Event("thing.done", f"worker-{folder}", subject=f"{folder}-{number}"))
            print(f"{folder}-{number}", flush=True)
            number += 1
        else:
            await seal(database, signer=SIGNER, sink=sink, clock=clock, limit=40)
            print("round", flush=True)


asyncio.run(main(*sys.argv[1:]))
