"""A lead writes, measures and launches use cases in a browser, at a desk and on a phone, without barriers."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.press import press

pytestmark = pytest.mark.peer("chromium")


def looked_at(page: Page, name: str, axe: Callable[[Page], None]) -> None:
    """Look for barriers and for what is wider than the window; keep a picture where COLLEAGUE_PICTURES says."""
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_from_no_use_case_to_one_that_is_live(enter: Callable[..., Page], axe: Callable[[Page], None]) -> None:
    marta, ben = enter("marta"), enter("ben", 390, "dark")
    marta.goto("/people")
    press(marta.get_by_role("link", name="Ben Okafor"))
    marta.select_option("select[name=role]", "programme_lead")
    press(marta, "Give")
    expect(marta.locator("main")).to_contain_text("programme lead")
    marta.goto("/use-cases")
    expect(marta.locator("main")).to_contain_text("there are 0")
    looked_at(marta, "empty", axe)
    press(marta.get_by_role("link", name="RFP summary and response outline"))
    looked_at(marta, "form", axe)
    marta.get_by_label("Owner").fill("ana@aldermoor.example")
    press(marta, "Save")
    expect(marta).to_have_url(re.compile("/use-cases/uc_"))
    at = marta.url
    looked_at(marta, "draft", axe)
    # A wish beside it: saved, and told what keeps it from being one.
    marta.goto("/use-cases/new")
    marta.get_by_label("Name").fill("Writing")
    marta.get_by_label("What is done").fill("Help with writing")
    press(marta, "Save")
    expect(marta.locator("main")).to_contain_text("It names a wish")
    looked_at(marta, "wish", axe)
    ben.goto(at)
    press(ben, "Approve")
    expect(ben.get_by_role("button", name="Approve")).to_have_count(0)
    looked_at(ben, "approved-390-dark", axe)
    for n in range(10):
        ben.get_by_label("Minutes it took").fill(str(90 + n))
        press(ben, "Add a measured time")
        expect(ben.locator("#baseline")).to_contain_text(f"n = {n + 1} ")
    ben.get_by_text("Something got in the way").click()
    ben.get_by_label("At which step").fill("Reading annexes")
    ben.get_by_label("What", exact=True).fill("Scanned annexes are read without their tables.")
    press(ben, "Write it down")
    expect(ben.locator("#friction")).to_contain_text("Scanned annexes")
    press(ben, "Go live")
    expect(ben.locator("#baseline")).to_contain_text("Closed when it went live")
    for text in ("Role: you prepare bids.\nCite pages.", "Role: you prepare bids.\nQuote pages."):
        ben.goto(f"{at}/framework")
        ben.get_by_label("Text").fill(text)
        ben.get_by_label("A result is good enough when").fill("Every claim names its page")
        if ben.get_by_label("What changed and why").count():
            ben.get_by_label("What changed and why").fill("A quotation can be checked")
        press(ben, "Save version")
    expect(ben.locator("ins").first).to_have_text("Quote pages.")
    for page, width in ((ben, "390-dark"), (enter("ana", 1280), "1280-light"), (enter("marta", 390), "390-light")):
        for path, name in ((at, "live"), (f"{at}/framework", "framework"), ("/use-cases", "list")):
            page.goto(path)
            expect(page.locator("h1")).to_be_visible()
            looked_at(page, f"{name}-{width}", axe)
    ben.goto(f"{at}/edit")
    looked_at(ben, "edit-390-dark", axe)
