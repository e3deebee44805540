"""For verbs that act on the database directly: open the house, act as a named person, close it again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from colleague.bootstrap import House, build
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of
from colleague.kit import log
from colleague.kit.settings import Settings

T = TypeVar("T")


def with_house(work: Callable[[House], Awaitable[T]]) -> T:
    """Build the house, do `work` with it, and close it."""
    settings = Settings()
    log.setup(level="ERROR")
    house = build(settings)

    async def run() -> T:
        try:
            return await work(house)
        finally:
            await house.close()

    return asyncio.run(run())


async def act_as(house: House, email: str) -> Actor:
    """Return the person with this mail address as an actor at the command line; PersonNotFound if there is none."""
    async with house.database.transaction() as session:
        return await actor_of(session, email=email, via="cli")
