"""What the governed wrapper and the runs stand on, handed over by the composition root."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date

from colleague.audit.record import Ledger
from colleague.connectors.registry import Registry
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database, Session
from colleague.kit.errors import Unavailable
from colleague.kit.sandbox.box import Sandbox
from colleague.kit.secrets import Secrets
from colleague.library.parts import Library
from colleague.models.think import Models
from colleague.policy.engine import Engine
from colleague.policy.model import Ask

# Tells a person something by every channel: (session, person, title, text, link), with the caller's transaction.
Tell = Callable[[Session, str, str, str, str], Awaitable[object]]
# Raises for a person who has not acknowledged the governance document; asked where the organisation wants that.
Acknowledged = Callable[[Session, Actor], Awaitable[None]]

# Returns the days nobody of the organisation works besides weekends: promised times run on worked days.
FreeDays = Callable[[Session], Awaitable[Collection[date]]]

# Told that a segment of a run is over, in a transaction: what was promised of an ended task is taken up.
TakeUp = Callable[[Session, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Stood:
    """What stood in for asking: who agreed beforehand, and the id of what they agreed to."""

    by: str
    id: str


# Spends one use of what a person agreed to beforehand, in the caller's transaction: (session, task, call, question).
StandIn = Callable[[Session, str, str, Ask], Awaitable[Stood | None]]


async def nothing_stands(session: Session, task: str, call: str, ask: Ask) -> Stood | None:
    """Return that nothing was agreed to beforehand: each call is asked."""
    return None


class NobodyCanSay(Unavailable):
    """Whether you have acknowledged the governance document cannot be found out here, so no task begins."""


async def nobody_can_say(session: Session, actor: Actor) -> None:
    """Refuse: nothing was handed over that knows."""
    raise NobodyCanSay


async def no_free_days(session: Session) -> Collection[date]:
    """Return none: nothing was handed over that knows the calendar."""
    return ()


async def nothing_promised(session: Session, run: str) -> None:
    """Do nothing: nobody above tasks promised anything."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts. `stale_after`: seconds after which a worker looks again whether a run is still its own.

    `call_seconds`, `turn_seconds`: how long one call of a tool, one answer of a model may take.
    `acknowledged`: refuses a person who has not acknowledged the governance document in force.
    `stand_in`: what people agreed to beforehand, for the questions of tasks/calls/stand.py.
    `take_up`: is told of each segment that is over.
    `pause`: seconds before the first new try after trouble; it doubles each time.
    """

    database: Database
    ledger: Ledger
    clock: Clock
    engine: Engine
    registry: Registry
    secrets: Secrets
    models: Models
    sandbox: Sandbox
    library: Library
    tell: Tell
    acknowledged: Acknowledged = nobody_can_say
    stand_in: StandIn = nothing_stands
    take_up: TakeUp = nothing_promised
    free_days: FreeDays = no_free_days
    stale_after: float = 15.0
    call_seconds: float = 300.0
    turn_seconds: float = 600.0
    pause: float = 5.0
