"""A project in a browser: made, filled, its memory proposed by a task, accepted by a person, told to the next task."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.press import press, sign_in

pytestmark = pytest.mark.peer("chromium")
NOTE = "The kick-off is on 3 May in the town hall."
DONE = re.compile("completed")


def test_a_note_is_proposed_accepted_and_told(scripted: str, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(base_url=scripted, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(page, "ana")
    page.goto("/projects/new")
    page.fill("#name", "Office move")
    page.fill("#purpose", "Move the Leeds office")
    press(page, "Make the project")
    base = page.url
    (tmp_path / "brief.md").write_text("# Brief\n\nThe lease ends in June.\n")
    page.set_input_files("#files-in", str(tmp_path / "brief.md"))
    press(page.locator("#files").get_by_role("button", name="Add", exact=True))
    expect(page.locator("#files")).to_contain_text("brief.md")
    press(page, "Switch on")

    page.fill("#goal", f"Remember: {NOTE}")
    press(page, "Start")
    expect(page.locator("header .badge").first).to_have_text(DONE)
    expect(page.locator(".cl-chip").first).to_have_text("project Office move")
    expect(page.locator(".cl-rail")).to_contain_text("brief.md")
    page.goto(base)
    expect(page.locator("#memory")).not_to_contain_text(NOTE)
    press(page.get_by_text(f"Note: {NOTE}"))
    expect(page.locator(".cl-diff ins")).to_have_text(NOTE)
    expect(page.locator(".cl-rail")).to_contain_text("Colleague, for Ana Correia")
    press(page, "Accept")
    expect(page.locator("#memory")).to_contain_text(NOTE)

    page.fill("#goal", "What do you know?")
    press(page, "Start")
    expect(page.locator(".cl-answer")).to_contain_text(NOTE)
    # Forgotten, the next task is not told.
    page.goto(base)
    press(page.locator("#memory"), "Delete the note")
    page.fill("#goal", "What do you know now?")
    press(page, "Start")
    expect(page.locator(".cl-answer")).to_contain_text("I was told no notes.")
    context.close()
