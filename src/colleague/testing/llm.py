"""A model that follows a script, or a function: no network, no surprise."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from colleague.agent.messages import Call, Message, Outcome, Said, Turn, Usage
from colleague.agent.tools import ToolSpec

Play = Callable[[Sequence[Message], Sequence[ToolSpec]], Turn | Awaitable[Turn]]


class ScriptedLlm:
    """Answers with the turns of a list, one after another, however often the worker is killed in between."""

    def __init__(self, *turns: Turn | Play, name: str = "scripted") -> None:
        """Take the turns (or functions that make one); after the last one it says «Done.»."""
        self.name, self._turns = name, turns

    def play(self, *turns: Turn | Play) -> None:
        """Play another script from now on."""
        self._turns = turns

    async def turn(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
        """Return the turn after those that the conversation already holds (stateless, so a resumed run goes on)."""
        done = sum(isinstance(m, Turn) for m in messages)
        if done >= len(self._turns):
            return Turn("Done.", usage=Usage(10, 2), model=self.name)
        return await said(self._turns[done], messages, tools)


async def said(turn: Turn | Play, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Turn:
    """Return a turn of a script, made from the conversation if it is a function."""
    made = turn if isinstance(turn, Turn) else turn(messages, tools)
    return made if isinstance(made, Turn) else await made


def call(tool: str, /, **arguments: Any) -> Turn:
    """Return a turn with one call."""
    return Turn(calls=(Call(f"c_{tool}", tool, arguments),), usage=Usage(100, 20), model="scripted")


def last_outcome(messages: Sequence[Message], tool: str) -> Outcome:
    """Return the newest outcome of `tool`; LookupError if there is none."""
    for message in reversed(messages):
        if isinstance(message, Outcome) and message.tool == tool:
            return message
    raise LookupError(tool)


def request_of(messages: Sequence[Message]) -> str:
    """Return everything the person has said."""
    return "\n".join(m.text for m in messages if isinstance(m, Said) and m.who == "person")
