"""`colleague worker`: do durable work until stopped."""

import asyncio
from typing import Annotated

import typer

from colleague.audit.jobs import keep_sealing
from colleague.bootstrap import build
from colleague.kit import log
from colleague.kit.settings import Settings


def worker(
    concurrency: Annotated[int | None, typer.Option(help="Runs advanced at the same time.")] = None,
    until_idle: Annotated[bool, typer.Option(help="End when nothing is left to do.")] = False,
) -> None:
    """Do durable work: runs, deliveries and house-keeping. Start as many as you like on one database."""
    settings = Settings()
    log.setup(level=settings.log_level)
    house = build(settings)

    async def work() -> None:
        sealing = asyncio.create_task(
            keep_sealing(house.database, signer=house.signer, sink=house.sink, clock=house.clock, ledger=house.ledger)
        )
        try:
            await house.queue.run(concurrency=concurrency or settings.worker_concurrency, wait=not until_idle)
        finally:
            sealing.cancel()
            await house.close()

    asyncio.run(work())
