"""The verbs of cohorts and the first month: a cohort is made, scored, ranked; a playbook is written and read."""

from pathlib import Path

from tests.cli.conftest import Call

from colleague.bootstrap import House
from colleague.rollout.onboarding.shipped import shipped_playbook

YES = ("--documents", "yes", "--feedback", "yes", "--not-sensitive", "yes")
EVIDENCE = tuple(
    word for name in ("documents", "feedback", "not-sensitive") for word in (f"--{name}-evidence", "two tenders a week")
)


def test_cohorts_and_the_first_month(call: Call, demo: House, tmp_path: Path) -> None:
    cohort = call("programme", "cohort", "make", "Pilot", as_="marta").out.strip()
    assert call("programme", "cohort", "make", "pilot", as_="marta").err.startswith("There is a cohort called")
    said = call("programme", "cohort", "score", cohort, "tom@aldermoor.example", *YES, *EVIDENCE, as_="marta")
    assert "known here: What is open to their teams" in said.out
    warned = call(
        "programme", "cohort", "score", cohort, "dana@aldermoor.example", *YES, *EVIDENCE, "--department", "Legal",
        as_="marta",
    )  # fmt: skip
    assert "warning: Legal work" in warned.out
    assert call("programme", "cohort", "choose", cohort, "tom@aldermoor.example", as_="marta").out == "Chosen.\n"
    refused = call("programme", "cohort", "choose", cohort, "dana@aldermoor.example", as_="marta")
    assert (refused.code, "sponsor's reason" in refused.err) == (1, True)
    shown = call("programme", "cohort", "show", cohort, as_="marta").out
    assert "there are 1" in shown
    assert "1. Tom Lindqvist (chosen)" in shown
    assert "against: Legal work" in shown
    assert call("programme", "cohort", "start", cohort, as_="marta").code == 1
    assert call("programme", "cohort", "list", as_="ana").code == 1
    assert "Pilot" in call("programme", "cohort", "list", as_="marta").out
    assert (
        call("programme", "cohort", "leave", cohort, "tom@aldermoor.example", "--why", "later", as_="marta").code == 0
    )

    own = tmp_path / "own.toml"
    own.write_text(shipped_playbook().replace("Keep it", "Keep what served"), "utf-8")
    words = ("programme", "first-month", "playbook", str(own), "--department", "Finance", "--why", "ours")
    assert call(*words, as_="marta").out == "Version 1.\n"
    assert "meanwhile" in call(*words, as_="marta").err
    read = call("programme", "first-month", "playbook", "--department", "finance", as_="marta").out
    assert "Keep what served" in read
    assert "right =" in call("programme", "first-month", "training", "data", as_="marta").out
    assert call("programme", "first-month", "training", "data", as_="ana").code == 1
    assert "group" in call("programme", "first-month", "show", as_="marta").out
