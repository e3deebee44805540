"""The durable work of the library: bring one set up to date, the files of a project, and every set now and then."""

from sqlalchemy import select

from colleague.kit.queue import Queue, enqueue
from colleague.library.index import index_set
from colleague.library.parts import Library
from colleague.library.sets import files_set, index_job
from colleague.library.tables import SetRow
from colleague.projects.store import ProjectNotFound


def add_jobs(queue: Queue, *, library: Library) -> None:
    """Teach the queue to index."""

    async def index(set_id: str) -> None:
        await index_set(set_id, library=library)

    async def project(project: str) -> None:
        async with library.database.transaction() as session:
            try:
                await enqueue(session, index_job(await files_set(session, project, library)))
            except ProjectNotFound:
                return

    async def every() -> None:
        async with library.database.transaction() as session:
            for set_id in await session.scalars(select(SetRow.id).order_by(SetRow.id)):
                await enqueue(session, index_job(set_id))

    queue.add("library.index", index)
    queue.add("library.project", project)
    queue.add("library.refresh", every, every="*/10 * * * *")
