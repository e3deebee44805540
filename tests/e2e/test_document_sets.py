"""A document set in a browser: made, asked, answered with a place that opens; strangers never learn of it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from tests.e2e.press import press

pytestmark = pytest.mark.peer("chromium")
LIMIT = "The limit for a hotel in Lisbon is 140 euros a night."
PAGES = (
    ("Travel rules", "These rules hold for everybody who travels for the company."),
    ("Trains", "First class may be booked if it is cheaper than standard."),
    ("Hotels", LIMIT),
)
NOTHING = "This is not in the documents you may read"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("given")
    rules = Canvas(str(folder / "Travel rules.pdf"), pagesize=A4)
    rules.setTitle("Travel rules")
    for heading, sentence in PAGES:
        rules.setFont("Helvetica-Bold", 18)
        rules.drawString(72, 760, heading)
        rules.setFont("Helvetica", 11)
        rules.drawString(72, 720, sentence)
        rules.showPage()
    rules.save()
    (folder / "Parking.md").write_text("# Parking\n\nVisitors park behind the warehouse.\n")
    return [folder / "Travel rules.pdf", folder / "Parking.md"]


def ask(page: Page, address: str, question: str) -> None:
    page.goto(address)
    page.fill("#goal", question)
    press(page.get_by_role("button", name="Ask", exact=True))
    expect(page.locator("header .badge").first).to_have_text("completed")


def looked_at(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The address of the set, once it was made."""
    return {}


@pytest.fixture
def address(enter: Callable[..., Page], files: list[Path], made: dict[str, str], tmp_path: Path) -> str:
    """A set that Ana made of files, through the pages; read to its end."""
    if made:
        return made["address"]
    ana = enter("ana")
    ana.goto("/document-sets/new")
    ana.fill("#name", "Rules of the Lisbon office")
    ana.set_input_files("#files", [str(f) for f in files])
    looked_at(ana, tmp_path, "new")
    press(ana, "Make the set")
    expect(ana.locator("h1")).to_have_text("Rules of the Lisbon office")
    listed = ana.locator("h2:text-is('Documents') ~ .cl-list")
    for _ in range(180):
        if "3 pages" in listed.inner_text() and "Parking.md" in listed.inner_text():
            break
        ana.wait_for_timeout(1000)
        ana.reload()
    expect(listed).to_contain_text("3 pages")
    expect(listed).to_contain_text("Travel rules.pdf")
    looked_at(ana, tmp_path, "set")
    made["address"] = ana.url
    return ana.url


def test_a_question_is_answered_from_the_set_with_a_place_that_opens_at_the_page(
    enter: Callable[..., Page], address: str, tmp_path: Path
) -> None:
    ana = enter("ana")
    ask(ana, address, "What is the limit for a hotel in Lisbon?")
    answer = ana.locator(".cl-answer")
    expect(answer).to_contain_text(LIMIT)
    expect(answer).to_contain_text("Travel rules.pdf")
    looked_at(ana, tmp_path, "answer")
    place = answer.get_by_role("link", name=re.compile(r"Travel rules\.pdf")).first
    assert "#p-3" in (place.get_attribute("href") or "")
    press(place)
    expect(ana.locator("h1")).to_contain_text("Travel rules")
    expect(ana.locator(".cl-paper")).to_contain_text(LIMIT)
    expect(ana.locator("#p-3")).to_be_in_viewport()
    looked_at(ana, tmp_path, "source")


def test_what_is_not_in_the_set_is_said_and_not_made_up(
    enter: Callable[..., Page], address: str, tmp_path: Path
) -> None:
    ana = enter("ana", 390, "dark")
    ask(ana, address, "Which vaccinations does the veterinarian recommend for alpacas?")
    expect(ana.locator(".cl-answer")).to_contain_text(NOTHING)
    expect(ana.locator(".cl-answer")).not_to_contain_text("hotel")
    looked_at(ana, tmp_path, "nothing")


def test_a_colleague_without_the_right_does_not_learn_of_it(
    enter: Callable[..., Page], address: str, tmp_path: Path
) -> None:
    ben = enter("ben")
    ben.goto("/document-sets?q=hotel+Lisbon+140+euros")
    for words in ("Lisbon office", LIMIT, "Travel rules.pdf"):
        expect(ben.locator("main")).not_to_contain_text(words)
    looked_at(ben, tmp_path, "stranger")
    base, _, path = address.partition("/document-sets/")
    answer = ben.request.get(address)
    assert answer.status == 404
    assert "Lisbon" not in answer.text()
    asked = ben.request.post(
        "/tasks", headers={"Origin": base}, multipart={"goal": "What is the limit?", "library_set": path}
    )
    assert asked.status == 404, "a set is asked by those who may see it"
