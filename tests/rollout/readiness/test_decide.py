"""By yourselves only if all three hold; help if anything asks for it; every gap with requirement and next step."""

from dataclasses import replace
from itertools import product

import pytest

from colleague.rollout.readiness.answer import BadReadiness, read_answers
from colleague.rollout.readiness.decide import decide
from colleague.rollout.readiness.look import prefill
from colleague.rollout.readiness.model import QUESTIONS, Answers, Known, Result

ALONE = Answers(saas_rollouts=True, sponsor=True, regulated=False, seats=120, custom_mcp=False, stalled=False)
NOTHING = Known()


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "self-serve"),
        ({"seats": 499}, "self-serve"),
        ({"seats": 500}, "help"),
        ({"seats": 5000}, "help"),
        ({"regulated": True}, "help"),
        ({"custom_mcp": True}, "help"),
        ({"stalled": True}, "help"),
        # Both sets hold: help wins.
        ({"stalled": True, "custom_mcp": True}, "help"),
        # Help wins over questions that nobody has answered.
        ({"stalled": True, "saas_rollouts": None, "sponsor": None}, "help"),
        # Nothing asks for help, but one of the three does not hold.
        ({"saas_rollouts": False}, "not yet"),
        ({"sponsor": False}, "not yet"),
        # Silence never counts in favour.
        *(({name: None}, "not yet") for name in QUESTIONS),
    ],
)
def test_the_table(changes: dict[str, object], verdict: str) -> None:
    assert decide(replace(ALONE, **changes), NOTHING).verdict == verdict  # type: ignore[arg-type]


def test_every_combination_agrees_with_the_two_sentences_of_the_requirement() -> None:
    yes_no = (True, False, None)
    for it, sponsor, regulated, seats, mcp, stalled in product(yes_no, yes_no, yes_no, (40, 500, None), yes_no, yes_no):
        answers = Answers(it, sponsor, regulated, seats, mcp, stalled)
        found = decide(answers, NOTHING).verdict
        help_ = regulated is True or (seats or 0) >= 500 or mcp is True or stalled is True
        alone = it is True and sponsor is True and regulated is False
        assert (found == "help") == help_, answers
        assert not (found == "self-serve" and (help_ or not alone or answers.open)), answers
        reasons = decide(answers, NOTHING).reasons
        assert {one.question for one in reasons} == set(QUESTIONS)
        assert any(one.speaks == "help" for one in reasons) == help_


def test_each_gap_names_its_requirement_and_a_next_step_with_a_page() -> None:
    worst = Answers(False, False, True, 900, True, True)
    known = Known(
        servers=("Ledger API",), unsigned=("Acceptable use", "Audit requirements"), unready=("There are 2.",),
        unmeasured=("«RFP»: measured 0 of 10.",),
    )  # fmt: skip
    missing = decide(worst, known).missing
    assert [one.requirement for one in missing] == [
        "PN-1", "MI-2", "GP-5", "PH-9", "CN-3", "AD-1", "GP-1", "PP-5", "AD-6",
    ]  # fmt: skip
    assert all(one.step and one.link.startswith("/") and one.what for one in missing)
    assert "«Acceptable use» and «Audit requirements»" in missing[6].what
    assert [one.what for one in decide(Answers(), NOTHING).missing] == [
        f"An answer to «{words}»" for words in QUESTIONS.values()
    ]
    ids = {"saas_rollouts": "PN-1", "sponsor": "PN-1", "regulated": "PN-1"}
    assert {one.question: one.requirement for one in decide(Answers(), NOTHING).reasons} == ids | dict.fromkeys(
        ("seats", "custom_mcp", "stalled"), "PN-2"
    )
    assert decide(ALONE, NOTHING).missing == ()


def test_what_is_known_outweighs_what_was_answered_but_nothing_is_answered_for_anybody() -> None:
    known = Known(servers=("Ledger API",), restricted=("The rules let restricted data reach the agent.",), people=37)
    answers, why = prefill(known, Answers(custom_mcp=False, regulated=False, seats=20))
    assert (answers.custom_mcp, answers.regulated, answers.seats) == (True, True, 37)
    assert set(why) == {"custom_mcp", "regulated", "seats"}
    named, because = prefill(Known(sponsor="Ana Ruiz"), Answers(sponsor=False))
    assert (named.sponsor, set(because)) == (True, {"sponsor"})
    assert prefill(NOTHING, Answers(seats=20)) == (Answers(seats=20), {})


@pytest.mark.parametrize(
    "raw",
    [{"sponsor": "maybe"}, {"sponsor": 1}, {"seats": "many"}, {"seats": 0}, {"seats": -4}, {"seats": 10**9},
     {"seats": True}, {"seats": "٣٠٠"}, {"seats": "9" * 400}, {"colour": "yes"}, {"stalled": ["yes"]}],
)  # fmt: skip
def test_what_is_no_answer_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(BadReadiness):
        read_answers(raw)


def test_words_of_a_form_are_read_and_a_result_comes_back_from_json_as_it_was() -> None:
    assert read_answers({"sponsor": "Yes ", "regulated": "no", "stalled": "", "seats": " 300 "}) == Answers(
        sponsor=True, regulated=False, seats=300
    )
    result = decide(Answers(False, seats=700), Known(unsigned=("Acceptable use",)))
    assert Result.from_json(result.to_json()) == result
