"""A channel: one way to bring a notice to a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Notice:
    """A few words for one person, and where to go on. `link` is a path of this installation."""

    id: str
    person: str
    title: str
    text: str
    link: str
    at: datetime
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a notice is for: what a channel may know of them."""

    name: str
    email: str


class Channel(Protocol):
    """One way. Delivering twice with the same notice must not show it twice where that can be prevented."""

    kind: str
    title: str

    async def deliver(self, notice: Notice, reader: Reader) -> None:
        """Bring the notice to the reader. Unavailable: surely not delivered, try again later.

        Conflict: nobody can say whether it arrived; it is not tried again.
        """
        ...
