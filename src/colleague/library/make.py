"""Make a set from uploaded files: a project holds them, and its people are those who may ask."""

from collections.abc import Sequence

from colleague.files.uploads import Upload
from colleague.identity.actor import Actor
from colleague.kit.db import Session
from colleague.kit.queue import enqueue
from colleague.library.parts import Library
from colleague.library.sets import BadSet, files_set, index_job, rename_set
from colleague.projects.manage import add_project_files, create_project


async def create_upload_set(
    session: Session, actor: Actor, name: str, uploads: Sequence[Upload], *, project: str = "", library: Library
) -> str:
    """Put checked files into `project` (or a new one of this name) and return the set of its files.

    Raises BadSet, BadProject, what `add_project_files` raises.
    """
    if not uploads:
        raise BadSet(why="choose files, or folders that are open to you")
    fresh = not project
    if fresh:
        project = await create_project(session, actor, name, ledger=library.ledger, clock=library.clock)
    await add_project_files(session, actor, project, uploads, ledger=library.ledger, clock=library.clock)
    made = await files_set(session, project, library)
    if fresh:
        await rename_set(session, actor, made, name, library=library)
    await enqueue(session, index_job(made))
    return made
