"""The words between the doors of Dispatch and what stands behind them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Channel = Literal["sms", "slack", "email", "voice", "form", "api", "mcp"]
State = Literal["silent", "refused", "answered", "confirm", "started"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, verified by the door it came in at.

    `sender` is the address as the channel knows it: «+4479…», «TEAM:USER», a mail address in small letters; "" where
    a session or token says who it is (`person`). `id` is the channel's own id of the message: the same (channel, id)
    is the same message. `at` is when it was sent, aware UTC, as far as the channel says so reliably. `reply_to` is
    where an answer in kind goes. `files` are names and contents. `holds`: what the token may do that speaks for
    `person`; None where they speak themselves.
    """

    channel: Channel
    sender: str
    id: str
    text: str = field(repr=False)
    at: datetime
    reply_to: str = ""
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    person: str = ""
    holds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is told, and what came of the message (its record, the task it started).

    `silent`: the sender is told nothing at all, because nobody knows who it is.
    """

    text: str
    state: State
    message: str = ""
    task: str = ""
