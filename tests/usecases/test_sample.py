"""A baseline: measured and self-reported apart, ten observations or two weeks, median and spread of the sample."""

from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colleague.usecases.model import How, Observation
from colleague.usecases.sample import baseline, spread, veiled

DAY = date(2026, 3, 2)
TIMES = st.lists(st.floats(0.1, 10_080), min_size=1, max_size=40)


def seen(*minutes: float, how: How = "timed", apart: int = 0) -> list[Observation]:
    return [
        Observation(f"obs_{n}", f"person_{n % 3}", value, DAY + timedelta(days=n * apart), how, "person_1", 1)
        for n, value in enumerate(minutes)
    ]


def test_nothing_measured_is_nothing() -> None:
    empty = baseline([])
    assert (empty.measured, empty.self_reported, empty.enough) == (None, None, False)
    assert "0 of 10" in empty.short


def test_numbers_by_hand() -> None:
    found = spread(seen(10, 40, 20, 30))
    assert found is not None
    assert (found.n, found.people, found.median, found.lower, found.upper, found.least, found.most) == (
        4, 3, 25, 17.5, 32.5, 10, 40,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "enough"),
    [(seen(*[5.0] * 9), False), (seen(*[5.0] * 10), True), (seen(5, 6, apart=13), False), (seen(5, 6, apart=14), True)],
)
def test_ten_observations_or_two_weeks_are_enough(rows: list[Observation], enough: bool) -> None:
    assert baseline(rows).enough is enough
    assert bool(baseline(rows).short) is not enough


def test_what_is_self_reported_never_counts() -> None:
    told = seen(*[500.0] * 30, how="self_reported", apart=1)
    assert not baseline(told).enough
    both = baseline([*told, *seen(5, 7, 9)])
    assert both.measured == spread(seen(5, 7, 9))
    assert both.self_reported
    assert both.self_reported.n == 30


@given(TIMES)
def test_the_spread_holds_its_order(minutes: list[float]) -> None:
    found = spread(seen(*minutes))
    assert found
    assert found.median == median(minutes)
    assert found.least is not None
    assert found.most is not None
    assert found.least <= found.lower + 1e-6
    assert found.lower <= found.median + 1e-6
    assert found.median <= found.upper + 1e-6
    assert found.upper <= found.most + 1e-6


@given(TIMES, st.integers(1, 12), st.integers(0, 4))
def test_a_member_reads_minutes_of_a_crowd_or_their_own_only(minutes: list[float], people: int, reader: int) -> None:
    rows = [
        Observation(f"obs_{n}", f"person_{n % people}", value, DAY, "timed", "person_0", 1)
        for n, value in enumerate(minutes)
    ]
    own = [one for one in rows if one.person == f"person_{reader}"]
    shown = veiled(baseline(rows), baseline(own))
    assert shown.measured
    assert shown.measured.n == len(rows)
    others = {one.person for one in rows} - {f"person_{reader}"}
    people = len({one.person for one in rows})
    assert shown.measured.veiled is (people < 5 and bool(others))
    if people >= 5:
        assert (shown.measured.least is None, shown.measured.most is None) == (people < 10, people < 10)
    assert ("median" in shown.measured.to_json()) is not shown.measured.veiled
