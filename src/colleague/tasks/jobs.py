"""The durable work of tasks: one job, a segment of a run."""

from colleague.kit.queue import RUNS, Queue
from colleague.tasks.parts import Parts
from colleague.tasks.resume import resume


def add_jobs(queue: Queue, *, parts: Parts) -> None:
    """Teach the queue to resume runs."""

    async def work(run: str, segment: int, outage: int = 0) -> None:
        await resume(run, segment, outage, parts=parts)

    queue.add("tasks.resume", work, queue=RUNS, forever=True)
