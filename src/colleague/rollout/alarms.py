"""What the programme is warned of: use that fell, seats that ran ahead of onboarding, a phase or review overdue.

Sources: PH-1 to PH-4 (the planned window), PH-8, PH-10. Pure; `watch.py` looks every day and opens items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from colleague.policy.model import Phase
from colleague.rollout.model import ActiveWeek, Criterion
from colleague.rollout.phases import PHASES

LOW, GROWTH, ONBOARDED = 0.2, 3.0, 0.8
CATALOGUE: Final = "quarterly-review"
REVIEW_DUE: Final = (
    "The governance review of the quarter is overdue (92 days): nothing new goes into the catalogue until it was held."
)


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at once a day. `week`: how many weeks of the phase count, the running one among them (PH-1).

    `new`: people who got a seat within thirty days; `onboarded`: how many of them finished.
    """

    phase: Phase
    week: int
    weeks: Sequence[ActiveWeek]
    seats: int
    seats_before: int
    new: int
    onboarded: int
    quarterly: Criterion | None = None


def alarms(look: Look) -> tuple[tuple[str, str], ...]:
    """Return each alarm as a stable key and its words; none before the programme starts."""
    return tuple(
        found for found in (_overdue(look), _low_use(look), _too_fast(look), _review(look)) if found is not None
    )  # fmt: skip


def _overdue(look: Look) -> tuple[str, str] | None:
    spec = PHASES[look.phase]
    if spec.weeks is None or look.week <= spec.weeks[1]:
        return None
    return f"overdue-{int(look.phase)}", (
        f"{spec.title} was planned for {spec.weeks[0]} to {spec.weeks[1]} weeks and is in its week {look.week}, "
        "holidays not counted: look at what its gate misses."
    )


def _low_use(look: Look) -> tuple[str, str] | None:
    counted = [week for week in look.weeks if not week.skipped and week.seats]
    if not counted or counted[-1].share >= LOW:
        return None
    return "low-use", (
        f"{100 * counted[-1].share:.0f} % of the seats were active in {counted[-1].week}: below 20 % a rollout has "
        f"failed quietly. Stop giving seats, and look at use cases and onboarding."
        + (f" Beside it: {counted[-1].beside}." if counted[-1].beside else "")
    )


def _too_fast(look: Look) -> tuple[str, str] | None:
    # From nothing everything is growth: what a pilot may have is where that begins.
    base = look.seats_before or PHASES[Phase.PILOT].most or 0
    if look.seats <= GROWTH * base:
        return None
    if look.new and look.onboarded / look.new >= ONBOARDED:
        return None
    return "too-fast", (
        f"Seats grew from {look.seats_before or 'none'} to {look.seats} in thirty days, and {look.onboarded} of "
        f"{look.new} new people have finished their onboarding: below 80 % they were only switched on."
    )


def _review(look: Look) -> tuple[str, str] | None:
    if look.quarterly is None or look.quarterly.holds:
        return None
    return CATALOGUE, REVIEW_DUE
