"""A new administrator follows the set-up guide in a browser, from the first link to two teams with different folders
and a published governance document; every step is reached by its own link, and nothing deviates at the end (R67)."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.e2e.served import serving

pytestmark = pytest.mark.peer("chromium")


def go(page: Page, button: Locator) -> None:
    """Press a button and wait for the page it leads to."""
    page.evaluate("window.before = true")
    button.click()
    # A change of the fragment alone keeps the document, and the mark in it.
    page.wait_for_function("window.before === undefined")
    page.wait_for_load_state()


def follow(page: Page, title: str) -> None:
    """Open the guide and follow the link of a step."""
    page.goto("/set-up")
    page.goto(page.get_by_role("link", name=title).first.get_attribute("href") or "")


def add(page: Page, name: str) -> None:
    """Add a person, and wait for their page."""
    page.goto("/people")
    page.fill("#new-name", name)
    page.fill("#new-email", f"{name.lower()}@a.example")
    go(page, page.get_by_role("button", name="Add", exact=True))
    page.wait_for_url("**/people/person_*")


def test_from_the_first_link_to_a_signed_document(browser: Browser, tmp_path: Path) -> None:
    for team in ("bids", "legal"):
        (tmp_path / "files" / team).mkdir(parents=True)
    data = tmp_path / "data"
    data.mkdir()
    with serving(data, demo=False) as served:
        started = time.monotonic()
        link = re.search(r"(/first-run/\S+)", (data / "log").read_text())
        assert link
        page = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 900}).new_page()
        page.goto(link[1])
        for name, value in (("name", "Olga"), ("email", "olga@a.example"), ("password", "a long enough password 7")):
            page.fill(f"[name={name}]", value)
        go(page, page.get_by_role("button", name="Start"))
        expect(page.get_by_role("heading", name="Set-up")).to_be_visible()
        page.goto("/set-up/posture")
        expect(page.locator("[role=status]").first).to_contain_text("Nothing deviates")
        follow(page, "Name your mail domains")
        page.fill("#internal_domains", "a.example")
        go(page, page.locator("form:has(#internal_domains) button[type=submit]").first)
        add(page, "Oda")
        page.select_option("#role", "owner")
        go(page, page.get_by_role("button", name="Give"))
        for team, person in (("Bids", "Ana"), ("Legal", "Leo")):
            follow(page, "Make two teams")
            page.get_by_label("New team").fill(team)
            go(page, page.get_by_role("button", name="Make team"))
            add(page, person)
            page.select_option("#team", label=team)
            go(page, page.locator("button[name=join][value=true]"))
        follow(page, "Enable a connector")
        page.get_by_role("link", name="Shared folder").first.click()
        page.wait_for_url("**/connectors/folder")
        page.locator("form textarea").first.fill(str(tmp_path / "files"))
        page.get_by_role("button", name="Enable").click()
        expect(page.get_by_text("Open it to a team or role")).to_be_visible()
        for team in ("Bids", "Legal"):
            follow(page, "Open a different folder to each team")
            page.get_by_text("Open it to a team or role").click()
            page.select_option("#team", label=team)
            page.fill("#places", team.lower())
            go(page, page.get_by_role("button", name="See what it changes"))
            expect(page.locator("h1")).to_have_text("1 person gains access.")
            go(page, page.locator("main form button.btn-primary").first)
        follow(page, "Review what is in use")
        row = page.locator("#connector-folder")
        if not row.locator("input[name=owner]").is_visible():
            row.locator("summary").click()
        row.locator("input[name=owner]").fill("oda@a.example")
        go(page, row.get_by_role("button", name="I have reviewed it"))
        sign_and_publish(page)
        page.goto("/set-up")
        expect(page.locator("[role=status]").first).to_contain_text("The set-up is done")
        page.goto("/set-up/posture")
        expect(page.locator("[role=status]").first).to_contain_text("Nothing deviates")
        # The whole way, on a busy machine: a person has a quarter of an hour for it.
        assert time.monotonic() - started < 300


def sign_and_publish(page: Page) -> None:
    """Draft the document from what is in force, sign its four parts, publish it."""
    follow(page, "Draft the governance document")
    for part in ("use", "scope", "outputs", "audit"):
        page.select_option(f"#owner_{part}", label="Olga")
    go(page, page.get_by_role("button", name="Write the draft"))
    follow(page, "Sign and publish it")
    for _ in range(4):
        go(page, page.get_by_role("button", name=re.compile("^Sign «")).first)
    go(page, page.get_by_role("button", name="Publish"))
    expect(page.locator("main")).to_contain_text("Version 1, in force")
