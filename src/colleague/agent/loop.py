"""What to do next: a pure choice from the conversation so far. tasks/resume.py does it and saves it."""

from collections.abc import Sequence
from dataclasses import dataclass

from colleague.agent.budget import CALLS_PER_TURN, Budget, Spent, circling, exceeded
from colleague.agent.messages import Call, Message, Outcome, Said, Turn


@dataclass(frozen=True, slots=True)
class AskModel:
    """Give the conversation to the model."""


@dataclass(frozen=True, slots=True)
class UseTool:
    """Perform this call; `turn` is the position of its turn in the conversation, `position` its place in the turn.

    `following` are the calls of that turn after it: what merely reads may be performed beside it.
    """

    call: Call
    turn: int
    position: int
    following: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """The model is done: this is its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Stop with what is there, for this reason (a sentence)."""

    why: str


Move = AskModel | UseTool | Finish | GiveUp


def next_move(messages: Sequence[Message], budget: Budget, spent: Spent) -> Move:
    """Choose the next move.

    Calls of the last turn that have no outcome yet come first, in the model's order; then words a person added are
    shown to the model; a turn without calls ends the run, an empty one as a partial result. Budgets are checked before
    each model turn.
    """
    last = max((i for i, m in enumerate(messages) if isinstance(m, Turn)), default=None)
    if last is not None:
        turn = messages[last]
        assert isinstance(turn, Turn)
        answered = {m.call_id for m in messages[last + 1 :] if isinstance(m, Outcome)}
        calls = turn.calls[:CALLS_PER_TURN]
        for position, call in enumerate(calls):
            if call.id not in answered:
                return UseTool(call, last, position, calls[position + 1 :])
        told = any(isinstance(m, Said) for m in messages[last + 1 :])
        if not turn.calls and not told:
            return Finish(turn.text) if turn.text.strip() else GiveUp("The model gave no answer.")
    if why := exceeded(budget, spent) or circling(messages):
        return GiveUp(why)
    return AskModel()
