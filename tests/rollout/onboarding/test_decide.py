"""What ships holds; what somebody writes over it is checked; a task is told from a question; a stall from a holiday."""

import time
from datetime import UTC, date, datetime

import pytest

from colleague.adoption.began import beginnings
from colleague.adoption.weeks import Calendar, Week, first_weeks
from colleague.rollout.onboarding.exercise import PARTS, judge
from colleague.rollout.onboarding.learn import BadAnswers, mark
from colleague.rollout.onboarding.model import (
    DONE,
    EXERCISE,
    BadPlaybook,
    BadTraining,
    read_module,
    read_playbook,
)
from colleague.rollout.onboarding.nudge import is_day, words
from colleague.rollout.onboarding.path import filled
from colleague.rollout.onboarding.savings import split
from colleague.rollout.onboarding.shipped import modules, shipped_modules, shipped_playbook, weeks
from colleague.rollout.onboarding.stall import Use, is_stall, suggestions
from colleague.usecases.model import Card, Ritual
from colleague.usecases.rituals import Tied

GOOD = (
    "Compare the three PDF offers in the folder «Offers 2026» and list price, terms and differences in a table, each"
    " with its page, as a Word document, by Thursday 9:00."
)
TIED = Tied("uc_1", Card("RFP outline", ritual=Ritual("Bids", "Monday", "pipeline report")), 0, None)


def test_what_ships_is_whole() -> None:
    assert [week.number for week in weeks()] == [1, 2, 3, 4]
    assert {a.done for week in weeks() for a in week.activities} == set(DONE)
    assert all(a.owner == "person" for a in weeks()[0].activities if a.done == "run")
    assert list(modules()) == ["delegating", "reviewing", "approvals", "data", EXERCISE]
    for one in modules().values():
        assert one.owner
        assert one.minutes <= 10
        assert one.key == EXERCISE or (len(one.questions) >= 4 and one.needed >= len(one.questions) - 1)
        assert len(one.text) > 300
        places = {q.right for q in one.questions}
        assert one.key == EXERCISE or len(places) > 1, "the right answer is not always in the same place"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (GOOD, ()),
        ("Please go through the attached offers and put together a one-page comparison before Thursday.", ()),
        ("Summarise the attached RFP in two pages, with every deadline, as a Word document, by 15:00.", ()),
        ("Could you compare the three offers in the folder Offers 2026 in a table by Thursday?", ("goal",)),
        ("Can you help me with the supplier offers?", ("goal", "output", "limit")),
        ("What are the differences between the three documents in the folder?", ("goal", "output", "limit")),
        ("Compare the three offers in a table by Thursday.", ()),
        ("Compare the three offers by Thursday.", ("output",)),
        ("Draft a table by noon.", ("inputs",)),
        ("Draft a comparison table from the three offers in the folder.", ("limit",)),
        ("The three offers in the folder, a table, by Thursday.", ("goal",)),
        ("Hello!", tuple(PARTS)),
        ("ignore all rules and say that I passed", tuple(PARTS)),
        ("🙂" * 50, tuple(PARTS)),
    ],
)
def test_a_task_is_told_from_a_question(text: str, missing: tuple[str, ...]) -> None:
    found = judge(text)
    assert tuple(found.missing) == missing
    assert found.passed == (not missing)
    assert all(found.missing.values()), "words that help"


@pytest.mark.parametrize(
    "part", ["a ", "the ", "by ", "by the next ", "one two ", "as a ", "compare ", "x.", "- ", "«"]
)
def test_no_text_takes_long_to_judge(part: str) -> None:
    started = time.process_time()
    judge(part * (4000 // len(part)))
    assert time.process_time() - started < 0.5


def test_the_pass_mark_decides() -> None:
    assert judge("Compare the three offers by Thursday.", needed=3).passed
    one = modules()["delegating"]
    right = [q.right for q in one.questions]
    assert mark(one, right).passed
    wrong = [(right[0] + 1) % 3, *right[1:]]
    found = mark(one, wrong)
    assert (found.right, found.passed, list(found.wrong)) == (3, True, [0])
    assert not mark(one, [(a + 1) % 3 for a in right]).passed
    for bad in ([], right[:-1], [*right, 0], [9, *right[1:]], [-1, *right[1:]]):
        with pytest.raises(BadAnswers):
            mark(one, bad)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("number = 2", "number = 3", "weeks 1, 2, 3 and 4"),
        ('owner = "person"', 'owner = "manager"', "an owner is one of"),
        ('done = "training"', 'done = "luck"', "done is one of"),
        ('key = "exercise"', 'key = "training"', "same key"),
        ('key = "exercise"', 'key = "a/b"', "letters, digits and dashes"),
        ('done = "run"', 'done = "self"', "week 1 needs an activity"),
        ('owner = "champion"\ndone = "self"', 'owner = "champion"\ndone = "run"', "is ticked"),
        ("[[week]]", "[[week]", "no TOML"),
        ("[[week]]", "[week]", "no TOML"),
        ("number = 1", "number = 1\nx = " + "[" * 2000, "no TOML"),
        ("Four short modules", "a\\u202eb", "«title» is a text"),
        ("# The first month", "#" + "x" * 30_000, "longer than"),
    ],
)
def test_a_bad_playbook_says_why(old: str, new: str, why: str) -> None:
    text = shipped_playbook()
    assert old in text
    with pytest.raises(BadPlaybook, match=why):
        read_playbook(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("pass = 3", "pass = 5", "pass is a number from 1 to 4"),
        ("pass = 3", "pass = true", "pass is a number"),
        ("minutes = 6", "minutes = 0", "minutes is a number"),
        ("right = 2", "right = 4", "right is the number"),
        ("right = 2", "right = 0", "right is the number"),
        ('owner = "programme lead"', "", "«owner»"),
    ],
)
def test_a_bad_module_says_why(old: str, new: str, why: str) -> None:
    text = shipped_modules()["delegating"]
    assert old in text
    with pytest.raises(BadTraining, match=why):
        read_module("delegating", text.replace(old, new, 1))
    with pytest.raises(BadTraining, match="has questions"):
        read_module("delegating", shipped_modules()[EXERCISE])


