"""Each number stands against its target, and its trend against four weeks that count."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from colleague.adoption.figures import Numbers, Time, outputs, time_to_output
from colleague.adoption.kpis.activity import Frequency
from colleague.adoption.kpis.intervals import wilson
from colleague.adoption.kpis.work import Breadth, Completion, Strength
from colleague.adoption.model import RunFact
from colleague.adoption.targets import standings, targets_in
from colleague.adoption.weeks import Week
from colleague.policy.model import Phase
from colleague.usecases.model import Cases, Measured

FIRST = Week(2026, 9)


def week(number: int, active: int, *, skipped: bool = False, people: int = 100, sessions: float = 4) -> Numbers:
    return Numbers(
        FIRST.next(number), True, skipped, people, active, wau=wilson(active, people),
        frequency=Frequency(sessions, sessions, 0, active), completion=Completion(wilson(6, 10), {}),
        breadth=Breadth(3, 0.5, 1, 3, active), tenured=Breadth(3, 0.4, 1, 3, active),
        time=Time(0.5, 10, 1, 30, 30, 0, "readout"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("actives", "meets", "goes"),
    [
        ([65], True, "new"), ([64], False, "new"), ([60, 65], True, "new"), ([60, 60, 62], False, "rising"),
        ([60, 60, 61], False, "steady"), ([70, 70, 70, 70, 66], True, "falling"),
        # The fifth week back is none of the four.
        ([10, 70, 70, 70, 70, 71], True, "steady"),
    ],
)  # fmt: skip
def test_weekly_active(actives: list[int], meets: bool, goes: str) -> None:
    found = standings([week(n, active) for n, active in enumerate(actives)], Phase.EXPANSION)[0]
    assert (found.name, found.meets, found.goes) == ("wau", meets, goes)


@pytest.mark.parametrize(("phase", "active", "meets"), [
    (Phase.PILOT, 79, False), (Phase.PILOT, 80, True), (Phase.EXPANSION, 64, False), (Phase.EXPANSION, 65, True),
    (Phase.BROAD, 65, True), (Phase.ENTERPRISE, 64, False),
])  # fmt: skip
def test_a_pilot_is_held_to_its_gate_and_later_phases_to_theirs(phase: Phase, active: int, meets: bool) -> None:
    """C-8: 80 % and 65 % are of different people."""
    assert standings([week(0, active)], phase)[0].meets is meets
    assert f"{100 * targets_in(phase)[0].aim:.0f} %" in targets_in(phase)[0].words


def test_holidays_and_small_groups_are_skipped() -> None:
    weeks = [week(0, 70), week(1, 70), week(2, 1, skipped=True), week(3, 2, people=4), week(4, 70)]
    assert (standings(weeks, Phase.BROAD)[0].value, standings(weeks, Phase.BROAD)[0].goes) == (0.7, "steady")


def test_breadth_needs_half_with_three_not_the_median_alone() -> None:
    found = {one.name: one for one in standings([week(0, 70)], Phase.EXPANSION)}
    assert (found["breadth"].value, found["breadth"].meets) == (3, False)
    assert {name: one.meets for name, one in found.items() if name != "breadth"} == {
        "wau": True, "sessions": True, "completion": True, "time": True,
    }  # fmt: skip


@pytest.mark.parametrize("strength", ["indicative", None])
def test_a_time_that_is_indicative_is_shown_and_not_judged(strength: Strength | None) -> None:
    weak = replace(week(0, 70), time=Time(0.5, 10, 1, 10, 10, 0, strength))
    found = standings([weak], Phase.EXPANSION)[-1]
    assert (found.name, found.value, found.meets) == ("time", 0.5, None)


@pytest.mark.parametrize(("before", "after", "people", "strength"), [
    (9, 50, 9, "nothing"), (30, 30, 8, "readout"), (29, 30, 8, "indicative"), (30, 29, 8, "indicative"),
    (30, 30, 7, "indicative"),
])  # fmt: skip
def test_how_strong_a_weeks_time_is(before: int, after: int, people: int, strength: str) -> None:
    begun = datetime.combine(FIRST.monday, time(), tzinfo=UTC)
    runs = [
        RunFact(
            f"r{n}", f"p{n % people}", "x", begun, "delivered", begun, input_at=begun,
            accepted_at=begun + timedelta(minutes=30),
        )
        for n in range(after)
    ]  # fmt: skip
    timed = Measured("c", "C", "x", "o", "", "live", 1, begun, "", {"b": [60.0] * before}, 0)
    cases = Cases([timed])
    found = time_to_output(outputs(runs, cases, begun, begun + timedelta(days=7)), cases)
    assert found is not None
    assert found.strength == strength
    assert (found.reduction is None) is (strength == "nothing")


def test_a_target_is_shown_for_each_number_together() -> None:
    """AD-5: activity is never told without completion, breadth and time."""
    kept = week(0, 70).to_json()
    assert {"wau", "completion", "breadth", "time"} <= {name for name, value in kept.items() if value}
    assert [one.name for one in standings([], Phase.PILOT)] == ["wau", "sessions", "completion", "breadth", "time"]
