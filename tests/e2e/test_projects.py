"""A project in a browser: made, filled, its memory proposed by a task, accepted by a person, told to the next task."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.peer("chromium")
SLOW = 90_000
NOTE = "The kick-off is on 3 May in the town hall."
DONE = re.compile("completed")


def test_a_note_is_proposed_accepted_and_told(scripted: str, browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(base_url=scripted, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto("/sign-in")
    page.click("button[value^='ana@']")
    page.goto("/projects/new")
    page.fill("#name", "Office move")
    page.fill("#purpose", "Move the Leeds office")
    page.get_by_role("button", name="Make the project").click()
    base = page.url
    (tmp_path / "brief.md").write_text("# Brief\n\nThe lease ends in June.\n")
    page.set_input_files("#files-in", str(tmp_path / "brief.md"))
    page.locator("#files").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#files")).to_contain_text("brief.md")
    page.get_by_role("button", name="Switch on").click()

    page.fill("#goal", f"Remember: {NOTE}")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("header .badge").first).to_have_text(DONE, timeout=SLOW)
    expect(page.locator(".cl-chip").first).to_have_text("project Office move")
    expect(page.locator(".cl-rail")).to_contain_text("brief.md")
    page.goto(base)
    expect(page.locator("#memory")).not_to_contain_text(NOTE)
    page.get_by_text(f"Note: {NOTE}").click()
    expect(page.locator(".cl-diff ins")).to_have_text(NOTE)
    expect(page.locator(".cl-rail")).to_contain_text("Colleague, for Ana Correia")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#memory")).to_contain_text(NOTE)

    page.fill("#goal", "What do you know?")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".cl-answer")).to_contain_text(NOTE, timeout=SLOW)
    # Forgotten, the next task is not told.
    page.goto(base)
    page.locator("#memory").get_by_role("button", name="Delete the note").click()
    page.fill("#goal", "What do you know now?")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".cl-answer")).to_contain_text("I was told no notes.", timeout=SLOW)
    context.close()
