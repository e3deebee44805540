"""What is said without a line is kept on the device, shown, and sent once; decisions are never kept."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect
from tests.e2e.press import kept, press, seen, sign_in
from tests.e2e.served import Served

pytestmark = pytest.mark.peer("chromium")
QUEUED = "queued, will be sent when online"


@pytest.fixture
def phone(served: Served, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give a function that signs somebody in on a phone whose service worker stands; scripts must not fail."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def signed_in(who: str = "ana", context: BrowserContext | None = None) -> Page:
        if context is None:
            context = browser.new_context(base_url=served.url, viewport={"width": 390, "height": 844})
            contexts.append(context)
            # As on an iPhone: the service worker is not woken by itself.
            context.add_init_script("delete ServiceWorkerRegistration.prototype.sync")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        sign_in(page, who)
        page.goto("/tasks/new")
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        seen(page, "!!navigator.serviceWorker.controller")
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert not errors


def goals(page: Page, like: str) -> list[str]:
    """Return the goals of the person's tasks that hold `like`, oldest first, as the server has them."""
    found = page.request.get("/api/v1/tasks").json()
    return [t["title"] for t in reversed(found) if like in t["title"]]


def sent(page: Page) -> None:
    """Wait until nothing of the person waits on the device."""
    seen(page, "self.clQueue?.mine().then((left) => !left.length)")
    expect(page.locator(".cl-outbox-row")).to_have_count(0)


def start(page: Page, goal: str) -> None:
    expect(page.locator("form:has(#goal)")).not_to_have_attribute("inert", re.compile(".*"))
    page.fill("#goal", goal)
    page.click("button:has-text('Start'), button:has-text('Keep and send')")


def test_what_is_said_offline_is_kept_through_everything_and_sent_once_in_order(phone: Callable[..., Page]) -> None:
    page = phone()
    page.context.set_offline(True)
    start(page, "Outbox first")
    expect(page.locator(".cl-outbox-row")).to_contain_text(QUEUED)
    expect(page.locator("#goal")).to_have_value("")
    page.reload()
    expect(page.locator("h1")).to_have_text("There is no line to Colleague")
    expect(page.locator(".cl-outbox-row")).to_contain_text("Outbox first")
    start(page, "Outbox second")
    start(page, "Outbox to be deleted")
    expect(page.locator(".cl-outbox-row")).to_have_count(3)
    page.locator(".cl-outbox-row", has_text="deleted").get_by_role("button", name="Delete").click()
    expect(page.locator(".cl-outbox-row")).to_have_count(2)
    context = page.context
    page.close()
    later = context.new_page()
    later.goto("/tasks")
    expect(later.locator(".cl-outbox-row")).to_have_count(2)
    assert "There is no line" in later.content()
    context.set_offline(False)
    later.goto("/tasks")
    sent(later)
    assert goals(later, "Outbox") == ["Outbox first", "Outbox second"]


def test_a_lost_answer_and_a_killed_tab_make_no_second_task(phone: Callable[..., Page]) -> None:
    page = phone()
    context, arrived = page.context, []

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            arrived.append(route.fetch(max_redirects=0).status)
            route.abort()
        else:
            route.continue_()

    context.route("**/tasks", lose)
    start(page, "Outbox lost answer")
    kept(page)
    expect(page.locator(".cl-outbox-row")).to_contain_text(QUEUED)
    assert set(arrived) == {200}
    page.close()
    context.unroute("**/tasks")
    other = context.new_page()
    other.goto("/tasks/new")
    sent(other)
    assert goals(other, "Outbox lost") == ["Outbox lost answer"]


