"""A new administrator follows the set-up guide in a browser, from the first link to two teams with different folders
and a published governance document; every step is reached by its own link, and nothing deviates at the end (R67)."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.press import PATIENCE, press, seen
from tests.e2e.served import serving

pytestmark = pytest.mark.peer("chromium")


def follow(page: Page, title: str) -> None:
    """Open the guide and follow the link of a step."""
    page.goto("/set-up")
    page.goto(page.get_by_role("link", name=title).first.get_attribute("href") or "")


def add(page: Page, name: str) -> None:
    """Add a person, and wait for their page."""
    page.goto("/people")
    page.fill("#new-name", name)
    page.fill("#new-email", f"{name.lower()}@a.example")
    press(page.get_by_role("button", name="Add", exact=True))
    expect(page).to_have_url(re.compile("/people/person_"))


def test_from_the_first_link_to_a_signed_document(browser: Browser, tmp_path: Path) -> None:
    for team in ("bids", "legal"):
        (tmp_path / "files" / team).mkdir(parents=True)
    data = tmp_path / "data"
    data.mkdir()
    with serving(data, demo=False) as served:
        page = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 900}).new_page()
        page.set_default_timeout(PATIENCE)
        found: list[str] = []
        seen(page, lambda: found.extend(re.findall(r"(/first-run/\S+)", (data / "log").read_text())) or found)
        page.goto(found[0])
        for name, value in (("name", "Olga"), ("email", "olga@a.example"), ("password", "a long enough password 7")):
            page.fill(f"[name={name}]", value)
        press(page, "Start")
        expect(page.get_by_role("heading", name="Set-up")).to_be_visible()
        page.goto("/set-up/posture")
        expect(page.locator("[role=status]").first).to_contain_text("Nothing deviates")
        follow(page, "Name your mail domains")
        page.fill("#internal_domains", "a.example")
        press(page.locator("form:has(#internal_domains) button[type=submit]").first)
        add(page, "Oda")
        page.select_option("#role", "owner")
        press(page.get_by_role("button", name="Give"))
        for team, person in (("Bids", "Ana"), ("Legal", "Leo")):
            follow(page, "Make two teams")
            page.get_by_label("New team").fill(team)
            press(page.get_by_role("button", name="Make team"))
            add(page, person)
            page.select_option("#team", label=team)
            press(page.locator("button[name=join][value=true]"))
        follow(page, "Enable a connector")
        press(page.get_by_role("link", name="Shared folder").first)
        page.locator("form textarea").first.fill(str(tmp_path / "files"))
        press(page, "Enable")
        expect(page.get_by_text("Open it to a team or role")).to_be_visible()
        for team in ("Bids", "Legal"):
            follow(page, "Open a different folder to each team")
            page.get_by_text("Open it to a team or role").click()
            page.select_option("#team", label=team)
            page.fill("#places", team.lower())
            press(page.get_by_role("button", name="See what it changes"))
            expect(page.locator("h1")).to_have_text("1 person gains access.")
            press(page.locator("main form button.btn-primary").first)
        follow(page, "Review what is in use")
        row = page.locator("#connector-folder")
        if not row.locator("input[name=owner]").is_visible():
            row.locator("summary").first.click()
        row.locator("input[name=owner]").fill("oda@a.example")
        press(row.get_by_role("button", name="I have reviewed it"))
        sign_and_publish(page)
        page.goto("/set-up")
        expect(page.locator("[role=status]").first).to_contain_text("The set-up is done")
        page.goto("/set-up/posture")
        expect(page.locator("[role=status]").first).to_contain_text("Nothing deviates")


def sign_and_publish(page: Page) -> None:
    """Draft the document from what is in force, sign its four parts, publish it."""
    follow(page, "Draft the governance document")
    for part in ("use", "scope", "outputs", "audit"):
        page.select_option(f"#owner_{part}", label="Olga")
    press(page.get_by_role("button", name="Write the draft"))
    follow(page, "Sign and publish it")
    for _ in range(4):
        press(page.get_by_role("button", name=re.compile("^Sign «")).first)
    press(page.get_by_role("button", name="Publish"))
    expect(page.locator("main")).to_contain_text("Version 1, in force")
