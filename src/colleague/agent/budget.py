"""How far a run may go: steps, tokens, money and time; and when a model goes in circles. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from colleague.agent.messages import Message, Said, Turn, Usage
from colleague.kit.canonical import canonical

SAME_CALL_LIMIT = 4
CALLS_PER_TURN = 16


@dataclass(frozen=True, slots=True)
class Budget:
    """Ceilings of one run (R11). `micros` are millionths of the organisation's currency; `seconds` is working time."""

    steps: int = 80
    tokens: int = 2_000_000
    micros: int = 5_000_000
    seconds: float = 1800

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Budget":
        """Read what `asdict` wrote."""
        return Budget(**value)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has used so far."""

    steps: int = 0
    tokens: int = 0
    micros: int = 0
    seconds: float = 0

    def plus(self, usage: Usage, *, steps: int = 1, seconds: float = 0) -> "Spent":
        """Return the sum after one more model turn."""
        return replace(
            self,
            steps=self.steps + steps,
            tokens=self.tokens + usage.input_tokens + usage.output_tokens,
            micros=self.micros + usage.micros,
            seconds=self.seconds + seconds,
        )

    def __add__(self, other: "Spent") -> "Spent":
        """Return the sum of both: a run and its sub-agents spend from one budget."""
        return Spent(
            self.steps + other.steps, self.tokens + other.tokens, self.micros + other.micros,
            self.seconds + other.seconds,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the sums as JSON."""
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Spent":
        """Read what `to_json` wrote."""
        return Spent(**value)


def exceeded(budget: Budget, spent: Spent) -> str | None:
    """Say which ceiling is reached, as a sentence, or None."""
    if spent.steps >= budget.steps:
        return f"The limit of {budget.steps} steps is reached."
    if spent.tokens >= budget.tokens:
        return f"The limit of {budget.tokens:,} tokens is reached."
    if spent.micros >= budget.micros:
        return f"The cost limit of {budget.micros / 1_000_000:.2f} is reached."
    if spent.seconds >= budget.seconds:
        return f"The limit of {budget.seconds / 60:.0f} minutes of work is reached."
    return None


def circling(messages: Sequence[Message]) -> str | None:
    """Say so, as a sentence, if the model repeats one call with the same arguments over and over; else None.

    Only the trailing turns count: another call in between breaks a circle, and so do words of the person.
    """
    told = max((i for i, m in enumerate(messages) if isinstance(m, Said)), default=-1)
    turns = [m for m in messages[told + 1 :] if isinstance(m, Turn) and m.calls]
    last = [canonical([(c.tool, c.arguments) for c in t.calls]) for t in turns[-SAME_CALL_LIMIT:]]
    if len(last) == SAME_CALL_LIMIT and len(set(last)) == 1:
        return f"The model made the same call {SAME_CALL_LIMIT} times in a row."
    return None
