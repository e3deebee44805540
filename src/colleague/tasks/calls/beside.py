"""Reads of one turn, performed beside each other: begun in order, at most a few at once, concluded in order.

What comes back first waits for those before it, so the record and the model see the order of the turn.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

from colleague.agent.messages import Call
from colleague.connectors.connector import Result
from colleague.policy.model import Effect
from colleague.tasks.calls.weigh import Weighed
from colleague.tasks.tables import CallRow

AT_ONCE = 4
LOOK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Flight:
    """A call that was decided, put on record and begun, and is not concluded yet."""

    row: CallRow
    call: Call
    weighed: Weighed
    work: asyncio.Task[Result | Exception]


def may_join(weighed: Weighed, flying: Collection[Weighed]) -> bool:
    """Say whether a call may be performed beside those that are under way: all merely read, allowed without asking.

    INVARIANT: a decision sees the label of everything the run had read when the model wrote the call. The model wrote
    all calls of a turn before any of them was performed, so the arguments of a read can hold nothing of a read beside
    it, and that one's label says nothing about them. All earlier turns are concluded: a model is not asked before. And
    what could carry anything out waits until the reads before it are concluded: a call that communicates, modifies or
    writes never joins, nor does a read whose arguments leave the organisation join one whose do not.
    """
    tool = weighed.bound.tool
    if weighed.decision.effect is not Effect.ALLOW or not weighed.bound.merely_reads or tool.alone:
        return False
    return not tool.egress or all(other.bound.tool.egress for other in flying)


async def side_by_side(
    first: Flight,
    begin: Callable[[list[Weighed]], Awaitable[Flight | None]],
    conclude: Callable[[Flight, Result | Exception], Awaitable[None]],
    look: Callable[[], Awaitable[None]],
) -> None:
    """Perform `first` and what `begin` adds (None: nothing more), and `conclude` each in the order it was begun.

    While it waits, `look` raises when the person stops the run or another worker takes it. Whatever is raised ends all:
    what is under way is given up without an outcome, to be closed (stopped) or repeated (it merely reads) later.
    """
    flying, more = deque([first]), True
    try:
        while flying:
            while more and len(flying) < AT_ONCE:
                flight = await begin([f.weighed for f in flying])
                if flight is None:
                    more = False
                else:
                    flying.append(flight)
            while not (await asyncio.wait({flying[0].work}, timeout=LOOK_EVERY))[0]:
                await look()
            came = flying[0].work.result()
            await conclude(flying[0], came)
            flying.popleft()
    finally:
        for flight in flying:
            flight.work.cancel()
        for flight in flying:
            with suppress(asyncio.CancelledError, Exception):
                await flight.work
