"""Intervals: how sure a number is. Pure; no approximation that is not named.

Sources: Wilson (1927); Hodges and Lehmann (1963) with large-sample rank-sum bounds; Clopper and Pearson (1934), used
on the conditional binomial of two Poisson counts (Przyborowski and Wilenski, 1940).
"""

import math
import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Final

Z95: Final = NormalDist().inv_cdf(0.975)
DRAWS: Final = 2000
THIN: Final = 64
_STEPS: Final = range(THIN)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval and the n it rests on. `low` and `high` are None where none can be given."""

    value: float
    low: float | None
    high: float | None
    n: int


def wilson(hits: int, n: int) -> Estimate:
    """Return the share `hits`/`n` with its Wilson 95 % interval; ValueError unless 0 ≤ hits ≤ n and n > 0."""
    if not 0 <= hits <= n or n == 0:
        raise ValueError("a share needs 0 ≤ hits ≤ n and n > 0")
    p, z = hits / n, Z95
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At the ends the formula is 0 and 1 but for rounding.
    return Estimate(p, 0.0 if hits == 0 else middle - half, 1.0 if hits == n else middle + half, n)


def shift(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Return the Hodges–Lehmann shift of `after` against `before`: the median of all differences, with 95 % bounds.

    The bounds are order statistics of the differences; their rank is the normal approximation of the rank-sum
    distribution, which covers 92 to 96 % from five values an arm on. ValueError for an empty arm.
    """
    if not before or not after:
        raise ValueError("both arms need a value")
    differences = sorted(a - b for a in after for b in before)
    m, n = len(before), len(after)
    rank = math.floor(m * n / 2 - Z95 * math.sqrt(m * n * (m + n + 1) / 12))
    value = median(differences)
    if rank < 1:
        return Estimate(value, None, None, m + n)
    return Estimate(value, differences[rank - 1], differences[-rank], m + n)


def shift_by_person(
    before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]], *, draws: int = DRAWS, seed: int = 1
) -> Estimate:  # fmt: skip
    """Return the same shift with bounds from drawing people, not values: several values of one person are not several.

    Percentile bootstrap over people, each arm drawn by itself; the same input gives the same bounds.
    """
    arms = [[list(values) for _, values in sorted(arm.items()) if values] for arm in (before, after)]
    if not all(arms):
        raise ValueError("both arms need a value")
    flat = [[value for person in arm for value in person] for arm in arms]
    value = median(a - b for a in flat[1] for b in flat[0])
    dice, found = random.Random(seed), []  # noqa: S311 — draws, no secrets
    for _ in range(draws):
        drawn = [[v for person in dice.choices(arm, k=len(arm)) for v in person] for arm in arms]
        found.append(_quick_shift(drawn[0], drawn[1]))
    found.sort()
    return Estimate(value, found[round(draws * 0.025)], found[round(draws * 0.975) - 1], sum(map(len, flat)))


def _quick_shift(before: Sequence[float], after: Sequence[float]) -> float:
    """Return the median of all differences; of large arms that of 64 evenly spaced order statistics each."""
    thin = [sorted(arm) for arm in (before, after)]
    thin = [arm if len(arm) <= THIN else [arm[(2 * i + 1) * len(arm) // (2 * THIN)] for i in _STEPS] for arm in thin]
    return median_difference(thin[0], thin[1])


def median_difference(before: Sequence[float], after: Sequence[float]) -> float:
    """Return the median of all differences of two sorted arms, without making them all.

    A value is guessed, the differences up to it are counted by bisection, and the interval in which the median lies
    narrows until few are left. ValueError for an empty arm.
    """
    if not before or not after:
        raise ValueError("both arms need a value")
    number = len(before) * len(after)
    ranks = ((number - 1) // 2, number // 2)
    low, high = after[0] - before[-1], after[-1] - before[0]
    margin = 1e-6 * (1 + abs(low) + abs(high))
    # `low` lies below the median with `below` differences up to it, `high` at it or above with `upto`.
    low, high, below, upto = low - margin, high + margin, 0, number
    for _ in range(64):
        if upto - below <= 4 * (len(before) + len(after)):
            break
        guess = low + (high - low) * min(max((number / 2 - below) / (upto - below), 0.05), 0.95)
        count = sum(bisect_right(after, guess + one) for one in before)
        if count <= ranks[0]:
            low, below = guess, count
        elif count > ranks[1]:
            high, upto = guess, count
        else:
            break
    left = sorted(
        later - one for one in before
        for later in after[bisect_right(after, low + one) : bisect_right(after, high + one)]
    )  # fmt: skip
    return (left[ranks[0] - below] + left[ranks[1] - below]) / 2


def rate_ratio_upper(first: int, first_exposure: float, second: int, second_exposure: float) -> float:
    """Return the exact conditional 95 % upper bound of the ratio of two Poisson rates, second over first (B-10).

    Infinite where the first count is 0. ValueError for negative counts or exposures that are not positive.
    """
    if min(first, second) < 0 or min(first_exposure, second_exposure) <= 0:
        raise ValueError("counts are not negative and exposures are positive")
    if first == 0:
        return math.inf
    share = clopper_pearson_upper(second, first + second, 0.05)
    return share / (1 - share) * first_exposure / second_exposure


def clopper_pearson_upper(hits: int, n: int, alpha: float) -> float:
    """Return the exact upper bound of a binomial share: the largest with at most `hits` of probability alpha."""
    if hits == n:
        return 1.0
    low, high = hits / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(hits, n, middle) > alpha else (low, middle)
    return (low + high) / 2


def _at_most(hits: int, n: int, share: float) -> float:
    """Return the probability of at most `hits` of `n`."""
    if share in (0.0, 1.0):
        return 1.0 if share == 0.0 or hits >= n else 0.0
    logs = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        + k * math.log(share) + (n - k) * math.log1p(-share)
        for k in range(hits + 1)
    )  # fmt: skip
    return min(1.0, math.fsum(math.exp(log) for log in logs))
