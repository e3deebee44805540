"""`colleague worker`: do durable work until stopped."""

import asyncio
from typing import Annotated

import typer

from colleague.audit.jobs import keep_sealing
from colleague.audit.siem.forward import keep_forwarding
from colleague.bootstrap import build
from colleague.kit import log, telemetry
from colleague.kit.settings import Settings


def worker(
    concurrency: Annotated[int | None, typer.Option(help="Runs advanced at the same time.")] = None,
    until_idle: Annotated[bool, typer.Option(help="End when nothing is left to do.")] = False,
) -> None:
    """Do durable work: runs, deliveries and house-keeping. Start as many as you like on one database."""
    settings = Settings()
    log.setup(level=settings.log_level)
    house = build(settings)
    end = telemetry.start(settings, "worker")

    async def work() -> None:
        database, clock, ledger = house.database, house.clock, house.ledger
        sealing = keep_sealing(database, signer=house.signer, sink=house.sink, clock=clock, ledger=ledger)
        beside = [asyncio.create_task(sealing)]
        if house.siem is not None and settings.siem:
            forwarding = keep_forwarding(database, house.siem, settings.siem, clock=clock, ledger=ledger)
            beside.append(asyncio.create_task(forwarding))
        try:
            await house.queue.run(concurrency=concurrency or settings.worker_concurrency, wait=not until_idle)
        finally:
            for task in beside:
                task.cancel()
            await house.close()

    try:
        asyncio.run(work())
    finally:
        end()
