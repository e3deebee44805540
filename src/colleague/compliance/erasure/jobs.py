"""Erasures that were confirmed are carried out at once; every ten minutes those that something kept from it."""

from colleague.compliance.erasure.carry_out import Erasing, carry_out, waiting
from colleague.compliance.erasure.propose import CARRY_OUT
from colleague.kit.queue import Queue


def add_jobs(queue: Queue, *, parts: Erasing) -> None:
    """Teach the queue to erase. Each job may be killed and done again."""

    async def work(erasure: str) -> None:
        await carry_out(erasure, parts=parts)

    async def again() -> None:
        for erasure in await waiting(parts.database):
            await carry_out(erasure, parts=parts)

    queue.add(CARRY_OUT, work, forever=True)
    queue.add("compliance.erase_again", again, every="*/10 * * * *")
