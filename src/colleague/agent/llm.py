"""A model, seen from the loop: it is given a conversation and tools, and answers one turn."""

from collections.abc import Sequence
from typing import Protocol

from colleague.agent.messages import Message, Turn
from colleague.agent.tools import ToolSpec
from colleague.kit.errors import Unavailable


class ModelUnavailable(Unavailable):
    """The model does not answer right now."""


class Llm(Protocol):
    """One model of one provider."""

    name: str

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the model's next turn for `messages` (oldest first); ModelUnavailable if it cannot answer."""
        ...
