"""Hours saved over a portfolio of use cases, with an interval from drawing people (B-8). Pure."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from colleague.adoption.kpis.intervals import DRAWS, Estimate

SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Arms:
    """Minutes of one use case by person, before and after. Each time after is one output that was taken.

    `volume`: how many outputs were taken, where `after` is a sample of them.
    """

    before: Mapping[str, Sequence[float]]
    after: Mapping[str, Sequence[float]]
    volume: int | None = None


def hours_saved(
    cases: Sequence[Arms], *, draws: int = DRAWS, seed: int = SEED
) -> tuple[Estimate, Estimate]:  # fmt: skip
    """Return (hours, share) with 95 % intervals: Σ v·m·R in hours, and that over Σ v·m.

    Interval: percentiles of `draws` draws in which people, not times, are drawn with replacement in each arm of each
    use case; the volume stays what it was, for it is counted and no sample. The same input gives the same bounds.
    ValueError where an arm is empty.
    """
    if not cases or any(not any(arm.values()) for case in cases for arm in (case.before, case.after)):
        raise ValueError("each use case needs times before and after")
    people = [[[list(v) for _, v in sorted(arm.items()) if v] for arm in (case.before, case.after)] for case in cases]
    volumes = [
        sum(map(len, after)) if case.volume is None else case.volume
        for case, (_, after) in zip(cases, people, strict=True)
    ]  # fmt: skip
    dice, hours, shares = random.Random(seed), [], []  # noqa: S311 — draws, no secrets
    for _ in range(draws):
        drawn = [[dice.choices(arm, k=len(arm)) for arm in arms] for arms in people]
        saved, share = _saved(drawn, volumes)
        hours.append(saved)
        shares.append(share)
    value = _saved(people, volumes)
    n = sum(volumes)
    return _between(value[0], hours, n), _between(value[1], shares, n)


def _saved(people: Sequence[Sequence[Sequence[Sequence[float]]]], volumes: Sequence[int]) -> tuple[float, float]:
    saved = total = 0.0
    for (before, after), volume in zip(people, volumes, strict=True):
        was, now = (median([value for person in arm for value in person]) for arm in (before, after))
        saved += volume * (was - now)
        total += volume * was
    return saved / 60, saved / total


def _between(value: float, drawn: list[float], n: int) -> Estimate:
    drawn.sort()
    low, high = drawn[round(len(drawn) * 0.025)], drawn[round(len(drawn) * 0.975) - 1]
    return Estimate(value, low, high, n)
