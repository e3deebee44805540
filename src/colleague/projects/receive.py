"""Files on their way into a project: read from the request, checked, not yet stored."""

from collections.abc import Sequence

from fastapi import UploadFile

from colleague.files.receive import read_uploads
from colleague.files.uploads import Upload, take_in
from colleague.identity.actor import Actor
from colleague.kit.db import Database
from colleague.policy.governance import current_governance
from colleague.projects.store import see_project


async def receive(
    actor: Actor, project: str, files: Sequence[UploadFile], *, database: Database, limit: int
) -> list[Upload]:
    """Return the checked files for a project ("" for one that is still to be made); who may not is refused first."""
    actor.require("own:tasks:use")
    async with database.transaction() as session:
        if project:
            await see_project(session, actor, project, need="member")
        governance = await current_governance(session)
    given = await read_uploads(files, limit)
    return [await take_in(name, content, limit=limit, governance=governance) for name, content in given]
