"""Intervals are what the dictionary says (B-2, B-8, B-10), against published values and against brute force."""

import math
import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colleague.adoption.kpis.intervals import (
    Estimate,
    clopper_pearson_upper,
    median_difference,
    rate_ratio_upper,
    shift,
    shift_by_person,
    wilson,
)


def bounds(found: Estimate) -> tuple[float, float]:
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(12, 15, 54.8, 93.0), (32, 40, 65.2, 89.5), (65, 100, 55.3, 73.6), (195, 300, 59.4, 70.2)],
)
def test_wilson_is_as_the_dictionary_quotes_it(hits: int, n: int, low: float, high: float) -> None:
    assert tuple(round(100 * b, 1) for b in bounds(wilson(hits, n))) == (low, high)


@given(n=st.integers(1, 5000), data=st.data())
def test_wilson_holds_its_share_and_stays_between_nothing_and_all(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = bounds(wilson(hits, n))
    assert 0 <= low <= hits / n <= high <= 1
    assert math.isclose(bounds(wilson(n - hits, n))[0], 1 - high, abs_tol=1e-9)


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_no_share_of_nothing(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="share"):
        wilson(hits, n)


def test_the_shift_is_the_median_of_all_differences() -> None:
    before, after = [10.0, 12.0, 15.0, 20.0, 22.0], [5.0, 6.0, 7.0, 8.0, 30.0]
    found = shift(before, after)
    assert found.value == median(a - b for a in after for b in before)
    low, high = bounds(found)
    assert low <= found.value <= high
    assert shift([1.0, 2.0], [3.0]).low is None


@given(st.lists(st.floats(0.1, 100), min_size=5, max_size=15), st.floats(-50, 50))
def test_moving_all_of_one_arm_moves_the_shift_by_as_much(values: list[float], by: float) -> None:
    found = shift(values, [v + by for v in values])
    assert math.isclose(found.value, by, abs_tol=1e-6)
    low, high = bounds(found)
    assert low - 1e-6 <= by <= high + 1e-6


def test_the_bounds_cover_as_often_as_they_say() -> None:
    """300 trials at n=12 an arm, log-sd 0.7, a true halving: 92 to 98 % cover (the dictionary: 92 to 96 %)."""
    dice, covered = random.Random(7), 0
    for _ in range(300):
        before = [dice.gauss(0, 0.7) for _ in range(12)]
        low, high = bounds(shift(before, [dice.gauss(math.log(0.5), 0.7) for _ in range(12)]))
        covered += low <= math.log(0.5) <= high
    assert 0.92 <= covered / 300 <= 0.98


def test_ten_values_of_one_person_are_not_ten_people() -> None:
    dice = random.Random(3)
    alone = {f"p{i}": [dice.gauss(i % 5, 0.1)] for i in range(20)}
    clustered = {f"p{i}": [dice.gauss(i % 5, 0.1) for _ in range(10)] for i in range(5)}
    after = {f"q{i}": [dice.gauss(i % 5 - 1, 0.1)] for i in range(20)}
    wide, narrow = (bounds(shift_by_person(arm, after, draws=400)) for arm in (clustered, alone))
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    assert bounds(shift_by_person(alone, after, draws=400)) == narrow


@pytest.mark.parametrize(("hits", "n", "upper"), [(0, 10, 0.2589), (3, 20, 0.3437), (5, 5, 1)])
def test_clopper_pearson_is_exact(hits: int, n: int, upper: float) -> None:
    """Values of R's binom.test(alternative = "less")."""
    assert round(clopper_pearson_upper(hits, n, 0.05), 4) == upper


def test_the_ratio_of_two_rates_is_bounded_by_brute_force_too() -> None:
    upper = rate_ratio_upper(9, 100, 2, 100)
    share = upper / (1 + upper)
    tail = sum(math.comb(11, k) * share**k * (1 - share) ** (11 - k) for k in range(3))
    assert math.isclose(tail, 0.05, rel_tol=1e-6)
    assert rate_ratio_upper(0, 10, 2, 10) == math.inf
    assert math.isclose(rate_ratio_upper(9, 50, 2, 100), upper / 2, rel_tol=1e-9)
    with pytest.raises(ValueError, match="counts"):
        rate_ratio_upper(-1, 1, 1, 1)


def test_the_median_of_all_differences_is_found_without_making_them() -> None:
    dice = random.Random(3)
    draws = (lambda: dice.gauss(0, 1), lambda: dice.randrange(4), lambda: 5.0, lambda: dice.choice([0.0, 1e9, -3.5]))
    for number in range(400):
        draw = draws[number % 4]
        before, after = (sorted(draw() for _ in range(dice.randrange(1, 60))) for _ in range(2))
        wanted = median(a - b for a in after for b in before)
        assert median_difference(before, after) == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    with pytest.raises(ValueError, match="both arms"):
        median_difference([], [1.0])
