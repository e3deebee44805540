"""What the numbers are held against, and which way they go (R86, KP-1 to KP-6). Pure.

Tickets have no target of a week: they are held against their own beginning (B-10), on their own page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import mean
from typing import Any, Final, Literal

from colleague.adoption.figures import Numbers
from colleague.policy.model import Phase

Direction = Literal["rising", "falling", "steady", "new"]
BACK: Final = 4


@dataclass(frozen=True, slots=True)
class Target:
    """A number's target. `step`: how much of a change is more than noise to the eye, in the number's own unit."""

    name: str
    aim: float
    words: str
    step: float
    value: Callable[[Numbers], float | None]


# 80 % and 65 % are of different people and never one target (C-8).
WAU: Final[Mapping[Phase, tuple[float, str]]] = {
    Phase.PILOT: (0.80, "80 % for gate 1, four weeks' mean"),
    Phase.EXPANSION: (0.65, "65 % by week 8 of the expansion"),
    Phase.BROAD: (0.65, "65 %"), Phase.ENTERPRISE: (0.65, "65 %"),
}  # fmt: skip
_TARGETS: Final[tuple[Target, ...]] = (
    Target("wau", 0, "", 0.02, lambda n: n.wau.value if n.wau else None),
    Target("sessions", 4, "4 each a week", 0.2, lambda n: n.frequency.mean if n.frequency else None),
    Target("completion", 0.60, "60 % or the use case is redesigned", 0.02,
           lambda n: n.completion.rate.value if n.completion else None),
    Target("breadth", 3, "3 kinds, after twelve weeks of one's own seat", 0.2,
           lambda n: n.tenured.median if n.tenured else None),
    Target("time", 0.40, "40 to 60 % less is typical", 0.02, lambda n: n.time.reduction if n.time else None),
)  # fmt: skip


def targets_in(phase: Phase) -> tuple[Target, ...]:
    """Return what the numbers are held against in a phase."""
    aim, words = WAU[phase]
    return tuple(replace(one, aim=aim, words=words) if one.name == "wau" else one for one in _TARGETS)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a week's number stands: `meets` its target, and where it goes against the weeks before.

    `meets` is None where nothing is told, and of a time that is indicative: it is shown and not judged (B-8). `week`:
    which it is of, "" where nothing is told.
    """

    name: str
    value: float | None
    aim: float
    meets: bool | None
    goes: Direction
    by: float | None
    week: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def standings(weeks: Sequence[Numbers], phase: Phase) -> list[Standing]:
    """Return how the last of `weeks` that counts stands against each target of `phase`, and its trend.

    `weeks`: oldest first, none that is still running.

    The trend compares with the mean of the four weeks before it that count: weeks of holidays and weeks that tell
    nothing are skipped (B-0). A number that comes later than others, as completion does, is that of its last week.
    """
    counted = [w for w in weeks if not w.skipped and not w.suppressed]
    return [_standing(target, counted) for target in targets_in(phase)]


def _standing(target: Target, weeks: Sequence[Numbers]) -> Standing:
    told = [(v, str(week.week)) for week in weeks if (v := target.value(week)) is not None]
    values = [value for value, _ in told]
    if not values:
        return Standing(target.name, None, target.aim, None, "new", None)
    now, before = values[-1], values[-1 - BACK : -1]
    meets: bool | None = _breadth_holds(weeks) if target.name == "breadth" else now >= target.aim
    if target.name == "time" and not _is_strong(weeks):
        meets = None
    if len(before) < 2:
        return Standing(target.name, now, target.aim, meets, "new", None, told[-1][1])
    change = now - mean(before)
    goes: Direction = "steady" if abs(change) < target.step else "rising" if change > 0 else "falling"
    return Standing(target.name, now, target.aim, meets, goes, change, told[-1][1])


def _is_strong(weeks: Sequence[Numbers]) -> bool:
    last = next(w.time for w in reversed(weeks) if w.time and w.time.reduction is not None)
    return last.strength == "readout"


def _breadth_holds(weeks: Sequence[Numbers]) -> bool:
    last = next(w.tenured for w in reversed(weeks) if w.tenured)
    return last.passes
