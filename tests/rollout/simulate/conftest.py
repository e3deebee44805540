"""An empty house whose clock is moved, for rollouts that are played."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from colleague.bootstrap import House, build
from colleague.kit.settings import Settings
from colleague.rollout.simulate.model import Scenario
from colleague.rollout.simulate.moved import MovedClock
from colleague.rollout.simulate.parts import Parts
from colleague.rollout.simulate.play import play
from colleague.rollout.simulate.report import Line


@asynccontextmanager
async def stage(url: str, folder: Path) -> AsyncIterator[tuple[House, Parts]]:
    """Give a house without people, and its parts."""
    clock = MovedClock(datetime(2026, 1, 5, tzinfo=UTC))
    house = build(Settings(data_dir=folder, database_url=url), clock=clock, connectors=())
    yield house, Parts(
        house.database, house.ledger, clock, house.signer, house.engine, house.registry, house.reach, house.groups
    )  # fmt: skip
    await house.close()


async def played(parts: Parts, scenario: Scenario) -> list[Line]:
    """Play a scenario to its end."""
    return [line async for line in play(parts, scenario)]
