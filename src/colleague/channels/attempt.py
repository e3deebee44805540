"""One attempt to send something, and what came of it: the rule by which nothing is sent twice, for all that is sent."""

from collections.abc import Awaitable
from dataclasses import dataclass

from colleague.kit.errors import Conflict, Failure, Unavailable

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Came:
    """What came of an attempt: the state to keep (`done`, waiting, unknown, failed) and why.

    `again` is to be raised once that is kept, so that the queue tries later.
    """

    state: str
    why: str = ""
    again: Unavailable | None = None


async def attempt(sending: Awaitable[object], number: int, *, done: str) -> Came:
    """Await `sending`, the attempt with this number, and say what came of it.

    Unavailable: surely not sent, to be tried again up to five times. Conflict: nobody can say, so it is not.
    """
    try:
        await sending
    except Unavailable as error:
        return Came("failed", error.message) if number >= ATTEMPTS else Came("waiting", error.message, error)
    except Conflict as error:
        return Came("unknown", error.message)
    except Failure as error:
        return Came("failed", error.message)
    return Came(done)
