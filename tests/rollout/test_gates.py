"""The gates against tables of cases: at each boundary both sides (PH-1 to PH-8, B-2, CH-1, KP-2)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from colleague.policy.model import Phase
from colleague.rollout.gates import champions, gate, quarterly, support, weekly_active
from colleague.rollout.model import ActiveWeek, Attestation, Evidence, Signed
from colleague.rollout.network import Department, Network
from colleague.rollout.phases import PHASES, after

TODAY = date(2027, 3, 1)


def weeks(*shares: float, seats: int = 40) -> tuple[ActiveWeek, ...]:
    return tuple(ActiveWeek(f"2027-W{n + 1:02}", round(share * seats), seats) for n, share in enumerate(shares))


def said(criterion: str, days: int = 10) -> dict[str, Attestation]:
    on = TODAY - timedelta(days=days)
    return {criterion: Attestation("a1", criterion, "person_x", on, datetime(2027, 1, 1, tzinfo=UTC), "Passed.")}


PILOT = Evidence(
    weeks=weeks(0.8, 0.8, 0.8, 0.8), validated={"A": "", "B": "", "C": "", "D": "ten measured times"},
    attested=said("connector-review"), today=TODAY,
)  # fmt: skip
EXPANSION = Evidence(
    weeks=weeks(*[0.6] * 6, seats=200), governance=Signed("person_y", TODAY - timedelta(days=90), "version 3"),
    attested=said("security-review", 90), today=TODAY,
)  # fmt: skip
BROAD = Evidence(
    weeks=weeks(*[0.6] * 8, seats=900), network=Network((Department("Bids", 80, 2, 2), Department("Law", 7, 1, 1)), 0),
    support=Signed("person_z", TODAY, "card 2"), today=TODAY,
)  # fmt: skip


@pytest.mark.parametrize(("phase", "evidence"), [
    (Phase.PILOT, PILOT), (Phase.EXPANSION, EXPANSION), (Phase.BROAD, BROAD),
    (Phase.ENTERPRISE, Evidence(attested=said("quarterly-review", 92), today=TODAY)),
])  # fmt: skip
def test_what_is_exactly_enough_opens(phase: Phase, evidence: Evidence) -> None:
    judged = gate(phase, evidence)
    assert judged.holds, judged.missing


@pytest.mark.parametrize(("phase", "evidence", "missing"), [
    (Phase.PILOT, Evidence(today=TODAY), {"lasted", "weekly-active", "use-cases", "connector-review"}),
    (Phase.PILOT, replace(PILOT, weeks=weeks(0.8, 0.8, 0.8)), {"lasted", "weekly-active"}),
    (Phase.PILOT, replace(PILOT, weeks=weeks(0.8, 0.8, 0.8, 0.775)), {"weekly-active"}),
    (Phase.PILOT, replace(PILOT, weeks=weeks(1, 1, 1, 0.675)), {"weekly-active"}),
    (Phase.PILOT, replace(PILOT, weeks=weeks(0.1, 0.9, 0.9, 0.7, 0.7)), set()),
    (Phase.PILOT, replace(PILOT, validated={"A": "", "B": "", "C": "x"}), {"use-cases"}),
    (Phase.PILOT, replace(PILOT, attested={}), {"connector-review"}),
    (Phase.PILOT, replace(PILOT, attested=said("connector-review", 91)), {"connector-review"}),
    (Phase.PILOT, replace(PILOT, attested=said("security-review")), {"connector-review"}),
    (Phase.EXPANSION, replace(EXPANSION, governance=None), {"governance"}),
    (Phase.EXPANSION, replace(EXPANSION, governance=Signed("x", TODAY - timedelta(days=91))), {"governance"}),
    (Phase.EXPANSION, replace(EXPANSION, attested=said("security-review", 91)), {"security-review"}),
    (Phase.EXPANSION, replace(EXPANSION, hold="35 % in week 6"), {"no-hold"}),
    (Phase.EXPANSION, replace(EXPANSION, weeks=EXPANSION.weeks[:5]), {"lasted"}),
    (Phase.BROAD, replace(BROAD, support=None), {"support"}),
    (Phase.BROAD, replace(BROAD, network=Network((), 0)), {"champions"}),
    (Phase.ENTERPRISE, Evidence(today=TODAY), {"quarterly-review"}),
    (Phase.ENTERPRISE, Evidence(attested=said("quarterly-review", 93), today=TODAY), {"quarterly-review"}),
])  # fmt: skip
def test_what_is_short_of_it_does_not(phase: Phase, evidence: Evidence, missing: set[str]) -> None:
    assert {criterion.id for criterion in gate(phase, evidence).missing} == missing


def test_weeks_of_holidays_neither_count_nor_spoil() -> None:
    spoiled = weeks(0.8, 0.8, 0.8, 0.8, 0.1)
    assert not weekly_active(spoiled).holds
    assert weekly_active((*spoiled[:-1], replace(spoiled[-1], skipped=True))).holds
    assert not weekly_active((*spoiled[:3], replace(spoiled[3], skipped=True))).holds
    assert not weekly_active(()).holds
    # A week whose seats were taken back until nothing can be told of it hides none, and counts as none.
    small = (*weeks(0.8, 0.8, 0.8, 0.8), ActiveWeek("2027-W05", 0, 0))
    assert not weekly_active(small).holds
    assert [c.id for c in gate(Phase.PILOT, replace(PILOT, weeks=(*PILOT.weeks[:3], small[4]))).missing] == [
        "lasted", "weekly-active",
    ]  # fmt: skip
    assert not weekly_active(tuple(ActiveWeek(f"w{n}", 0, 0) for n in range(4))).holds


def test_nine_of_ten_departments_are_enough_and_small_ones_need_one() -> None:
    ten = [Department(f"D{n}", 20, 2, 2) for n in range(9)]
    assert champions(Network((*ten, Department("Last", 20, 1, 1)), 0)).holds
    assert not champions(Network((*ten[:8], Department("A", 20, 1, 1), Department("B", 20, 3, 1)), 0)).holds
    assert champions(Network((Department("Small", 7, 1, 1),), 0)).holds
    assert not champions(Network((Department("Eight", 8, 1, 1),), 0)).holds
    assert "not yet: B" in champions(Network((Department("B", 9, 0, 0),), 0)).value


def test_what_is_said_is_named_with_its_day() -> None:
    found = gate(Phase.PILOT, PILOT).criteria[3]
    assert (found.how, found.by, found.on) == ("attested", "person_x", TODAY - timedelta(days=10))
    assert support(Signed("o", TODAY, "card 1")).by == "o"
    assert quarterly(Evidence(today=TODAY)).value == "none was held"


def test_phases_follow_one_another_without_gap_in_their_caps() -> None:
    order = [Phase.PILOT]
    while following := after(order[-1]):
        order.append(following)
    assert order == list(Phase)
    assert [PHASES[p].most for p in order] == [40, 300, 2000, None]
    assert [PHASES[p].weeks for p in order] == [(4, 6), (6, 8), (8, 12), None]


def test_activity_is_never_told_alone() -> None:
    """AD-5: what was finished, how widely and how much faster stands in the same sentence."""
    told = (*weeks(0.8, 0.8, 0.8), replace(weeks(0.9)[0], beside="completion 87 % (n 90), breadth 3, 51 % less time"))
    assert weekly_active(told).value.endswith("; in 2027-W01 completion 87 % (n 90), breadth 3, 51 % less time")


def test_a_single_week_of_the_gate_stands_with_its_interval_and_n() -> None:
    """B-2: at 80 % of fifteen people the interval is 54.8 to 93.0 %."""
    told = weekly_active([ActiveWeek("2026-W10", 12, 15), ActiveWeek("2026-W11", 0, 0)]).value
    assert told.startswith("2026-W10 80 % (55 to 93 %, n 15), 2026-W11 not told")