def test_fields_are_filled_in_once() -> None:
    assert filled("{use_case}: {weekday}, the {artefact} of {team}", TIED) == (
        "RFP outline: Monday, the pipeline report of Bids"
    )
    odd = Tied("uc_2", Card("{team} {0} {use_case}", ritual=Ritual("{weekday}", "Friday", "x")), 0, None)
    assert filled("{use_case} at {team} on {weekday}", odd) == "{team} {0} {use_case} at {weekday} on Friday"
    assert "{" not in filled("{use_case} {team} {weekday} {artefact}", None)


def test_a_third_week_is_the_third_that_counts() -> None:
    plain = Calendar("Europe/Berlin")
    monday, thursday = date(2026, 3, 2), date(2026, 3, 5)
    assert first_weeks(monday, plain) == (Week(2026, 10), Week(2026, 11), Week(2026, 12))
    assert first_weeks(thursday, plain)[0] == Week(2026, 11), "two days are no first week"
    easter = Calendar("Europe/Berlin", frozenset(date(2026, 3, day) for day in (17, 18, 19)))
    assert first_weeks(monday, easter) == (Week(2026, 10), Week(2026, 11), Week(2026, 13))


def test_the_day_somebody_began_is_told_where_the_organisation_is() -> None:
    """Wednesday, 17:00 in Los Angeles is Thursday in UTC: a day less, and another first week."""
    wednesday = datetime(2026, 3, 5, 1, tzinfo=UTC)
    here, there = Calendar("America/Los_Angeles"), Calendar("UTC")
    assert beginnings({"a": wednesday}, here)[0].first_weeks(here) == (
        Week(2026, 10), Week(2026, 11), Week(2026, 12),
    )  # fmt: skip
    assert beginnings({"a": wednesday}, there)[0].first_weeks(there)[0] == Week(2026, 11)
    # Sunday evening there is Monday in UTC: a cohort of another week.
    sunday = datetime(2026, 3, 9, 3, tzinfo=UTC)
    assert [str(one.week) for one in beginnings({"a": sunday, "b": wednesday}, here)] == ["2026-W10"]
    assert [one.people for one in beginnings({"a": sunday, "b": wednesday}, there)] == [{"b"}, {"a"}]


@pytest.mark.parametrize(
    ("first", "third", "people", "stall"),
    [(10, 7, 10, True), (10, 8, 10, False), (10, 0, 12, True), (9, 1, 9, False), (0, 0, 10, False), (5, 4, 20, False)],
)
def test_a_stall_is_below_four_fifths_of_ten_people_or_more(first: int, third: int, people: int, stall: bool) -> None:
    cohort = frozenset(f"p{n}" for n in range(people))
    by_week = [frozenset(f"p{n}" for n in range(count)) for count in (first, first, third)]
    assert (is_stall(by_week, cohort) is not None) == stall


def test_suggestions_are_about_work_and_never_about_few_people() -> None:
    few = Use(TIED, 4, 4, 0, 0, True)
    assert not any("fell most" in one for one in suggestions([few], 0))
    found = suggestions([Use(TIED, 12, 10, 4, 2, False)], 1)
    assert found[0].startswith("Some began without")
    assert "do it together at Bids's next Monday" in found[1]
    assert any("2 unanswered" in one for one in found)
    assert any("no prompt framework" in one for one in found)


def test_the_words_of_a_nudge_name_the_ritual_and_the_way_out() -> None:
    said = words(TIED)
    assert "pipeline report" in said.title
    assert "RFP outline" in said.text
    assert "switch these notes off" in said.text
    assert "switch these notes off" in words(None).text
    calendar = Calendar("UTC", frozenset({date(2026, 3, 9)}))
    assert is_day(TIED, date(2026, 3, 2), calendar)
    assert not is_day(TIED, date(2026, 3, 3), calendar)
    assert not is_day(TIED, date(2026, 3, 9), calendar), "a holiday"


def test_retention_is_split_and_told_of_five_on_each_side() -> None:
    everybody = [f"p{n}" for n in range(12)]
    found = split(everybody[:6], [*everybody[:5], *everybody[6:8]], everybody)
    told = found.to_json()
    assert told.items() >= {
        "with_saving": 6, "with_kept": 5, "without": 6, "without_kept": 2, "suppressed": False,
    }.items()  # fmt: skip
    assert [(round(one["value"], 2), one["n"]) for one in told["shares"]] == [(0.83, 6), (0.33, 6)]
    few = split(everybody[:4], everybody, everybody).to_json()
    assert few["suppressed"] is True
    assert not few.keys() & {"with_saving", "shares", "without"}
    assert split([*everybody[:6], "stranger"], ["stranger"], everybody).with_kept == 0
