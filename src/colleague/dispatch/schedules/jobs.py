"""The durable work of schedules: a look each minute, a job for each slot, a look into each watched folder."""

from colleague.dispatch.schedules.begin import begin, look
from colleague.dispatch.schedules.conclude import conclude
from colleague.dispatch.schedules.due import tick
from colleague.dispatch.schedules.leave import pause_all
from colleague.dispatch.schedules.parts import Scheduling
from colleague.dispatch.schedules.store import BEGIN
from colleague.dispatch.schedules.watch import LOOK
from colleague.identity.people import PAUSE_ALL
from colleague.kit.queue import Queue


def add_jobs(queue: Queue, *, parts: Scheduling) -> None:
    """Teach the queue to keep time."""

    async def turn() -> None:
        await tick(parts=parts)
        await conclude(parts=parts)

    async def start(slot: str) -> None:
        await begin(slot, parts=parts)

    async def watch(schedule: str) -> None:
        await look(schedule, parts=parts)

    async def leave(person: str) -> None:
        await pause_all(person, parts=parts)

    queue.add("dispatch.schedules.tick", turn, every="* * * * *")
    queue.add(BEGIN, start, forever=True)
    queue.add(LOOK, watch)
    queue.add(PAUSE_ALL, leave, forever=True)
