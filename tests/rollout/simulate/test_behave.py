"""What people do follows from the seed and from the chosen behaviour, and from nothing else."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest

from colleague.rollout.simulate.behave import Behaviour, Work, begins, poisson
from colleague.rollout.simulate.house import FolderTaken, checked_folder
from colleague.rollout.simulate.model import SCENARIOS, BadScenario, Scenario

WORKS = tuple(Work(f"everyone:s{n}", 60) for n in range(5))


def weeks(scenario: Scenario, count: int = 6, people: int = 200) -> list[list[str]]:
    """Play some weeks of people who all begin together; return the verbs of each week."""
    told = Behaviour(scenario, WORKS, Random(scenario.seed))
    there = [told.newcomer(f"p{n}", 0) for n in range(people)]
    return [
        [f"{d.verb} {d.actor}" for d in told.week(there, n, begins(date(2026, 1, 5 + 7 * n) if n < 3 else DAYS[n]))]
        for n in range(count)
    ]


DAYS = {3: date(2026, 1, 26), 4: date(2026, 2, 2), 5: date(2026, 2, 9)}


def active(week: list[str]) -> int:
    return len({one.split()[1] for one in week} - {"agent"})


def test_the_same_seed_gives_the_same_weeks() -> None:
    assert weeks(Scenario()) == weeks(Scenario())
    assert weeks(Scenario()) != weeks(Scenario(seed=2))


def test_who_stays_away_and_who_never_comes() -> None:
    busy = [active(week) for week in weeks(Scenario(active=1.0, never=0.25, stall=0.5, seed=3))]
    assert 130 <= busy[0] <= 170
    assert busy[2] < 0.7 * busy[0]
    assert busy[3] < 0.7 * busy[0]
    assert busy[4] > 0.9 * busy[0]


def test_what_is_begun_in_a_week_ends_in_a_later_one_at_its_own_time() -> None:
    told = Behaviour(Scenario(saving=0.0), (Work("everyone:long", 5000),), Random(1))
    there = [told.newcomer(f"p{n}", 0) for n in range(40)]
    first = told.week(there, 0, begins(date(2026, 1, 5)))
    assert all(one.at < begins(date(2026, 1, 12)) for one in first)
    assert {one.verb for one in told.later} & {"run.completed", "output.taken"}
    second = told.week([], 1, begins(date(2026, 1, 12)))
    assert [one.at for one in second] == sorted(one.at for one in second)
    assert second


def test_completion_is_what_was_chosen() -> None:
    (week,) = weeks(Scenario(completion=0.4, seed=5), count=1, people=600)
    begun, done = (sum(one.startswith(verb) for one in week) for verb in ("task.delegated", "run.completed"))
    assert abs(done / begun - (0.4 + 0.6 * 0.05)) < 0.04


def test_poisson_has_its_mean() -> None:
    dice = Random(7)
    for mean in (0.5, 4.5, 60.0):
        drawn = [poisson(dice, mean) for _ in range(4000)]
        assert abs(sum(drawn) / 4000 - mean) < 0.05 * mean + 0.05
        assert min(drawn) >= 0


def test_seats_grow_to_the_end_of_the_phase_and_not_beyond() -> None:
    steady = Scenario()
    assert [steady.wanted(1, week) for week in (0, 5)] == [24, 24]
    assert steady.wanted(2, 0) > 24
    assert [steady.wanted(phase, 30) for phase in (2, 3, 4)] == [300, 2000, 5000]
    assert Scenario(people=60).wanted(4, 30) == 60


@pytest.mark.parametrize(
    "wrong",
    [{"people": 19}, {"people": 5001}, {"pilot": 18}, {"pilot": 41}, {"weeks": 0}, {"phases": (0, 8, 12)},
     {"active": 1.1}, {"sessions": 0}, {"kinds": 6}, {"cases": 2}, {"begin": date(2026, 1, 6)}, {"tickets": -1}],
)  # fmt: skip
def test_what_cannot_be_played_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadScenario):
        replace(Scenario(), **wrong).checked()  # type: ignore[arg-type]


def test_every_named_scenario_can_be_played() -> None:
    for name, (words, changes) in SCENARIOS.items():
        assert words.endswith(".")
        replace(Scenario(name), **changes).checked()  # type: ignore[arg-type]


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    assert checked_folder(tmp_path / "new") == tmp_path / "new"
    assert checked_folder(tmp_path) == tmp_path
    (tmp_path / "master.key").write_text("somebody's")
    with pytest.raises(FolderTaken):
        checked_folder(tmp_path)
    with pytest.raises(FolderTaken):
        checked_folder(tmp_path / "master.key")
