"""Whether the third week of an onboarding cohort stalled, and what to change then: work, not people (B-11). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from colleague.adoption.kpis.activity import stalled
from colleague.usecases.rituals import Tied

STALL: Final = 0.8
FEWEST: Final = 5


@dataclass(frozen=True, slots=True)
class Use:
    """How a use case stood in a cohort: who began with it, and how many of them were active in weeks one and three.

    `frictions`: entries of its log that nobody answered. `framework`: whether it has one.
    """

    case: Tied
    people: int
    first: int
    third: int
    frictions: int
    framework: bool


def is_stall(active_by_week: Sequence[frozenset[str]], cohort: frozenset[str]) -> float | None:
    """Return the ratio of a cohort that stalled: below 0.8; None if it did not, or is too small to tell."""
    ratio = stalled(active_by_week, cohort)
    return ratio if ratio is not None and ratio < STALL else None


def suggestions(uses: Sequence[Use], untied: int) -> list[str]:
    """Return what to do about a stall, the most promising first: about use cases and rituals, never about people."""
    found = []
    if untied:
        found.append("Some began without a use case tied to a ritual: write one for their team.")
    for use in sorted(uses, key=lambda one: (one.third / one.first if one.first else 1, one.case.name)):
        name = f"«{use.case.name}»"
        if use.people >= FEWEST and use.third < use.first:
            ritual = use.case.ritual
            at = f" at {ritual.team}'s next {ritual.weekday}" if ritual else ""
            found.append(f"{name} fell most: do it together{at}, and see where it stops.")
        if use.frictions:
            found.append(f"{name} has {use.frictions} unanswered in its friction log: answer them first.")
        if not use.framework:
            found.append(f"{name} has no prompt framework: write what people start from.")
    found.append("Offer a second use case of the same department: one habit does not survive a week without it.")
    return list(dict.fromkeys(found))[:5]


def why(ratio: float, people: int, counts: Mapping[int, int], todo: Sequence[str]) -> str:
    """Say in a few sentences what stalled and what to do."""
    text = (
        f"In week three {counts[3]} of {people} were active, in week one {counts[1]}: that is {ratio:.0%} of it, and"
        f" below {STALL:.0%} is a stall."
    )
    return f"{text} To do: {' '.join(todo)}"[:1000]
