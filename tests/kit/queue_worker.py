"""A real worker process for the tests of the queue: python queue_worker.py URL NAME.

A note whose seconds are below zero ends when there is a mark «go NAME»: no clock says when.
"""

import asyncio
import sys

import psycopg

from colleague.kit.queue import RUNS, Queue


async def main(url: str, name: str) -> None:
    async def note(what: str, seconds: float = 0.0) -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("INSERT INTO marks (worker, what) VALUES (%s, %s)", (name, f"start {what}"))
        await asyncio.sleep(max(seconds, 0))
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while seconds < 0 and not await told(connection):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await connection.execute("INSERT INTO marks (worker, what) VALUES (%s, %s)", (name, f"end {what}"))

    async def told(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> bool:
        found = await connection.execute("SELECT 1 FROM marks WHERE what = %s", (f"go {name}",))
        return await found.fetchone() is not None

    async def tick() -> None:
        await note("tick")

    queue = Queue(url, heartbeat=0.2, stalled=3)
    queue.add("note", note, queue=RUNS)
    queue.add("tick", tick, every="* * * * * */1")
    print("ready", flush=True)
    await queue.run(concurrency=2)


asyncio.run(main(*sys.argv[1:]))
