"""A worker process that keeps time until it is killed: looks each moment whose turn it is, and starts what is due."""

import asyncio
from pathlib import Path

from colleague.agent.messages import Turn
from colleague.bootstrap import build
from colleague.dispatch.schedules.due import tick
from colleague.kit import log
from colleague.kit.queue import HOUSE
from colleague.kit.settings import Settings
from colleague.testing.chaos import QUICK
from colleague.testing.connector import FakeConnector
from colleague.testing.llm import ScriptedLlm


def keep_time(url: str, folder: str) -> None:
    """Be a worker process on the database `url` until killed."""
    log.setup(level="ERROR")
    settings = Settings(data_dir=Path(folder), database_url=url, model="play", **QUICK)
    house = build(settings, models={"play": ScriptedLlm(Turn("Done."), name="play")}, connectors=[FakeConnector()])

    async def look() -> None:
        while True:
            await tick(parts=house.scheduling)
            await asyncio.sleep(0.05)

    async def both() -> None:
        await asyncio.gather(look(), house.queue.run(concurrency=2, queues=[HOUSE]))

    asyncio.run(both())
