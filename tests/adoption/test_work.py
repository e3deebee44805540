"""Completion, breadth, time saved, validation and tickets, each against its cases (B-6 to B-10)."""

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from colleague.adoption.kpis.breadth import stuck
from colleague.adoption.kpis.tickets import TicketWeek, decline, sustained_high
from colleague.adoption.kpis.work import (
    Breadth,
    Saving,
    breadth_of,
    by_person,
    completion,
    completion_of,
    effective_number,
    kinds_of,
    portfolio,
    reduction,
    validated,
)
from colleague.adoption.model import AD_HOC, RunFact
from colleague.adoption.weeks import Calendar, Week

WEEK, CALENDAR = Week(2026, 10), Calendar("UTC")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LATER = MONDAY + timedelta(days=14)


def breadth(runs: list[RunFact], active: frozenset[str], week: Week, calendar: Calendar) -> Breadth | None:
    return breadth_of(kinds_of(runs, active, week, calendar))


def run(
    n: int, end: Any = "delivered", *, person: str = "a", workflow: str = "rfp", seconds: float = 600, **more: Any
) -> RunFact:
    start = MONDAY + timedelta(hours=n)
    return RunFact(f"r{n}", person, workflow, start, end, start + timedelta(seconds=seconds), **more)


def test_completion_counts_what_was_started_in_the_week_and_says_why_the_rest_was_not() -> None:
    runs = [
        run(0), run(1), run(2, "failed", reason="connector"), run(3, "rejected", reason="quality"), run(4, "abandoned"),
        run(5, "cancelled", seconds=9), run(6, "cancelled", seconds=11, reason="user left"), run(7, copy=True),
        run(8, sandbox=True), run(9, workflow=AD_HOC), run(24 * 7),
    ]  # fmt: skip
    found = completion(runs, WEEK, CALENDAR, now=LATER)
    assert found is not None
    assert (found.rate.value, found.rate.n) == (2 / 6, 6)
    assert found.reasons == {"connector": 1, "quality": 1, "user left": 2}


def test_a_week_and_a_use_case_cut_at_the_same_moment_and_say_why() -> None:
    """What is delivered when its week is mature had been abandoned, wherever it is asked (B-6, gate 1)."""
    day = 24 * 3600
    runs = [
        run(0), run(1, seconds=13 * day), run(2, seconds=20 * day), run(3, "open", reason="approval wait"),
        run(4, "failed"), run(5, "rejected", reason="connector"), run(24 * 7 + 1), run(24 * 15),
    ]  # fmt: skip
    now = MONDAY + timedelta(days=15)
    week, case = completion(runs, WEEK, CALENDAR, now=now), completion_of(runs, CALENDAR, now=now)
    assert week is not None
    assert week == case
    assert (week.rate.value, week.rate.n) == (2 / 6, 6)
    assert week.reasons == {"user left": 1, "approval wait": 1, "system": 1, "quality": 1}
    later = completion_of(runs, CALENDAR, now=now + timedelta(days=7))
    assert later is not None
    assert (later.rate.value, later.rate.n) == (3 / 7, 7)


def test_a_skill_is_one_kind_by_whichever_agent_it_was_used() -> None:
    runs = [run(n, workflow=flow) for n, flow in enumerate(("everyone:rfp", "rfp", "everyone:memo"))]
    found = breadth(runs, frozenset("a"), WEEK, CALENDAR)
    assert found is not None
    assert (found.median, found.repeated) == (2, 1)
    assert stuck(runs[:2], frozenset("a"), [WEEK], CALENDAR) == {"a"}
    assert stuck(runs, frozenset("a"), [WEEK], CALENDAR) == frozenset()


def test_completion_is_not_told_before_it_is_mature_nor_of_nothing() -> None:
    assert completion([run(0)], WEEK, CALENDAR, now=LATER - timedelta(seconds=1)) is None
    assert completion([], WEEK, CALENDAR, now=LATER) is None


