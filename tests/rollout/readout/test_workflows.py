"""A use case is told by its runs: reduction beside completion, and nothing that would be of a few people alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

from colleague.adoption.model import RunFact
from colleague.adoption.validation import proof_of
from colleague.adoption.weeks import Calendar
from colleague.rollout.readout.workflows import completion_figure, workflow_of
from colleague.usecases.model import Measured

START = datetime(2027, 1, 11, 9, tzinfo=UTC)
NOW = START + timedelta(days=40)


def case(before: dict[str, list[float]], **more: Any) -> Measured:
    made: dict[str, Any] = {
        "id": "uc_1", "name": "RFP", "skill": "rfp", "owner": "p0", "department": "Bids", "state": "live", "version": 1,
        "live_at": START, "new_capability": "", "before": before, "told": 0,
    }  # fmt: skip
    return Measured(**made | more)


def runs(people: int, each: int = 4, minutes: float = 45, **more: Any) -> list[RunFact]:
    found = []
    for n in range(people * each):
        at = START + timedelta(hours=3 * n)
        done = at + timedelta(minutes=minutes + n % 5)
        made = {"end": "delivered", "ended_at": done, "input_at": at, "accepted_at": done} | more
        found.append(RunFact(f"r{n}", f"p{n % people}", "rfp", at, **made))
    return found


def told(people: int, before: int = 9, **more: Any) -> Any:
    times = {f"p{n}": [90.0 + n, 88.0 - n, 95.0, 85.0] for n in range(before)}
    ran = runs(people)
    return workflow_of(proof_of(case(times, **more), ran, None, Calendar("UTC"), NOW), ran, until=NOW)


def test_eight_people_and_thirty_times_make_a_readout_figure() -> None:
    one = told(9)
    assert (one.strength, one.people, one.runs, one.before_n, one.after_n) == ("readout", 9, 36, 36, 36)
    assert 0.4 < one.reduction.value < 0.55
    assert one.reduction.low < one.reduction.value < one.reduction.high
    assert one.hours.value == one.runs * one.before * one.reduction.value / 60
    assert one.same.there
    assert told(6).strength == "indicative"
    assert (one.validated, one.missing[-1]) == (False, "the owner's signature")


def test_times_of_fewer_than_five_people_or_a_baseline_of_two_are_not_told() -> None:
    for one in (told(4), told(9, before=2)):
        assert (one.reduction.value, one.before, one.after, one.hours.value) == (None, None, None, None)
        assert "not told: fewer than 5 people after, or 5 before" in one.reduction.absent
        assert one.strength == "nothing"
    assert told(4).completion.value is None
    assert "fewer than 5 people" in told(4).completion.absent


def test_what_other_agents_told_of_validates_nothing() -> None:
    """B-9: nobody here saw it end, and what is told weeks later mends no completion."""
    here, there = runs(9, each=1, end="failed", accepted_at=None), runs(9, elsewhere=True, accepted_at=None)
    times = {f"p{n}": [90.0] * 4 for n in range(9)}
    found = proof_of(case(times), [*here, *there], None, Calendar("UTC"), NOW + timedelta(days=60))
    assert found.completion is not None
    assert (found.completion.rate.value, found.completion.rate.n, found.silent) == (0, 9, 0)


def test_a_new_capability_is_left_out_and_a_failed_run_is_in_no_time_but_in_the_completion() -> None:
    new = told(9, new_capability="Nobody did this.")
    assert (new.hours.value, new.new_capability) == (None, "Nobody did this.")
    mixed = runs(9) + runs(9, end="failed", accepted_at=None)
    proof = proof_of(case({f"p{n}": [90.0] * 4 for n in range(9)}), mixed, None, Calendar("UTC"), NOW)
    found = workflow_of(proof, mixed, until=NOW)
    assert (found.runs, found.completion.value, found.completion.n) == (36, 0.5, 72)
    assert "redesign" in found.completion.note


def test_what_one_person_alone_did_is_not_told_also_where_nobody_took_an_output() -> None:
    ran = runs(1, each=10, end="failed", accepted_at=None)
    proof = proof_of(case({f"p{n}": [90.0] * 4 for n in range(9)}), ran, None, Calendar("UTC"), NOW)
    assert (proof.people, workflow_of(proof, ran, until=NOW).completion.value) == (1, None)


def test_a_completion_without_mature_runs_says_so() -> None:
    assert completion_figure(None, people=9, rows="").absent.endswith("seven days old")
