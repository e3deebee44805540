"""A lead lets a cohort begin; a newcomer goes through the training and the exercise, at a desk and on a phone."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.press import press
from tests.e2e.served import Served, serving

from colleague.kit import embedded
from colleague.rollout.onboarding.shipped import modules

pytestmark = pytest.mark.peer("chromium")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A house of its own: it writes the card that another walk writes too."""
    with serving(tmp_path_factory.mktemp("month")) as served:
        yield served


TASK = "Compare the three offers in the folder «Offers 2026» and list the differences in a table, by Thursday 9:00."


def looked_at(page: Page, name: str, axe: Callable[[Page], None]) -> None:
    """Look for barriers and for what is wider than the window; keep a picture where PICTURES says."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    axe(page)


def past_gate_one(served: Served) -> None:
    """Let the programme be in its expansion: which evidence opens the gate is tried elsewhere."""
    with psycopg.connect(embedded.start(served.folder)) as connection:
        (who,) = connection.execute("SELECT id FROM people ORDER BY created_at LIMIT 1").fetchone() or ("",)
        for number, kind in enumerate(("start", "gate")):
            connection.execute(
                "INSERT INTO programme_moves (id, kind, from_phase, to_phase, state, why, snapshot, digest,"
                ' proposed_by, proposed_at, "on")'
                " VALUES (%s, %s, 1, %s, 'done', '', '{}', '', %s, now(), current_date)",
                (f"move_{number}", kind, 1 + number, who),
            )


def a_use_case(marta: Page, ben: Page) -> None:
    """Have the shipped card of the bids team approved."""
    marta.goto("/people")
    press(marta.get_by_role("link", name="Ben Okafor"))
    marta.select_option("select[name=role]", "programme_lead")
    press(marta, "Give")
    expect(marta.locator("main")).to_contain_text("programme lead")
    marta.goto("/use-cases/new?from=rfp-response")
    marta.get_by_label("Owner").fill("ana@aldermoor.example")
    press(marta, "Save")
    expect(marta).to_have_url(re.compile("/use-cases/uc_"))
    ben.goto(marta.url)
    press(ben, "Approve")
    expect(ben.get_by_role("button", name="Approve")).to_have_count(0)


def a_pilot_to_look_at(ben: Page, axe: Callable[[Page], None]) -> None:
    """Propose and rank somebody for a pilot, which is then far from starting."""
    ben.goto("/programme/cohorts")
    ben.get_by_label("Name").fill("Pilot, autumn")
    press(ben, "Make it")
    expect(ben).to_have_url(re.compile("/cohorts/cohort_"))
    expect(ben.locator("main")).to_contain_text("15 to 40 active seats, and there are 0")
    ben.get_by_label("Propose, by mail address").fill("tom@aldermoor.example")
    press(ben, "Propose")
    looked_at(ben, "candidate-new", axe)
    expect(ben.locator("main")).to_contain_text("Bids, Monday: bid pipeline report")
    for name in ("documents", "feedback", "not_sensitive", "comparable"):
        ben.locator(f"input[name={name}][value=yes]").check()
        ben.locator(f"textarea[name={name}_evidence]").fill("Answers two tenders a week, with forty pages each.")
    ben.get_by_label("Title").fill("Legal counsel")
    press(ben, "Save")
    expect(ben.locator("main")).to_contain_text("Legal work")
    ben.get_by_label("Sponsor, by mail address").fill("marta@aldermoor.example")
    ben.get_by_label("Their reason").fill("He writes the terms that every bid repeats.")
    looked_at(ben, "candidate-1280", axe)
    press(ben, "Choose Tom")
    expect(ben.locator("#ranking")).to_contain_text("warned of")
    ben.locator("#ranking details").first.locator("summary").click()
    looked_at(ben, "pilot-1280", axe)


def test_from_a_cohort_to_a_newcomer_who_is_trained(
    enter: Callable[..., Page], axe: Callable[[Page], None], served: Served
) -> None:
    marta, ben = enter("marta"), enter("ben")
    a_use_case(marta, ben)
    a_pilot_to_look_at(ben, axe)
    ben.goto("/programme/cohorts")
    ben.get_by_label("Name").fill("Bids, first")
    ben.select_option("select[name=kind]", "rollout")
    press(ben, "Make it")
    expect(ben).to_have_url(re.compile("/cohorts/cohort_"))
    ben.select_option("select[name=team]", label="Everyone (7)")
    press(ben.get_by_role("button", name="Map", exact=True))
    # Tom is in the pilot: he is taken out there first.
    ben.goto("/programme/cohorts")
    press(ben.get_by_role("link", name="Pilot, autumn"))
    ben.get_by_text("Take out").first.click()
    ben.get_by_label("Why Tom Lindqvist leaves").fill("He begins with his team")
    press(ben, "Take out")
    ben.goto("/programme/cohorts")
    press(ben.get_by_role("link", name="Bids, first"))
    expect(ben.locator("#members")).to_contain_text("once gate 1 is passed")
    looked_at(ben, "cohort-too-early", axe)
    past_gate_one(served)
    ben.reload()
    press(ben, "Let all of the mapped group or team in")
    expect(ben.locator("main")).to_contain_text("have no use case tied to a ritual")
    looked_at(ben, "cohort-not-yet", axe)
    # Who is not in Bids has no ritual of theirs: another card would be written; here they begin later.
    for name in ("Ines Duarte",):
        ben.locator("#members .cl-note-row", has_text=name).get_by_text("Take out").first.click()
        ben.get_by_label(f"Why {name} leaves").fill("Begins with the next cohort")
        press(ben.locator("#members .cl-note-row", has_text=name), "Take out")
    press(ben, "Start, and begin the first month today")
    expect(ben.locator("main")).to_contain_text("began")
    ana = enter("ana", 390, "dark")
    ana.goto("/first-month")
    expect(ana.locator("h1")).to_have_text("Your first month")
    expect(ana.locator("main")).to_contain_text("RFP summary and response outline: this Monday, for real")
    looked_at(ana, "mine-390-dark", axe)
    for key, module in modules().items():
        if not module.questions:
            continue
        ana.goto(f"/first-month/{key}")
        for n, question in enumerate(module.questions):
            ana.locator(f"input[name=q{n}][value='{question.right}']").check()
        looked_at(ana, f"module-{key}-390-dark", axe)
        press(ana, "Check")
        expect(ana.get_by_role("status")).to_contain_text("Passed.")
    ana.goto("/first-month/exercise")
    ana.get_by_label("Your task").fill("Can you help me with the supplier offers?")
    press(ana, "Check")
    expect(ana.get_by_role("alert")).to_contain_text("1 of 4 parts")
    looked_at(ana, "exercise-390-dark", axe)
    ana.get_by_label("Your task").fill(TASK)
    press(ana, "Check")
    expect(ana.get_by_role("status")).to_contain_text("Passed.")
    ana.goto("/first-month")
    expect(ana.locator("#training")).to_contain_text("All passed.")
    ana.get_by_label("Minutes it took now").fill("25")
    ana.get_by_label("Minutes it took before").fill("95")
    press(ana, "Write it down")
    expect(ana.locator("#saving")).to_contain_text("70 minutes saved")
    press(ana, "No notes, please")
    expect(ana.locator("#notes")).to_contain_text("You asked for none.")
    for page, width in ((enter("ana", 1280), "1280-light"), (enter("ben", 390, "dark"), "390-dark")):
        page.goto("/first-month")
        expect(page.locator("h1")).to_be_visible()
        looked_at(page, f"mine-done-{width}", axe)
    for page, width in ((enter("ben", 1280), "1280-light"), (enter("ben", 390, "dark"), "390-dark")):
        for path, name in (("/programme/first-month", "numbers"), ("/programme/cohorts", "list"),
                           ("/programme/first-month/playbook", "playbook"), (ben.url, "cohort")):  # fmt: skip
            page.goto(path)
            expect(page.locator("h1")).to_be_visible()
            looked_at(page, f"{name}-{width}", axe)
