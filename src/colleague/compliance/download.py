"""What is held about a person, as an answer to a browser or program that leaves nothing behind on this machine."""

import tempfile
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from colleague.audit.record import Ledger
from colleague.compliance.access import export_data
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database


async def zipped(database: Database, actor: Actor, person_id: str, *, ledger: Ledger, clock: Clock) -> Response:
    """Return what is held about a person as a download. Raises what `export_data` raises."""
    folder = tempfile.TemporaryDirectory(prefix="colleague-access-")
    file = Path(folder.name) / "data.zip"
    try:
        await export_data(database, actor, person_id, file, ledger=ledger, clock=clock)
    except BaseException:
        folder.cleanup()
        raise
    done = BackgroundTask(folder.cleanup)
    return FileResponse(file, media_type="application/zip", filename="personal-data.zip", background=done)
