"""Who suits a pilot: three criteria, ranked with reasons; legal, HR leads and compliance warned of; 15 to 40."""

from dataclasses import replace

import pytest

from colleague.identity.seats.warn import COMPLIANCE, HR, LEGAL, warnings
from colleague.rollout.cohorts.begin import first_case
from colleague.rollout.cohorts.may_start import may_start
from colleague.rollout.cohorts.model import CRITERIA, Answer, Candidate, Cohort, Score
from colleague.rollout.cohorts.rank import HIGHEST, rank
from colleague.usecases.model import Card, Ritual
from colleague.usecases.rituals import Tied

YES = Answer(True, "Two RFPs a week, forty pages each.")
FULL = Score(dict.fromkeys(CRITERIA, YES), "financial analysis", "daily", YES)


def person(name: str, score: Score = FULL, **more: object) -> Candidate:
    return Candidate(name, name, score, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("department", "title", "expected"),
    [
        ("Legal", "", (LEGAL,)),
        ("legal & secretarial", "Assistant", (LEGAL,)),
        ("Sales", "General Counsel", (LEGAL,)),
        ("Sales", "Paralegal", (LEGAL,)),
        ("Human Resources", "", (HR,)),
        ("H.R.", "Director", (HR,)),
        ("People & Culture", "Head of People", (HR,)),
        ("", "HR Business Partner", (HR,)),
        ("", "CHRO", (HR,)),
        ("Human Resources", "Payroll clerk", ()),
        ("Compliance", "", (COMPLIANCE,)),
        ("Finance", "Internal Auditor", (COMPLIANCE,)),
        ("Finance", "Anti-Money-Laundering analyst", (COMPLIANCE,)),
        ("Data protection", "Officer", (COMPLIANCE,)),
        ("Legal and Compliance", "Head", (LEGAL, COMPLIANCE)),
        # Written to slip through: other case, marks, full width, characters that cannot be seen.
        ("LÉGAL", "", (LEGAL,)),
        ("Ｌｅｇａｌ", "", (LEGAL,)),
        ("Le\u200bgal", "", (LEGAL,)),
        ("com\u00adpliance", "", (COMPLIANCE,)),
        ("risk_management", "", (COMPLIANCE,)),
        # What only looks like it.
        ("Marketing", "Illegalities desk", ()),
        ("Brisk Logistics", "Driver", ()),
        ("Procurement", "Head of Procurement", ()),
        ("", "", ()),
        ("Auditorium services", "Technician", ()),
    ],
)
def test_warnings(department: str, title: str, expected: tuple[str, ...]) -> None:
    assert warnings(department, title) == expected


def test_what_is_typed_does_not_hide_what_the_directory_knows() -> None:
    one = replace(person("a", replace(FULL, department="Marketing", title="Writer")), known=("Legal", ""))
    assert one.warnings == (LEGAL,)


@pytest.mark.parametrize("missing", list(CRITERIA))
@pytest.mark.parametrize("answer", [Answer(), Answer(False, "x"), Answer(True, "")])
def test_each_criterion_is_needed_with_its_evidence(missing: str, answer: Answer) -> None:
    score = replace(FULL, answers={**FULL.answers, missing: answer})
    assert FULL.meets
    assert score.missing == (CRITERIA[missing],)
    ranked = rank([person("a", score)])[0]
    assert any(CRITERIA[missing] in one for one in ranked.against)


def test_the_order_and_its_reasons() -> None:
    two = replace(FULL, answers={**FULL.answers, "feedback": Answer(False, "Finds no words")})
    plain = Score(dict.fromkeys(CRITERIA, YES))
    warned = replace(person("b warned"), known=("Legal", ""))
    found = rank([person("d two", two), person("c plain", plain), warned, person("a full")])
    assert [one.candidate.name for one in found] == ["a full", "b warned", "c plain", "d two"]
    assert found[0].points == HIGHEST
    assert found[1].against == (LEGAL,)
    assert any("financial analysis" in one for one in found[0].reasons)
    assert any("every day" in one for one in found[0].reasons)
    assert any("no, Finds no words" in one for one in found[3].against)
    assert found[3].points > found[2].points, "all three come first whatever the points"


PILOT = Cohort("c", "Pilot", "pilot", "draft")


def started(seats: int, *, waiting: int = 0, **more: object) -> tuple[bool, str]:
    members = {f"p{n}": "uc" for n in range(seats + waiting)}
    found = may_start(PILOT, members, [f"p{n}" for n in range(seats)], **more)  # type: ignore[arg-type]
    assert found.seats == seats
    return found.ok, " ".join(found.reasons)


@pytest.mark.parametrize(("seats", "ok"), [(0, False), (14, False), (15, True), (40, True), (41, False)])
def test_fifteen_to_forty_both_included(seats: int, ok: bool) -> None:
    assert started(seats)[0] == ok


def test_only_active_seats_count() -> None:
    ok, why = started(14, waiting=1)
    assert not ok
    assert "there are 14. 1 more is chosen and not active yet" in why
    # Somebody active who is not in it makes no seat.
    assert not may_start(PILOT, {f"p{n}": "uc" for n in range(14)}, [f"p{n}" for n in range(40)]).ok


def test_each_reason_by_itself() -> None:
    assert started(20, unmapped="No group maps.") == (False, "No group maps.")
    assert started(20, others=("Two use cases.",)) == (False, "Two use cases.")
    warned = replace(person("Lea"), known=("Legal", ""))
    said = replace(warned, sponsor="s", sponsor_reason="She leads the bids.")
    assert started(20, chosen=[said], sponsor="s")[0]
    # No reason, that of somebody else, or of nobody's programme: none of them counts.
    for chosen, sponsor in ((warned, "s"), (said, "other"), (said, ""), (replace(said, sponsor=""), "")):
        assert "without a reason of the programme's sponsor: Lea" in started(20, chosen=[chosen], sponsor=sponsor)[1]
    assert "without all three criteria: Tim" in started(20, chosen=[person("Tim", Score())])[1]
    assert not may_start(
        replace(PILOT, state="started"), {f"p{n}": "uc" for n in range(20)}, [f"p{n}" for n in range(20)]
    ).ok
    untied = may_start(PILOT, {f"p{n}": "" if n < 2 else "uc" for n in range(20)}, [f"p{n}" for n in range(20)])
    assert "2 of 20 have no use case tied to a ritual" in untied.reasons[0]


def tied(name: str, department: str, team: str = "") -> Tied:
    return Tied(
        name, Card(name, department=department, ritual=Ritual(team, "Monday", "report") if team else None), 0, None
    )


def test_people_begin_with_a_ritual_of_their_own() -> None:
    cases = [tied("all", "", "Everybody"), tied("bids", "Sales", "Bids"), tied("loose", "Finance")]
    assert first_case("sales", (), cases) == "bids"
    assert first_case("", ("BIDS",), cases) == "bids"
    assert first_case("Marketing", (), cases) == "all"
    assert first_case("Finance", (), [tied("loose", "Finance")]) == ""
    assert first_case("Marketing", (), [tied("bids", "Sales", "Bids")]) == ""
