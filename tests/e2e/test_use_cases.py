"""A lead writes, measures and launches use cases in a browser, at a desk and on a phone, without barriers."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

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
    marta.get_by_role("link", name="Ben Okafor").click()
    marta.select_option("select[name=role]", "programme_lead")
    marta.get_by_role("button", name="Give").click()
    expect(marta.locator("main")).to_contain_text("programme lead")
    marta.goto("/use-cases")
    expect(marta.locator("main")).to_contain_text("there are 0")
    looked_at(marta, "empty", axe)
    marta.get_by_role("link", name="RFP summary and response outline").click()
    looked_at(marta, "form", axe)
    marta.get_by_label("Owner").fill("ana@aldermoor.example")
    marta.get_by_role("button", name="Save").click()
    marta.wait_for_url("**/use-cases/uc_*")
    at = marta.url
    looked_at(marta, "draft", axe)
    # A wish beside it: saved, and told what keeps it from being one.
    marta.goto("/use-cases/new")
    marta.get_by_label("Name").fill("Writing")
    marta.get_by_label("What is done").fill("Help with writing")
    marta.get_by_role("button", name="Save").click()
    expect(marta.locator("main")).to_contain_text("It names a wish")
    looked_at(marta, "wish", axe)
    ben.goto(at)
    ben.get_by_role("button", name="Approve").click()
    expect(ben.get_by_role("button", name="Approve")).to_have_count(0)
    looked_at(ben, "approved-390-dark", axe)
    for n in range(10):
        ben.get_by_label("Minutes it took").fill(str(90 + n))
        ben.get_by_role("button", name="Add a measured time").click()
        expect(ben.locator("#baseline")).to_contain_text(f"n = {n + 1} ")
    ben.get_by_text("Something got in the way").click()
    ben.get_by_label("At which step").fill("Reading annexes")
    ben.get_by_label("What", exact=True).fill("Scanned annexes are read without their tables.")
    ben.get_by_role("button", name="Write it down").click()
    expect(ben.locator("#friction")).to_contain_text("Scanned annexes")
    ben.get_by_role("button", name="Go live").click()
    expect(ben.locator("#baseline")).to_contain_text("Closed when it went live")
    for text in ("Role: you prepare bids.\nCite pages.", "Role: you prepare bids.\nQuote pages."):
        ben.goto(f"{at}/framework")
        ben.get_by_label("Text").fill(text)
        ben.get_by_label("A result is good enough when").fill("Every claim names its page")
        if ben.get_by_label("What changed and why").count():
            ben.get_by_label("What changed and why").fill("A quotation can be checked")
        ben.get_by_role("button", name="Save version").click()
    expect(ben.locator("ins").first).to_have_text("Quote pages.")
    for page, width in ((ben, "390-dark"), (enter("ana", 1280), "1280-light"), (enter("marta", 390), "390-light")):
        for path, name in ((at, "live"), (f"{at}/framework", "framework"), ("/use-cases", "list")):
            page.goto(path)
            expect(page.locator("h1")).to_be_visible()
            looked_at(page, f"{name}-{width}", axe)
    ben.goto(f"{at}/edit")
    looked_at(ben, "edit-390-dark", axe)