@pytest.mark.parametrize(
    ("done", "n", "redesign"),
    [(17, 30, True), (18, 30, False), (1, 10, True), (4, 10, False), (0, 3, True), (1, 3, False), (0, 2, False)],
)
def test_a_redesign_needs_thirty_runs_or_certainty(done: int, n: int, redesign: bool) -> None:
    runs = [run(i, "delivered" if i < done else "failed") for i in range(n)]
    found = completion(runs, WEEK, CALENDAR, now=LATER)
    assert found is not None
    assert found.redesign is redesign


def test_breadth_is_kinds_completed_by_active_people_in_twelve_weeks() -> None:
    runs = [run(i, person="a", workflow=f"w{i}") for i in range(3)] + [run(9, person="a", workflow="w0")]
    runs += [run(i, person="b", workflow="w0") for i in range(4)] + [run(5, person="b", workflow=AD_HOC)]
    runs += [run(1, "failed", person="b", workflow="w7"), run(2, person="c", workflow="w1")]
    found = breadth(runs, frozenset("ab"), WEEK, CALENDAR)
    assert found is not None
    assert (found.median, found.three, found.repeated, found.n) == (2.0, 0.5, 1.0, 2)
    assert not found.passes
    assert math.isclose(found.diversity, math.exp(-(6 / 8 * math.log(6 / 8) + 2 / 8 * math.log(1 / 8))))
    assert breadth(runs, frozenset(), WEEK, CALENDAR) is None
    old = breadth(runs, frozenset("ab"), WEEK.next(12), CALENDAR)
    assert old is not None
    assert (old.median, old.diversity) == (0, 0)


def test_diversity_is_the_same_to_the_last_digit_in_whichever_order_people_come() -> None:
    parts = [Counter({kind: n}) for kind, n in zip("abcde", (3, 7, 11, 2, 5), strict=True)]
    assert len({effective_number(some) for some in permutations(parts)}) == 1


def test_the_mean_alone_does_not_pass_breadth() -> None:
    """One person with nine kinds and two with one: a mean of 3.7, and nobody is helped."""
    runs = [run(i, person="a", workflow=f"w{i}") for i in range(9)] + [run(1, person="b"), run(2, person="c")]
    found = breadth(runs, frozenset("abc"), WEEK, CALENDAR)
    assert found is not None
    assert not found.passes


def arm(n: int, people: int, middle: float, seed: int) -> dict[str, list[float]]:
    dice = random.Random(seed)
    return by_person((f"p{i % people}", math.exp(dice.gauss(math.log(middle), 0.4))) for i in range(n))


@pytest.mark.parametrize(
    ("before", "after", "people", "strength"),
    [(9, 30, 9, "nothing"), (30, 9, 9, "nothing"), (10, 10, 10, "indicative"), (29, 60, 9, "indicative"),
     (30, 30, 7, "indicative"), (30, 30, 8, "readout")],
)  # fmt: skip
def test_how_much_may_be_said_follows_n_and_people(before: int, after: int, people: int, strength: str) -> None:
    found = reduction(arm(before, people, 120, 1), arm(after, people, 60, 2))
    assert found is not None
    assert found.strength == strength
    assert (found.share is None) is (strength == "nothing")


def test_a_halving_is_found_with_an_interval_around_it() -> None:
    found = reduction(arm(60, 60, 120, 5), arm(60, 60, 60, 6))
    assert found is not None
    assert found.share is not None
    assert found.share.low is not None
    assert found.share.high is not None
    assert found.share.low < 0.5 < found.share.high
    assert found.share.low < found.share.value < found.share.high
    assert not found.odd
    slower = reduction(arm(60, 60, 60, 1), arm(60, 60, 120, 2))
    assert slower is not None
    assert slower.odd


