"""A channel: one way to bring a notice to a person, and, for those with addresses, a message to one of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from colleague.kit.errors import Conflict, Invalid, Unavailable
from colleague.kit.mail import Part


class NotTaken(Invalid):
    """The {channel} service did not take the message: {why}."""


class TakenUnknown(Conflict):
    """It is not known whether the {channel} service took the message: it is not sent again."""


class TryLater(Unavailable):
    """The {channel} service takes nothing just now; the message was not sent."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A few words for one person, and where to go on. `link` is a path of this installation.

    `text` may come from documents; only what shows it to its person after a sign-in, or was cleared for it, has it.
    """

    id: str
    person: str
    title: str
    text: str
    link: str
    at: datetime
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a notice is for: what a channel may know of them. `addresses`: the ones they proved, by kind."""

    name: str
    email: str
    addresses: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """Words to one address. `key`: the same key is the same message, where a service can tell. `parts` go by mail.

    `answers` is the Message-ID of the mail that this one answers.
    """

    to: str = field(repr=False)
    title: str
    text: str = field(repr=False)
    key: str
    parts: tuple[Part, ...] = ()
    answers: str = ""


class Channel(Protocol):
    """One way. Delivering twice with the same notice must not show it twice where that can be prevented."""

    kind: str
    title: str

    async def deliver(self, notice: Notice, reader: Reader) -> None:
        """Bring the notice to the reader. Unavailable: surely not delivered, try again later.

        Conflict: nobody can say whether it arrived; it is not tried again.
        """
        ...


@runtime_checkable
class Writer(Protocol):
    """A channel that can write to one address."""

    kind: str
    title: str

    async def write(self, message: Message) -> None:
        """Send the message. Unavailable: surely not sent. Conflict: nobody can say. Invalid: it never will be."""
        ...
