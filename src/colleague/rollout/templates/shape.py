"""What a plan knows of the phases: seats, weeks, gates and what is looked at on the way (PH-1 to PH-4). Values."""

from dataclasses import dataclass
from typing import Final

from colleague.policy.model import Phase
from colleague.rollout.phases import PHASES

MOST_SEATS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is looked at in a week of a phase; in its last week where the phase is shorter (C-9)."""

    key: str
    week: int
    title: str
    what: str
    requirement: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A phase as it is meant: 0 weeks for one that does not end. `gate`: what has to be shown at its end."""

    number: int
    name: str
    least_seats: int
    most_seats: int
    least_weeks: int
    most_weeks: int
    activities: str
    gate: tuple[str, ...]
    requirement: str
    gate_requirement: str
    checks: tuple[Check, ...]


def _shape(
    phase: Phase, gate: tuple[str, ...], gate_requirement: str, checks: tuple[Check, ...]
) -> Shape:  # fmt: skip
    """Return what a plan knows of a phase: its numbers are those of `rollout/phases.py`."""
    spec = PHASES[phase]
    weeks = spec.weeks or (0, 0)
    return Shape(
        int(phase), spec.title, spec.least, spec.most or MOST_SEATS, weeks[0], weeks[1],
        "; ".join([spec.activities[0], *(text[0].lower() + text[1:] for text in spec.activities[1:])]) + ".", gate,
        f"PH-{int(phase)}", gate_requirement, checks,
    )  # fmt: skip


SHAPES: Final[tuple[Shape, ...]] = (
    _shape(
        Phase.PILOT,
        ("80 % or more weekly active: the mean of the last four weeks that count, none below 70 %",
         "three or more use cases validated",
         "connector scope reviewed, audit switched on"),
        "PH-5",
        (Check("ritual", 1, "First rituals", "Everybody has used a workflow in one of their team's rituals.", "AD-2"),
         Check("stall", 3, "Week three", "Compare who is active with week one; below 80 % of it, act.", "AD-1"),
         Check("readout", 99, "Pilot readout to CIO and CFO", "Hours saved by workflow, cost, decision.", "PP-11")),
    ),
    _shape(
        Phase.EXPANSION,
        ("the governance document signed off, not longer than 90 days ago",
         "the full IT security review passed, not longer than 90 days ago"),
        "PH-6",
        (Check("onboarding", 6, "Onboarding check", "Below 40 % weekly active: adjust it; phase 3 waits.", "KP-2"),
         Check("tickets", 6, "Support tickets", "The rate of weeks 5 and 6 against weeks 1 and 2.", "KP-7"),
         Check("active", 8, "Weekly active people", "65 % or more by week 8, or at the end.", "KP-1"),
         Check("leaders", 99, "Executive cohort", "At least 20 % of the named leaders active.", "MI-3")),
    ),
    _shape(
        Phase.BROAD,
        ("two or more champions in at least 90 % of the departments that are live, active in the last 14 days",
         "the support model confirmed: channels, hours, owner, response target"),
        "PH-7",
        (Check("stall", 3, "Week three", "Each onboarding cohort against its own week one.", "AD-1"),
         Check("breadth", 12, "Breadth", "Three or more kinds of workflow for each active person.", "KP-5")),
    ),
    _shape(Phase.ENTERPRISE, ("the governance reviewed", "the metrics of adoption tracked"), "PH-8", ()),
)  # fmt: skip