def test_without_a_baseline_it_is_a_new_capability_and_no_time_is_nothing() -> None:
    assert reduction({}, arm(30, 10, 60, 1)) is None
    with pytest.raises(ValueError, match="positive"):
        reduction({"a": [0.0] * 10}, {"a": [1.0] * 10})


def test_the_portfolio_is_hours_and_no_average_of_shares() -> None:
    savings = [Saving("rfp", 10, 120, 0.5), Saving("memo", 100, 6, 0.9), Saving("new", 5, 0, 0.5)]
    assert portfolio(savings) == pytest.approx(((600 + 540) / 60, 1140 / 1800))
    assert portfolio([]) is None


def test_a_use_case_is_validated_by_all_five_or_says_what_is_missing() -> None:
    good, none = reduction(arm(30, 10, 120, 1), arm(30, 10, 50, 2)), reduction(arm(30, 10, 60, 1), arm(30, 10, 60, 2))
    done = completion([run(i, "delivered" if i else "failed") for i in range(10)], WEEK, CALENDAR, now=LATER)
    assert validated(good, 30, 30, done, passed=9, reviewed=10, signed=True).holds
    for time, before, finished, passed, signed, why in (
        (None, 9, done, 9, True, "ten measured times"), (none, 30, done, 9, True, "above zero"),
        (good, 30, None, 9, True, "completion"), (good, 30, done, 8, True, "quality"),
        (good, 30, done, 9, False, "signature"),
    ):  # fmt: skip
        found = validated(time, before, 30, finished, passed=passed, reviewed=10, signed=signed)
        assert len(found.missing) == 1
        assert why in found.missing[0]


def weeks(*tickets: int, active: int = 100) -> list[TicketWeek]:
    return [TicketWeek(n, active) for n in tickets]


@pytest.mark.parametrize(
    ("tickets", "declines", "confirmed"),
    [((20, 20, 9, 9, 5, 5), True, True), ((5, 5, 5, 5, 4, 4), True, False), ((5, 5, 5, 5, 6, 6), False, False)],
)
def test_a_decline_is_confirmed_where_luck_is_ruled_out(
    tickets: tuple[int, ...], declines: bool, confirmed: bool
) -> None:
    moved = decline(weeks(*tickets))
    assert moved is not None
    assert (moved.declines, moved.confirmed) == (declines, confirmed)


def test_growth_is_no_rise() -> None:
    grown = [TicketWeek(10, 20), TicketWeek(10, 20), *weeks(9, 9), TicketWeek(12, 200), TicketWeek(12, 200)]
    moved = decline(grown)
    assert moved is not None
    assert moved.confirmed
    assert decline(weeks(1, 1, 1, 1, 1)) is None
    assert decline(weeks(0, 0, 1, 1, 1, 1)) is None


@pytest.mark.parametrize(
    ("later", "high"),
    [
        ((8, 8, 8), True),
        ((8, 8, 7, 8), False),
        ((7, 8, 8, 9), True),
        ((1, 1, 1), False),
        ((9, 9), False),
        ((9, 9, 9, 1), False),
    ],
)  # fmt: skip
def test_high_is_three_weeks_in_a_row_at_eighty_percent(later: tuple[int, ...], high: bool) -> None:
    assert sustained_high([*weeks(10, 10, 5, 5, 5, 5), *weeks(*later)]) is high


def test_what_came_later_is_held_against_its_own_beginning() -> None:
    later = weeks(0, 0, 10, 10, 5, 5, 5, 5)
    assert sustained_high([*later, *weeks(8, 8, 8)])
    assert not sustained_high([*later, *weeks(8, 8, 7)])
    # Its own first six weeks are its beginning, like anybody's; without a single ticket nothing is high.
    assert not sustained_high(weeks(*(0,) * 6, *(10,) * 6))
    assert sustained_high(weeks(*(0,) * 6, *(10,) * 9))
    assert not sustained_high(weeks(*(0,) * 12))
