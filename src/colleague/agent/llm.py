"""A model, seen from the loop: it is given a conversation and tools, and answers one turn."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, runtime_checkable

from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec
from colleague.kit.errors import Unavailable

Hear = Callable[[str], Awaitable[None]]


class ModelUnavailable(Unavailable):
    """The model does not answer right now."""

    def __init__(self, message: str | None = None, /, *, retry_after: float = 0, **details: object) -> None:
        """Take the message, and the seconds after which the provider asks to be tried again (0: it did not say)."""
        super().__init__(message, **details)
        self.retry_after = retry_after


class ModelRejects(Unavailable):
    """The model provider does not accept this, and trying again will not help: a person must change something."""


class Llm(Protocol):
    """One model of one provider."""

    name: str

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the model's next turn for `messages` (oldest first).

        Raises ModelUnavailable if it cannot answer now, ModelRejects if it never will as things are.
        """
        ...


@runtime_checkable
class Speaking(Protocol):
    """A model whose words can be heard while it speaks."""

    async def speak(self, messages: Sequence[Message], tools: Sequence[ToolSpec], hear: Hear) -> Turn:
        """As `Llm.turn`; `hear` is given the whole text so far, again and again. What it heard is no record."""
        ...
