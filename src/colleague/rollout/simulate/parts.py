"""What a simulation stands on: a house of its own, and how deeds are done in it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from colleague.adoption.groups import Groups
from colleague.audit.record import Ledger
from colleague.audit.signer import Signer
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.identity.directory import actor_of
from colleague.kit.db import Database, Session
from colleague.policy.engine import Engine
from colleague.rollout.simulate.moved import MovedClock
from colleague.usecases.around import Reach

T = TypeVar("T")


async def untold(session: Session, person: str, title: str, text: str, link: str) -> None:
    """Tell nobody: the people are invented, and nothing waits to be sent when somebody opens the house."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a house whose clock is moved."""

    database: Database
    ledger: Ledger
    clock: MovedClock
    signer: Signer
    engine: Engine
    registry: Registry
    reach: Reach
    groups: Groups

    async def do(self, deed: Callable[..., Awaitable[T]], who: Actor, *things: Any, **more: Any) -> T:
        """Do a deed as somebody, in a transaction of its own; it is given the ledger and the clock."""
        async with self.database.transaction() as session:
            return await deed(session, who, *things, ledger=self.ledger, clock=self.clock, **more)

    async def as_now(self, person: str) -> Actor:
        """Return somebody with the roles they hold now, at the page."""
        async with self.database.transaction() as session:
            return await actor_of(session, person_id=person, via="page")
