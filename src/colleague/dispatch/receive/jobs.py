"""Durable work of what came in: take up what a killed process had begun."""

from colleague.dispatch.parts import DispatchParts
from colleague.dispatch.receive.begin import TASK, begin
from colleague.dispatch.receive.conclude import conclude
from colleague.dispatch.receive.confirm import drop_late
from colleague.dispatch.receive.forget import forget_lists
from colleague.kit.queue import Queue


def add_jobs(queue: Queue, *, parts: DispatchParts) -> None:
    """Teach `queue` to begin what was received."""

    async def work(message: str) -> None:
        await begin(message, parts=parts)

    async def late() -> None:
        await drop_late(parts=parts)

    async def ended() -> None:
        await conclude(parts=parts)

    async def forget() -> None:
        await forget_lists(parts=parts)

    queue.add(TASK, work)
    queue.add("dispatch.forget_lists", forget, every="17 * * * *")
    queue.add("dispatch.conclude", ended, every="* * * * *")
    queue.add("dispatch.drop_late", late, every="* * * * *")