def test_who_waits_long_for_an_answer_may_write_on_or_is_led_to_what_came_of_it(phone: Callable[..., Page]) -> None:
    page, held = phone(), list[Route]()
    page.route("**/tasks", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    say = page.locator("[data-cl-say]")
    for goal, more in (("Outbox late, written on", "Another thing"), ("Outbox late", "")):
        start(page, goal)
        expect(say).to_have_text("Kept on this device, being sent …")
        expect(page.locator("#goal")).to_have_value("")
        if more:
            page.locator("#goal").press_sequentially(more)
        held.pop().continue_()
        if more:
            expect(say).to_have_text("It has arrived.")
            expect(page.locator("#goal")).to_have_value(more)
    expect(page).to_have_url(re.compile("/tasks/task_"))
    assert goals(page, "Outbox late") == ["Outbox late, written on", "Outbox late"]


def test_an_answer_that_is_not_ours_is_no_success(phone: Callable[..., Page]) -> None:
    page = phone()
    portal = "<html>Welcome to the hotel. Please sign in.</html>"
    page.context.route("**/tasks", lambda route: route.fulfill(status=200, content_type="text/html", body=portal))
    start(page, "Outbox in a hotel")
    kept(page)
    expect(page.locator(".cl-outbox-row")).to_contain_text(QUEUED)
    assert goals(page, "Outbox in a hotel") == []
    page.context.unroute("**/tasks")
    page.goto("/tasks/new")
    sent(page)
    assert goals(page, "Outbox in a hotel") == ["Outbox in a hotel"]


def test_the_worker_sends_what_a_page_could_not(phone: Callable[..., Page], served: Served) -> None:
    page = phone()
    page.route("**/tasks", lambda route: route.abort())
    start(page, "Outbox by the worker")
    kept(page)
    # Only the page's line is cut. The browser wakes the worker when it believes in a line; here we are the browser.
    browser, found = page.context.new_cdp_session(page), []
    browser.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    browser.send("ServiceWorker.enable")
    seen(page, lambda: found)
    given = {
        "origin": served.url,
        "registrationId": found[0]["registrationId"],
        "tag": "cl-outbox",
        "lastChance": False,
    }
    browser.send("ServiceWorker.dispatchSyncEvent", given)
    # The open page hears of it.
    expect(page.locator(".cl-outbox-row")).to_have_count(0)
    page.unroute("**/tasks")
    assert goals(page, "Outbox by the worker") == ["Outbox by the worker"]


def test_a_refusal_stays_with_its_reason_and_others_go_on(phone: Callable[..., Page]) -> None:
    page = phone()
    page.context.set_offline(True)
    start(page, "/no-such-skill please")
    start(page, "Outbox after the refused one")
    expect(page.locator(".cl-outbox-row")).to_have_count(2)
    kept(page)
    page.context.set_offline(False)
    refused = page.locator(".cl-outbox-row")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text("not sent:")
    expect(refused).to_contain_text("no-such-skill")
    page.goto("/tasks")
    expect(refused).to_contain_text("not sent:")
    assert goals(page, "Outbox after") == ["Outbox after the refused one"]
    refused.get_by_role("button", name="Delete").click()
    expect(refused).to_have_count(0)


def test_words_and_files_reach_a_task_that_was_open(phone: Callable[..., Page]) -> None:
    page = phone()
    page.set_input_files("#files", {"name": "note.txt", "mimeType": "text/plain", "buffer": b"The price is 420."})
    page.context.set_offline(True)
    start(page, "Outbox with a file")
    expect(page.locator(".cl-outbox-row")).to_contain_text("note.txt")
    kept(page)
    page.context.set_offline(False)
    sent(page)
    page.goto("/tasks")
    press(page.locator("a.cl-row", has_text="Outbox with a file"))
    expect(page.locator(".cl-rail")).to_contain_text("note.txt")
    page.context.set_offline(True)
    page.fill("#text", "Mind the second page")
    page.click("[data-cl-steer] button")
    expect(page.locator(".cl-outbox-row")).to_contain_text("Mind the second page")
    kept(page)
    page.context.set_offline(False)
    sent(page)
    expect(page.locator(".cl-said", has_text="Mind the second page")).to_have_count(1)


def test_decisions_are_not_kept(phone: Callable[..., Page]) -> None:
    page = phone()
    start(page, "Summarise the RFP, draft a response outline and mail it to Dana")
    card = page.locator(".cl-card-asked")
    expect(card).to_be_visible()
    # The keyboard's «Go» presses nothing.
    card.get_by_placeholder("If you deny: why?").fill("Not yet")
    card.get_by_placeholder("If you deny: why?").press("Enter")
    page.wait_for_timeout(500)
    expect(card).to_be_visible()
    page.context.set_offline(True)
    card.get_by_role("button", name="Deny").click()
    expect(card).to_contain_text("Nothing was sent")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".cl-outbox-row")).to_have_count(0)
    page.context.set_offline(False)
    page.reload()
    expect(page.locator(".cl-card-asked")).to_be_visible()
    press(page, "Stop")


