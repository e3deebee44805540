"""Files on their way into a project: read from the request, checked, not yet stored."""

from collections.abc import Sequence

from fastapi import UploadFile

from colleague.audit.record import Ledger
from colleague.files.receive import read_uploads
from colleague.files.uploads import Upload, admit
from colleague.identity.actor import Actor
from colleague.kit.db import Database
from colleague.projects.store import see_project


async def receive(
    actor: Actor, project: str, files: Sequence[UploadFile], *, database: Database, ledger: Ledger, limit: int
) -> list[Upload]:
    """Return the checked files for a project ("" for one that is still to be made); who may not is refused first."""
    actor.require("own:tasks:use")
    if project:
        async with database.transaction() as session:
            await see_project(session, actor, project, need="member")
    given = await read_uploads(files, limit)
    return await admit(actor, given, database=database, ledger=ledger, limit=limit)
