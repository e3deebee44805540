"""A task is steered through real pages: its plan rewritten, its sub-agents watched and answered, and tried again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.press import press, sign_in
from tests.e2e.scripted import DANA

pytestmark = pytest.mark.peer("chromium")


@pytest.fixture
def page(scripted: str, browser: Browser) -> Iterator[Page]:
    """Ana's page; errors of scripts fail."""
    errors: list[str] = []
    context = browser.new_context(base_url=scripted, viewport={"width": 1280, "height": 844})
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, "ana")
    yield page
    context.close()
    assert not errors


def _compare(page: Page) -> str:
    """Hand the task over and wait until it asks whether to go on; return its address."""
    page.goto("/tasks/new")
    page.fill("#goal", f"Compare: the two bids, and tell {DANA}.")
    press(page, "Start")
    expect(page.locator(".cl-question")).to_be_visible()
    return page.url


def test_the_plan_is_rewritten_while_the_task_waits(page: Page) -> None:
    task = _compare(page)
    expect(page.locator(".cl-plan li")).to_have_text(["Read the bids", "Compare them", "Tell Dana"])
    press(page.get_by_role("link", name="Edit the plan"))
    stale = page.context.new_page()
    stale.goto(f"{task}/plan")
    page.fill("#steps", "Read the bids\nLook at the risks\nCompare them\nTell Dana")
    press(page, "Use this plan")
    expect(page.locator(".cl-plan li")).to_have_count(4)
    expect(page.locator(".cl-plan li").nth(1)).to_contain_text("Look at the risks you")
    expect(page.locator(".cl-plan li[aria-current=step]")).to_contain_text("Read the bids")
    expect(page.locator(".cl-said").last).to_contain_text("Look at the risks")
    stale.fill("#steps", "Only this")
    press(stale, "Use this plan")
    expect(stale.locator("body")).to_contain_text("The plan was changed since you looked at it")
    page.goto(task)
    expect(page.locator(".cl-plan li")).to_have_count(4)
    press(page, "Stop")
    expect(page.locator(".cl-head")).to_contain_text("stopped")


def test_sub_agents_are_seen_answered_and_the_task_is_tried_again(page: Page) -> None:
    task = _compare(page)
    press(page, "Yes")
    card = page.locator(".cl-card-asked")
    expect(card).to_be_visible()
    expect(page.locator(".cl-head")).to_contain_text("needs approval")
    north, south = [page.locator(".cl-story > .cl-call", has_text=name) for name in ("of North", "of South")]
    expect(south.locator(".cl-call-state").first).to_have_text("needs approval")
    north.locator("summary").first.click()
    expect(north.locator(".cl-sub")).to_contain_text("Looked up")
    expect(card).to_contain_text("South costs 380.")
    expect(card).not_to_contain_text("Check «")
    press(card.get_by_role("button", name="Approve").first)
    expect(page.locator(".cl-answer")).to_contain_text("Both bids are compared")
    expect(page.locator(".cl-head")).to_contain_text("completed")
    north.locator("summary").first.click()
    expect(north.locator(".cl-pre").last).to_contain_text("North costs 420.")

    press(north.get_by_role("link", name="Try again from here"))
    expect(page.locator("main")).to_contain_text("Done since then, and not undone")
    expect(page.locator("main")).to_contain_text(DANA)
    page.fill("#words", "Please say it in one sentence.")
    press(page, "Try again from here")
    expect(page.locator(".cl-answer")).to_contain_text("In one sentence: South is cheaper.")
    expect(page).to_have_url(re.compile(re.escape(task.rsplit("/", 1)[1])))
    expect(page.locator(".cl-sub")).to_have_count(0)
    expect(page.locator(".cl-rail")).to_contain_text("Try 2")
    press(page.get_by_role("link", name="Try 1"))
    expect(page.locator(".cl-head")).to_contain_text("An earlier try, to be read only")
    expect(page.locator(".cl-sub")).to_have_count(2)
    page.goto("/tasks")
    expect(page.locator("a.cl-row", has_text="Compare: the two bids").first).to_contain_text("completed")
