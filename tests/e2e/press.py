"""Pressing what leads to a page: whoever presses waits for that page, so that nobody goes on before it was done.

A press alone waits for nothing that can be relied on: what it sends may still be under way when the next line opens
another page, which breaks it off, or looks at what it should have changed.
"""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Error, Locator, Page, expect

# How long something may take on a machine that has much else to do; where it comes sooner, nobody waits.
PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)


def press(place: Page | Locator, button: str = "", *, tap: bool = False) -> None:
    """Press a button by its name in a place, or what the place itself is, and wait for the page that follows."""
    one = place.get_by_role("button", name=button) if button else place
    page = place if isinstance(place, Page) else place.page
    page.evaluate("window.oldDocument = true")
    if tap:
        one.tap()
    else:
        one.click()
    # A change of the fragment alone keeps the document, and the mark in it.
    seen(page, "window.oldDocument === undefined")
    page.wait_for_load_state(timeout=PATIENCE)


def sign_in(page: Page, who: str, *, tap: bool = False) -> None:
    """Sign somebody of the demo in (by the part before @), and wait for the page they are led to."""
    page.context.set_default_timeout(PATIENCE)
    page.goto("/sign-in")
    press(page.locator(f"button[value^='{who}@']"), tap=tap)


def kept(page: Page) -> None:
    """Wait until the form has tried, and said that its words are kept: before, the form itself may still send them."""
    # Not «being sent …», which is said while a slow answer is waited for.
    expect(page.locator("[data-cl-say]")).to_have_text(re.compile("Kept on this device[:.]"))


def seen(page: Page, look: str | Callable[[], object]) -> None:
    """Wait until `look` finds something, while the page's events are heard; a text is asked of the page's script.

    Playwright's own `wait_for_function` looks once: the page's policy forbids what it does to look again.
    """
    end = time.monotonic() + PATIENCE / 1000
    while not (_asked(page, look) if isinstance(look, str) else look()):
        assert time.monotonic() < end, f"this did not happen in time: {look}"
        page.wait_for_timeout(50)


def _asked(page: Page, script: str) -> object:
    try:
        return page.evaluate(script)
    except Error as error:
        # It went to another page while it was asked.
        if page.is_closed() or "navigation" not in error.message:
            raise
        return None
