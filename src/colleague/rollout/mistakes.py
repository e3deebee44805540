"""The five mistakes that end rollouts, each with the guard against it and how that stands now (R90, MI). Pure."""

from dataclasses import dataclass
from typing import Any

from colleague.dispatch.triggers.model import FEWEST_IN_PILOT
from colleague.policy.model import Phase
from colleague.rollout.model import Programme
from colleague.rollout.phases import PHASES
from colleague.usecases.model import FEWEST


@dataclass(frozen=True, slots=True)
class Guard:
    """A mistake, what keeps it from being made, and whether that holds now."""

    mistake: str
    guard: str
    stands: str
    holds: bool
    requirement: str
    rows: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "mistake": self.mistake, "guard": self.guard, "stands": self.stands, "holds": self.holds,
            "requirement": self.requirement, "rows": self.rows,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards look at. `most`: seats allowed, None for any number; `new`: use cases that are new
    capabilities; `leaders`: how many of the named ones are active, in words; `leaders_alarm`: why the programme is
    warned of them. `faults`: how many of what is `in_use` have
    no owner or no review that holds; `beyond`: of what there is more than a pilot has.
    """

    programme: Programme
    held: int
    most: int | None
    owned: str
    unreviewed: int
    measured: int
    use_cases: int
    new: int
    triggers: int
    dispatch_later: bool
    leaders: str = ""
    in_use: int = 0
    faults: int = 0
    beyond: tuple[str, ...] = ()
    leaders_alarm: str = ""


def is_later(facts: Facts) -> bool:
    """Say whether beginning without Dispatch still stands: at the latest to the end of the pilot (C-3, DI-12)."""
    return facts.dispatch_later and facts.programme.phase is Phase.PILOT


def _later(facts: Facts) -> str:
    if not facts.dispatch_later or facts.triggers >= FEWEST_IN_PILOT:
        return ""
    return ", later by decision" if is_later(facts) else "; the decision to begin without it ended with the pilot"


def guards(facts: Facts) -> tuple[Guard, ...]:
    """Return the five guards as they stand."""
    skipped = [f"phase {int(step.phase)} without its gate" for step in facts.programme.skipped]
    planned = PHASES[facts.programme.phase].most
    within = planned is None or facts.held <= planned
    seats = f"{facts.held} seats of {planned if planned is not None else 'any number'}"
    if planned is not None and facts.most is not None and facts.most > planned:
        seats += f", raised to {facts.most}"
    return (
        Guard(
            "Skipping the pilot", "Seats beyond the phase are not given, and a phase is entered by its gate alone.",
            "; ".join([seats, *skipped]), within and not skipped, "MI-1, PH-9", "/people",
        ),
        Guard(
            "Leaving plugins to everybody",
            "Nothing that somebody adds is used by others before another person read it; what is in use has an owner "
            "and a review that holds; a pilot stays within its surface.",
            _plugins(facts), not facts.faults and not facts.beyond, "PL-2, PL-7, PL-8", "/catalogue",
        ),
        Guard(
            "Treating it as an IT project", "It does not start without a sponsor outside IT.",
            facts.owned or "a sponsor from the business and a lead are named", not facts.owned, "MI-2",
            "/programme#named",
        ),
        Guard(
            "Measuring nothing", "A use case does not go live before its baseline is measured.",
            f"{facts.measured} of {facts.use_cases} use cases are measured"
            + (f", {facts.new} without a before" if facts.new else ""),
            facts.measured >= FEWEST and facts.measured + facts.new == facts.use_cases, "AD-6", "/use-cases",
        ),
        Guard(
            "Postponing Dispatch",
            "Five to ten triggers from the first phase on, or a decision on record; a fifth of the named leaders use "
            "it by the end of the expansion.",
            f"{facts.triggers} triggers are on" + _later(facts)
            + (f"; leaders: {facts.leaders}" if facts.leaders else ""),
            (facts.triggers >= FEWEST_IN_PILOT or is_later(facts)) and not facts.leaders_alarm, "MI-3, DI-12",
            "/dispatch/triggers",
        ),
    )  # fmt: skip


def _plugins(facts: Facts) -> str:
    said = [f"{facts.in_use} in use"]
    if facts.faults:
        said.append(f"{facts.faults} without an owner or a review that holds")
    said += [f"beyond the pilot: {one}" for one in facts.beyond]
    said.append(f"{facts.unreviewed} wait for a review" if facts.unreviewed else "nothing waits for a review")
    return "; ".join(said)
