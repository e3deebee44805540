"""Whoever adds and subtracts what is told, with whichever weights, finds no number of one to four people."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colleague.adoption.few.apart import withheld
from colleague.adoption.few.decide import EVERYBODY, PARTS, Decision, decide

PEOPLE = tuple(f"p{n:02}" for n in range(13))
Sets = Sequence[frozenset[str]]


def found_out(told: Sets, people: Sequence[str]) -> tuple[str, ...] | None:
    """An attacker's linear algebra: one to four people of whom alone some sum of what is told is, None if of nobody."""
    table = np.array([[person in one for person in people] for one in told if one], dtype=float)
    if not len(table):
        return None
    some = [one for size in range(1, 5) for one in combinations(range(len(people)), size)]
    others = np.array([[n not in one for n in range(len(people))] for one in some], dtype=float)
    # Without these people's columns a sum is nothing, that is something with them: it is of them alone.
    less = np.linalg.matrix_rank(table[None, :, :] * others[:, None, :]) < np.linalg.matrix_rank(table)
    return tuple(people[n] for n in some[int(np.argmax(less))]) if less.any() else None


def told_of(
    groups: Mapping[tuple[str, str], frozenset[str]], rests: Mapping[str, frozenset[str]],
    decided: Mapping[tuple[str, str], Decision], parts: Sequence[str],
) -> Sets:  # fmt: skip
    return [
        people & rests[part] for key, people in groups.items() for part in parts
        if not decided[key].hidden and part not in decided[key].few
    ]  # fmt: skip


some_people = st.frozensets(st.sampled_from(PEOPLE))


@st.composite
def houses(draw: st.DrawFn) -> tuple[dict[str, dict[str, frozenset[str]]], dict[str, frozenset[str]]]:
    """Thirteen people in departments, in teams that may share people, and in weeks of onboarding; who did what."""
    by: dict[str, dict[str, frozenset[str]]] = {}
    for kind in ("department", "onboarded"):
        of = draw(st.lists(st.integers(0, 3), min_size=len(PEOPLE), max_size=len(PEOPLE)))
        by[kind] = {str(n): frozenset(p for p, m in zip(PEOPLE, of, strict=True) if m == n) for n in sorted(set(of))}
    by["team"] = {str(n): one for n, one in enumerate(draw(st.lists(some_people, max_size=3))) if one}
    seats = frozenset(PEOPLE) - draw(st.frozensets(st.sampled_from(PEOPLE), max_size=2))
    active = seats & draw(some_people)
    rests = {
        "seats": seats, "adjusted": seats - draw(st.frozensets(st.sampled_from(PEOPLE), max_size=6)),
        "sessions": active, "breadth": active, "tenured": active & draw(some_people),
        "completion": draw(some_people), "time": draw(some_people),
    }  # fmt: skip
    return by, rests


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(houses())
def test_no_sum_of_what_is_told_of_a_week_is_of_a_few(
    house: tuple[dict[str, dict[str, frozenset[str]]], dict[str, frozenset[str]]],
) -> None:
    by, rests = house
    decided = decide(by, rests)
    groups = {EVERYBODY: frozenset(PEOPLE)} | {
        (kind, name): who for kind, one in by.items() for name, who in one.items()
    }
    for parts in PARTS:
        assert found_out(told_of(groups, rests, decided, parts), PEOPLE) is None, parts
    # A week that is computed again is told as it was.
    assert decide(by, rests, kept=decided) == decided
    # What was told stays, what was withheld stays, whoever else turns out to have had a seat.
    later = decide(by, rests | {"seats": frozenset(PEOPLE)}, kept=decided)
    assert {k: (d.hidden, d.few <= later[k].few) for k, d in decided.items()} == {
        key: (one.hidden, True) for key, one in later.items()
    }


def test_groups_that_cross_are_told_where_nobody_is_found_out() -> None:
    """Two departments, two weeks of onboarding and two cohorts, five people in all three of each: all are told."""
    people = [f"p{n:02}" for n in range(40)]
    sets = [(("organisation", ""), frozenset(people))]
    for kind, step in (("department", 1), ("onboarded", 2), ("cohort", 4)):
        for half in (0, 1):
            sets.append(((kind, str(half)), frozenset(p for n, p in enumerate(people) if n // step % 2 == half)))
    assert withheld(sets) == frozenset()
    assert found_out([people for _, people in sets[:5]], people[:20]) is None


@pytest.mark.parametrize(
    ("then", "now", "hidden"),
    [
        (5, 6, True), (6, 5, True), (5, 9, True), (5, 10, False), (9, 9, False), (9, 10, True), (10, 11, False),
        (11, 6, False), (20, 21, False),
    ],
)  # fmt: skip
def test_a_small_group_is_not_told_beside_the_week_before(then: int, now: int, hidden: bool) -> None:
    people = [f"p{n:02}" for n in range(40)]
    rests = dict.fromkeys((part for parts in PARTS for part in parts), frozenset(people))
    by = {"team": {"a": frozenset(people[:now])}}
    last = {("team", "a"): frozenset(people[:then])}
    assert decide(by, rests, last=last)["team", "a"].hidden is hidden
    assert not decide(by, rests)["team", "a"].hidden
    # One who came for one who went are two people.
    swapped = {("team", "a"): frozenset({*people[1:now], people[-1]})}
    assert decide(by, rests, last=swapped)["team", "a"].hidden is (now < 10)
