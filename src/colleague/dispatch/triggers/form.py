"""A trigger as a form and as JSON say it."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from colleague.dispatch.triggers.define import BadTrigger
from colleague.dispatch.triggers.model import Wording
from colleague.policy.model import Phase, Tier

TIERS = {"read": "read: look, summarise, draft", "communicate": "communicate: also send, after a person has confirmed",
         "modify": "modify: also change things elsewhere, after approval"}  # fmt: skip
PHASES = {phase.name.lower(): phase.name.lower() for phase in Phase}


class Given(BaseModel):
    """A trigger as it is written. `ceiling` is money, `who` are ids of teams and `role:NAME`."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(max_length=80)] = ""
    pattern: Annotated[str, Field(max_length=1000)] = ""
    about: Annotated[str, Field(max_length=1000)] = ""
    example: Annotated[str, Field(max_length=1000)] = ""
    goal: Annotated[str, Field(max_length=10_000)] = ""
    use_case: Annotated[str, Field(max_length=300)] = ""
    tier: Annotated[str, Field(max_length=20)] = ""
    phase: Annotated[str, Field(max_length=20)] = "pilot"
    delivery: Annotated[str, Field(max_length=20)] = "reply"
    ceiling: Annotated[str, Field(max_length=20)] = "1.00"
    who: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)] = []

    def wording(self) -> Wording:
        """Return what was written as a wording; BadTrigger without a tier, a phase, or a ceiling (DI-7)."""
        if self.tier not in TIERS:
            raise BadTrigger(why="map it to a tier: read, communicate or modify")
        if self.phase not in PHASES:
            raise BadTrigger(why=f"its phase is one of {', '.join(PHASES)}")
        try:
            micros = int(Decimal(self.ceiling.strip().replace(",", ".")) * 1_000_000)
        except (ArithmeticError, ValueError):
            raise BadTrigger(why="the ceiling of a run is a sum of money, like 1.00") from None
        return Wording(
            self.name, self.pattern, self.about, self.example, self.goal, self.use_case, Tier[self.tier.upper()],
            tuple(self.who), micros, self.delivery, Phase[self.phase.upper()],
        )  # fmt: skip
