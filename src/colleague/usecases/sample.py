"""What a baseline says: how many observations, over how long, their median and spread (R83, PP-7, B-8). Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from statistics import median, quantiles
from typing import Any, Final

from colleague.usecases.model import Observation

ENOUGH: Final = 10
WINDOW_DAYS: Final = 14
# Fewer people than these are no crowd: their numbers are theirs (B-0, B-12). The extremes are single times: of fewer
# than ten people they are not told.
CROWD: Final = 5
MANY: Final = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """Observations summed up: `n` of `people`, from `first` to `last`; minutes as median, quartiles and extremes.

    `veiled`: the reader is told how many there are and no minutes; the extremes are None where they are not told.
    """

    n: int
    people: int
    median: float
    lower: float
    upper: float
    least: float | None
    most: float | None
    first: date
    last: date
    veiled: bool = False

    @property
    def days(self) -> int:
        """Return how many days lie between the first and the last."""
        return (self.last - self.first).days

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as JSON."""
        if self.veiled:
            return {"n": self.n, "days": self.days, "veiled": True}
        return asdict(self) | {"first": self.first.isoformat(), "last": self.last.isoformat(), "days": self.days}


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was measured, and apart from it what was reported from memory: the two are never mixed (B-8)."""

    measured: Spread | None
    self_reported: Spread | None

    @property
    def enough(self) -> bool:
        """Say whether enough was measured to go live: ten observations, or a window of two weeks."""
        return self.measured is not None and (self.measured.n >= ENOUGH or self.measured.days >= WINDOW_DAYS)

    @property
    def short(self) -> str:
        """Return what is missing, in words; "" if nothing is."""
        if self.enough:
            return ""
        n, days = (self.measured.n, self.measured.days) if self.measured else (0, 0)
        return f"measured {n} of {ENOUGH} observations, or {days} of {WINDOW_DAYS} days"

    def to_json(self) -> dict[str, Any]:
        """Return the baseline as JSON."""
        both = {"measured": self.measured, "self_reported": self.self_reported}
        return {name: one.to_json() if one else None for name, one in both.items()} | {
            "enough": self.enough, "missing": self.short,
        }  # fmt: skip


def baseline(observations: Sequence[Observation]) -> Baseline:
    """Sum observations up, the measured and the self-reported each by themselves."""
    told = [one for one in observations if one.how == "self_reported"]
    return Baseline(spread([one for one in observations if one.how != "self_reported"]), spread(told))


def veiled(found: Baseline, own: Baseline) -> Baseline:
    """Return a baseline as a member sees it: without minutes of fewer than five people, nor extremes of
    fewer than ten, unless all are their own.
    """
    return Baseline(_veil(found.measured, own.measured), _veil(found.self_reported, own.self_reported))


def _veil(all_: Spread | None, own: Spread | None) -> Spread | None:
    if all_ is None or (own is not None and own.n == all_.n) or all_.people >= MANY:
        return all_
    return replace(all_, veiled=True) if all_.people < CROWD else replace(all_, least=None, most=None)


def spread(observations: Sequence[Observation]) -> Spread | None:
    """Sum observations up; None if there are none. Quartiles are those of the sample itself (inclusive)."""
    if not observations:
        return None
    minutes = sorted(one.minutes for one in observations)
    lower, _, upper = quantiles(minutes, n=4, method="inclusive") if len(minutes) > 1 else (minutes[0],) * 3
    days = [one.on for one in observations]
    return Spread(
        len(minutes), len({one.person for one in observations}), median(minutes), lower, upper, minutes[0], minutes[-1],
        min(days), max(days),
    )  # fmt: skip
