"""The plan of a run: numbered steps and the one it is at (R2: «3 of 7»)."""

from dataclasses import dataclass
from typing import Any

from colleague.kit.errors import Invalid

MAX_STEPS, MAX_LENGTH = 20, 200


class BadPlan(Invalid):
    """A plan has 1 to 20 steps of at most 200 characters, and `current` is one of them (or one more when done)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in words; `current` counts from 1, len(steps)+1 means that all are done."""

    steps: tuple[str, ...] = ()
    current: int = 0

    @staticmethod
    def make(steps: list[str], current: int) -> "Plan":
        """Check and return a plan; BadPlan if it cannot be one."""
        clean = tuple(" ".join(s.split()) for s in steps)
        if not 1 <= len(clean) <= MAX_STEPS or any(not s or len(s) > MAX_LENGTH for s in clean):
            raise BadPlan
        if not 1 <= current <= len(clean) + 1:
            raise BadPlan
        return Plan(clean, current)

    @property
    def done(self) -> bool:
        """Say whether every step is done."""
        return bool(self.steps) and self.current > len(self.steps)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON."""
        return {"steps": list(self.steps), "current": self.current}

    @staticmethod
    def from_json(value: dict[str, Any]) -> "Plan":
        """Read what `to_json` wrote."""
        return Plan(tuple(value.get("steps", ())), value.get("current", 0))
