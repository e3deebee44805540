"""Alarms and guards against tables of cases, each boundary from both sides (PH-1, PH-8, PH-10, MI)."""

from dataclasses import replace
from datetime import date

import pytest
from tests.rollout.test_gates import weeks

from colleague.policy.model import Phase
from colleague.rollout.alarms import Look, alarms
from colleague.rollout.gates import quarterly
from colleague.rollout.mistakes import Facts, guards
from colleague.rollout.model import Evidence, Programme, Step

CALM = Look(Phase.PILOT, 6, weeks(0.8, 0.2), 40, 20, 20, 16)


@pytest.mark.parametrize(("look", "keys"), [
    (CALM, []),
    (replace(CALM, week=7), ["overdue-1"]),
    (replace(CALM, phase=Phase.EXPANSION, week=8), []), (replace(CALM, phase=Phase.EXPANSION, week=9), ["overdue-2"]),
    (replace(CALM, phase=Phase.ENTERPRISE, week=400), []),
    (replace(CALM, weeks=weeks(0.8, 0.175)), ["low-use"]), (replace(CALM, weeks=()), []),
    (replace(CALM, weeks=(weeks(0.8)[0], replace(weeks(0.1)[0], skipped=True))), []),
    (replace(CALM, seats=61, new=41, onboarded=32), ["too-fast"]), (replace(CALM, seats=61, new=41, onboarded=33), []),
    (replace(CALM, seats=60, new=40, onboarded=0), []),
    (replace(CALM, seats=121, seats_before=0, new=121), ["too-fast"]),
    (replace(CALM, seats=121, seats_before=0, new=121, onboarded=97), []),
    (replace(CALM, seats=120, seats_before=0, new=120), []),
    (replace(CALM, quarterly=quarterly(Evidence(today=date(2027, 1, 1)))), ["quarterly-review"]),
])  # fmt: skip
def test_alarms(look: Look, keys: list[str]) -> None:
    assert [key for key, _ in alarms(look)] == keys
    assert all(len(why) > 40 for _, why in alarms(look))


GOOD = Facts(Programme("s", "l", "goal"), 40, 40, "", 0, 3, 3, 0, 5, dispatch_later=False)


@pytest.mark.parametrize(("facts", "open_"), [
    (GOOD, []), (replace(GOOD, held=41), ["Skipping the pilot"]),
    (replace(GOOD, most=None, held=41), ["Skipping the pilot"]),
    (replace(GOOD, most=99, held=60), ["Skipping the pilot"]),
    (replace(GOOD, programme=Programme("s", "l", "g", (Step(Phase.ENTERPRISE, date(2027, 1, 1), "gate"),)), most=None,
             held=9000), []),
    # What was decided for the pilot ends with it (C-3).
    (replace(GOOD, programme=Programme("s", "l", "g", (Step(Phase.EXPANSION, date(2027, 1, 1), "gate"),)), triggers=0,
             dispatch_later=True), ["Postponing Dispatch"]),
    (replace(GOOD, owned="Nobody is named yet."), ["Treating it as an IT project"]),
    (replace(GOOD, measured=2), ["Measuring nothing"]), (replace(GOOD, use_cases=0, measured=0), ["Measuring nothing"]),
    (replace(GOOD, measured=0, new=3), ["Measuring nothing"]), (replace(GOOD, use_cases=4, new=1), []),
    (replace(GOOD, triggers=4), ["Postponing Dispatch"]), (replace(GOOD, triggers=0, dispatch_later=True), []),
    (replace(GOOD, leaders="0 of 6 active", leaders_alarm="0 % of 6 named leaders"), ["Postponing Dispatch"]),
    (replace(GOOD, leaders="5 of 6 active"), []),
    (replace(GOOD, programme=Programme("s", "l", "g", (Step(Phase.EXPANSION, date(2027, 1, 1), "skip"),))),
     ["Skipping the pilot"]),
])  # fmt: skip
def test_five_mistakes_are_guarded(facts: Facts, open_: list[str]) -> None:
    found = guards(facts)
    assert len(found) == 5
    assert [guard.mistake for guard in found if not guard.holds] == open_