def test_an_expired_session_keeps_it_and_another_person_does_not_send_it(phone: Callable[..., Page]) -> None:
    page = phone()
    context = page.context
    context.set_offline(True)
    start(page, "Outbox of Ana")
    expect(page.locator(".cl-outbox-row")).to_contain_text(QUEUED)
    kept(page)
    context.clear_cookies()
    context.set_offline(False)
    row = page.locator(".cl-outbox-row")
    expect(row).to_contain_text("sign in, and it will be sent")
    expect(row.get_by_role("link", name="Sign in")).to_be_visible()
    page.close()

    ben = phone("ben", context)
    expect(ben.locator("#cl-outbox")).to_contain_text("1 more waits on this device for somebody else")
    assert "Outbox of Ana" not in ben.content()
    assert goals(ben, "Outbox of") == []
    ben.close()
    context.clear_cookies()
    ana = phone("ana", context)
    sent(ana)
    assert goals(ana, "Outbox of") == ["Outbox of Ana"]


def test_signing_out_asks_and_then_forgets(phone: Callable[..., Page]) -> None:
    page = phone()
    page.context.set_offline(True)
    start(page, "/no-such-skill to forget")
    expect(page.locator(".cl-outbox-row")).to_contain_text(QUEUED)
    kept(page)
    page.context.set_offline(False)
    expect(page.locator(".cl-outbox-row")).to_contain_text("not sent:")
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss() if len(asked) == 1 else dialog.accept()

    page.on("dialog", dismiss)
    page.click(".cl-tabs summary")
    page.click(".cl-sheet button:has-text('Sign out')")
    expect(page.locator(".cl-outbox-row")).to_have_count(1)
    press(page.locator(".cl-sheet"), "Sign out")
    expect(page).to_have_url(re.compile("/sign-in"))
    assert len(asked) == 2
    assert "has not been sent yet" in asked[0]
    context = page.context
    ana = phone("ana", context)
    expect(ana.locator("#cl-outbox")).to_be_hidden()


def test_the_worker_keeps_nothing_of_anybody(phone: Callable[..., Page], served: Served) -> None:
    page = phone()
    for path in ("/tasks", "/approvals", "/dispatch/phone", "/me"):
        page.goto(path)
    kept: dict[str, str] = page.evaluate(
        """async () => {
          const found = {};
          for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys())
            found[new URL(request.url).pathname] = await (await caches.match(request)).text();
          return found;
        }"""
    )
    assert set(kept) - {"/offline"} == {path for path in kept if path.startswith("/assets/")}
    assert "/offline" in kept
    assert not any("Ana Correia" in text for text in kept.values())
    # The page for «no line» is the one that nobody in particular gets.
    pages = [httpx.get(f"{served.url}{p}", timeout=60).text for p in ("/offline", "/offline?unknown=1")]
    assert kept["/offline"] in pages


def test_what_another_app_shares_waits_for_a_tap(phone: Callable[..., Page]) -> None:
    page = phone()
    body: Any = json.dumps({"title": "Outbox offer", "text": "See the file"})
    share = """async (given) => {
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: "/dispatch/share", enctype: "multipart/form-data" });
          for (const [name, value] of Object.entries(JSON.parse(given))) {
            const field = document.createElement("input");
            Object.assign(field, { name, value });
            form.append(field);
          }
          const files = document.createElement("input"), bag = new DataTransfer();
          bag.items.add(new File(["The price is 420."], "offer.txt", { type: "text/plain" }));
          Object.assign(files, { type: "file", name: "files", files: bag.files });
          form.append(files);
          document.body.append(form);
          HTMLFormElement.prototype.submit.call(form);
        }"""
    with page.expect_navigation():
        page.evaluate(share, body)
    expect(page).to_have_url(re.compile("/dispatch/share"))
    expect(page.locator("#goal")).to_have_value("Outbox offer\nSee the file")
    expect(page.locator("[data-cl-files]")).to_have_text("offer.txt")
    assert goals(page, "Outbox offer") == []
    press(page, "Start")
    expect(page).to_have_url(re.compile("/tasks/task_"))
    expect(page.locator(".cl-rail")).to_contain_text("offer.txt")
    page.goto("/dispatch/share")
    expect(page.locator("#goal")).to_have_value("")
