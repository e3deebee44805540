"""Assumptions as a form, a program and the command line give them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from colleague.rollout.readout.assume import Assumed

Amount = Annotated[float, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]


class GivenAssumptions(BaseModel):
    """What the cost model assumes; `after` is the version it was made from, 0 for none."""

    model_config = ConfigDict(extra="ignore")

    currency: Annotated[str, Field(max_length=3)] = "EUR"
    seat: Amount = 0
    hour: Amount
    fixed: Amount = 0
    once: Amount = 0
    rate: Amount = 1
    source: Annotated[str, Field(max_length=1000)]
    after: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    def assumed(self) -> Assumed:
        """Return them as the deed takes them."""
        return Assumed(self.currency, self.seat, self.hour, self.fixed, self.once, self.rate, self.source)
