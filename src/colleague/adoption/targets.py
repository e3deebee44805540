"""What the numbers are held against, and which way they go (R86, KP-1 to KP-6). Pure."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any, Final, Literal

from colleague.adoption.figures import Numbers

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


TARGETS: Final[tuple[Target, ...]] = (
    Target("wau", 0.65, "65 % of the seats (by week 8 of the expansion)", 0.02,
           lambda n: n.wau.value if n.wau else None),
    Target("sessions", 4, "4 each a week", 0.2, lambda n: n.frequency.mean if n.frequency else None),
    Target("completion", 0.60, "60 % or the use case is redesigned", 0.02,
           lambda n: n.completion.rate.value if n.completion else None),
    Target("breadth", 3, "3 kinds, after twelve weeks of one's own seat", 0.2,
           lambda n: n.tenured.median if n.tenured else None),
    Target("time", 0.40, "40 to 60 % less is typical", 0.02, lambda n: n.time.reduction if n.time else None),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How a week's number stands: `meets` its target (None: not told), and where it goes against the weeks before."""

    name: str
    value: float | None
    aim: float
    meets: bool | None
    goes: Direction
    by: float | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def standings(weeks: Sequence[Numbers]) -> list[Standing]:
    """Return how the last of `weeks` that counts stands against each target, and its trend.

    `weeks`: oldest first, none that is still running.


    The trend compares with the mean of the four weeks before it that count: weeks of holidays and weeks that tell
    nothing are skipped (B-0). A number that comes later than others, as completion does, is that of its last week.
    """
    counted = [w for w in weeks if not w.skipped and not w.suppressed]
    return [_standing(target, counted) for target in TARGETS]


def _standing(target: Target, weeks: Sequence[Numbers]) -> Standing:
    values = [v for v in map(target.value, weeks) if v is not None]
    if not values:
        return Standing(target.name, None, target.aim, None, "new", None)
    now, before = values[-1], values[-1 - BACK : -1]
    meets = _breadth_holds(weeks) if target.name == "breadth" else now >= target.aim
    if len(before) < 2:
        return Standing(target.name, now, target.aim, meets, "new", None)
    change = now - mean(before)
    goes: Direction = "steady" if abs(change) < target.step else "rising" if change > 0 else "falling"
    return Standing(target.name, now, target.aim, meets, goes, change)


def _breadth_holds(weeks: Sequence[Numbers]) -> bool:
    last = next(w.tenured for w in reversed(weeks) if w.tenured)
    return last.passes
