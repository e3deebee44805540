"""Nothing is told of fewer than five people, neither at once nor by subtracting what is told."""

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colleague.adoption.few.decide import suppressed


def people(first: int, last: int) -> frozenset[str]:
    return frozenset(f"p{n}" for n in range(first, last))


EVERYBODY = people(0, 30)
CASES = [
    ("five are told", {"a": people(0, 5)}, set()),
    ("four are not", {"a": people(0, 4)}, {"a"}),
    ("those without a seat do not make five", {"a": people(26, 40)}, {"a"}),
    ("all but four give the four away", {"a": people(0, 26)}, {"a"}),
    ("all but five do not", {"a": people(0, 25)}, set()),
    ("all are told as the organisation is", {"a": people(0, 30)}, set()),
    ("what the told ones leave gives the small one away",
     {"a": people(0, 10), "b": people(10, 27), "c": people(27, 30)}, {"a", "c"}),
    ("two small ones together are enough to hide in", {"a": people(0, 24), "b": people(24, 27), "c": people(27, 30)},
     {"b", "c"}),
    ("one lies in the other, with three more", {"a": people(0, 10), "b": people(0, 13)}, {"a"}),
    ("one lies in the other, with five more", {"a": people(0, 10), "b": people(0, 15)}, set()),
    ("the same people twice", {"a": people(0, 10), "b": people(0, 10)}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("groups", "hidden"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_cases(groups: dict[str, frozenset[str]], hidden: set[str]) -> None:
    assert {name for _, name in suppressed({"team": groups}, EVERYBODY)} == hidden


def test_a_team_that_is_nearly_a_department_is_not_told_beside_it() -> None:
    groups = {"department": {"Sales": people(0, 12)}, "team": {"Bids": people(0, 10), "Key accounts": people(12, 20)}}
    assert suppressed(groups, EVERYBODY) == {("team", "Bids")}


def test_a_source_never_hides_a_department() -> None:
    groups = {"department": {"Sales": people(0, 12)}, "source": {"Laptops": people(0, 14), "Colleague": people(0, 11)}}
    assert suppressed(groups, EVERYBODY) == {("source", "Laptops"), ("source", "Colleague")}


def test_leaders_are_hidden_before_a_team_that_other_pages_tell_of() -> None:
    groups = {"team": {"Board": people(0, 5)}, "leaders": {"leaders": people(0, 7)}}
    assert suppressed(groups, EVERYBODY) == {("leaders", "leaders")}


def test_two_teams_that_leave_two_of_their_department_are_not_both_told() -> None:
    groups = {"department": {"Sales": people(0, 12)}, "team": {"X": people(0, 5), "Y": people(5, 10)}}
    assert suppressed(groups, EVERYBODY) == {("team", "X")}


def test_nor_are_a_team_and_a_cohort_beside_it() -> None:
    groups = {"department": {"Sales": people(0, 13)}, "team": {"X": people(0, 6)}, "cohort": {"Second": people(6, 11)}}
    assert suppressed(groups, EVERYBODY) == {("cohort", "Second")}


def test_departments_and_teams_together_leave_no_few_of_everybody() -> None:
    groups = {
        "department": {"Sales": people(0, 10), "Product": people(10, 30)},
        "team": {"Design": people(10, 18), "Build": people(18, 27)},
    }
    assert suppressed(groups, EVERYBODY) == {("team", "Design")}


def test_a_department_less_its_teams_may_leave_five_or_nobody() -> None:
    groups = {
        "department": {"Sales": people(0, 15), "Product": people(15, 30)},
        "team": {"X": people(0, 5), "Y": people(5, 10), "Z": people(15, 22), "V": people(22, 30)},
    }
    assert suppressed(groups, EVERYBODY) == frozenset()


def test_five_thousand_people_in_two_hundred_groups_hide_nothing_needlessly() -> None:
    """Departments in teams of their own, weeks of onboarding and sources across them: nothing is hidden needlessly."""
    everybody = [f"p{n:04}" for n in range(5000)]
    groups: dict[str, dict[str, set[str]]] = {"department": {}, "team": {}, "onboarded": {}, "source": {}}
    for n, person in enumerate(everybody):
        spread = n * 7919 % 5003
        for kind, name in (
            ("department", n % 20),
            ("team", n % 100),
            ("onboarded", spread % 52),
            ("source", n % 3 % 2),
        ):
            groups[kind].setdefault(f"{kind} {name}", set()).add(person)
    by = {kind: {name: frozenset(members) for name, members in named.items()} for kind, named in groups.items()}
    assert suppressed(by, frozenset(everybody)) == frozenset()


MEMBERS = st.frozensets(st.sampled_from([f"p{n:02}" for n in range(16)]), min_size=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(("department", "team", "source")), MEMBERS), max_size=7))
def test_no_told_group_less_told_groups_in_it_leaves_a_few(drawn: list[tuple[str, frozenset[str]]]) -> None:
    everybody = frozenset(f"p{n:02}" for n in range(16))
    groups: dict[str, dict[str, frozenset[str]]] = {}
    for number, (kind, members) in enumerate(drawn):
        groups.setdefault(kind, {})[str(number)] = members
    hidden = suppressed(groups, everybody)
    told = [m for kind, named in groups.items() for name, m in named.items() if (kind, name) not in hidden]
    for whole in [everybody, *told]:
        inside = [one for one in told if one < whole]
        for size in range(1, len(inside) + 1):
            for some in combinations(inside, size):
                together = frozenset[str]().union(*some)
                if len(together) == sum(map(len, some)):
                    assert len(whole - together) not in (1, 2, 3, 4)


def test_nobody_is_nothing() -> None:
    assert suppressed({"team": {}}, frozenset()) == frozenset()
    assert suppressed({"team": {"a": people(0, 9)}}, frozenset()) == {("team", "a")}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 6), min_size=1, max_size=40))
def test_no_sum_of_departments_leaves_a_few(departments: list[int]) -> None:
    """People in exactly one department each: no subset of told ones, taken from all, leaves one to four people."""
    everybody = frozenset(f"p{n}" for n in range(len(departments)))
    groups = {
        str(d): frozenset(f"p{n}" for n, of in enumerate(departments) if of == d) for d in sorted(set(departments))
    }
    hidden = {name for _, name in suppressed({"department": groups}, everybody)}
    told = [members for name, members in groups.items() if name not in hidden]
    for size in range(1, len(told) + 1):
        for some in combinations(told, size):
            left = len(everybody.difference(*some))
            assert left == 0 or left >= 5
