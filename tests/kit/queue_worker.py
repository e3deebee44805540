"""A real worker process for the tests of the queue: python queue_worker.py URL NAME."""

import asyncio
import sys

import psycopg

from colleague.kit.queue import RUNS, Queue


async def main(url: str, name: str) -> None:
    async def note(what: str, seconds: float = 0.0) -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("INSERT INTO marks (worker, what) VALUES (%s, %s)", (name, f"start {what}"))
        await asyncio.sleep(seconds)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("INSERT INTO marks (worker, what) VALUES (%s, %s)", (name, f"end {what}"))

    async def tick() -> None:
        await note("tick")

    queue = Queue(url, heartbeat=0.2, stalled=1.5)
    queue.add("note", note, queue=RUNS)
    queue.add("tick", tick, every="* * * * * */2")
    print("ready", flush=True)
    await queue.run(concurrency=2)


asyncio.run(main(*sys.argv[1:]))
