"""A phone: voice notes recorded with a microphone, also without a line; push notices that lead to where one decides."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.e2e.conftest import FLAGS
from tests.e2e.press import kept, press, seen, sign_in
from tests.e2e.served import Served, answering, end, serving

from colleague.testing.serving import free_port

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.peer("aimock")]
AIMOCK = Path(__file__).parents[2] / ".peers/aimock/node_modules/@copilotkit/aimock/dist/cli.js"
HEARD = "Brief me on Harbour City"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real server of OpenAI's wire format that writes down the same words each time; give its address."""
    if not AIMOCK.exists() or shutil.which("node") is None:
        pytest.skip("aimock is not installed: run `make peers`")
    match = {"model": "whisper-1", "endpoint": "transcription"}
    fixtures = {"fixtures": [{"match": match, "response": {"transcription": {"text": HEARD}}}]}
    file = tmp_path_factory.mktemp("aimock") / "script.json"
    file.write_text(json.dumps(fixtures))
    port = free_port()
    command = ["node", str(AIMOCK), "-p", str(port), "-f", str(file), "--strict", "--log-level", "silent"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        answering(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        end(process)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, service: str) -> Iterator[Served]:
    voice = {"COLLEAGUE_TRANSCRIPTION_URL": service, "COLLEAGUE_TRANSCRIPTION_ZONE": "own"}
    with serving(tmp_path_factory.mktemp("voice"), **voice) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium whose microphone beeps."""
    microphone = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, *microphone])
        yield browser
        browser.close()


@pytest.fixture
def phone(house: Served, browser: Browser) -> Iterator[Page]:
    """Ana's phone."""
    context = browser.new_context(
        base_url=house.url, viewport={"width": 390, "height": 844}, permissions=["microphone", "notifications"],
    )  # fmt: skip
    context.add_init_script("delete ServiceWorkerRegistration.prototype.sync")
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page, "ana")
    page.goto("/tasks/new")
    seen(page, "!!navigator.serviceWorker.controller")
    yield page
    context.close()
    assert not errors


def record(page: Page, seconds: float = 1.5) -> None:
    page.locator("[data-cl-record]").click()
    expect(page.locator("[data-cl-record-say]")).to_contain_text("Recording")
    page.wait_for_timeout(seconds * 1000)
    page.locator("[data-cl-record]").click()
    expect(page.locator("[data-cl-record-say]")).to_contain_text("It is not sent yet")


def titles(page: Page) -> list[str]:
    return [task["title"] for task in page.request.get("/api/v1/tasks").json()]


def test_what_was_said_is_shown_changed_and_acts_after_a_tap(phone: Page) -> None:
    phone.goto("/dispatch/voice")
    record(phone)
    press(phone, "Write it down")
    expect(phone).to_have_url(re.compile("/dispatch/voice/voice_"))
    expect(phone.locator("#words")).to_have_value(HEARD)
    assert HEARD not in titles(phone)
    # The recording can be heard: the strict policy lets the page play what comes from us.
    lasts = phone.evaluate(
        """async () => {
          const audio = document.querySelector("audio");
          audio.load();
          await new Promise((done, fail) => {
            audio.onloadedmetadata = done;
            audio.onerror = () => fail(audio.error.message);
          });
          return audio.readyState;
        }"""
    )
    assert lasts >= 1
    phone.fill("#words", f"{HEARD}, please")
    press(phone, "Start as a task")
    expect(phone).to_have_url(re.compile("/tasks/task_"))
    assert f"{HEARD}, please" in titles(phone)


def test_a_note_spoken_without_a_line_waits_and_is_written_down_once(phone: Page) -> None:
    phone.context.set_offline(True)
    phone.goto("/dispatch/voice")
    expect(phone.locator("h1")).to_have_text("There is no line to Colleague")
    record(phone)
    phone.get_by_role("button", name="Write it down").click()
    row = phone.locator(".cl-outbox-row")
    expect(row).to_contain_text("Voice note")
    expect(row).to_contain_text("queued, will be sent when online")
    kept(phone)
    before = set(titles(phone))
    phone.context.set_offline(False)
    expect(row).to_have_count(0)
    phone.goto("/dispatch/voice")
    waiting = phone.locator("a.cl-row", has_text=HEARD)
    expect(waiting).to_have_count(1)
    assert set(titles(phone)) == before, "nothing acts by itself"
    press(waiting)
    press(phone, "Delete")
    expect(phone.locator("a.cl-row")).to_have_count(0)


def pushed(page: Page, house: Served, data: str, title: str) -> dict[str, Any]:
    """Let the browser deliver a push message, and return the notice with this title once it is shown."""
    devtools, found = page.context.new_cdp_session(page), []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    devtools.send("ServiceWorker.enable")
    seen(page, lambda: found)
    given = {"origin": house.url, "registrationId": found[0]["registrationId"], "data": data}
    devtools.send("ServiceWorker.deliverPushMessage", given)
    shown: list[dict[str, Any]] = []

    def look() -> list[dict[str, Any]]:
        notices = page.evaluate(
            """async () => (await (await navigator.serviceWorker.ready).getNotifications())
              .map(({ title, body, tag, data, actions }) => ({ title, body, tag, data, actions }))"""
        )
        shown[:] = [notice for notice in notices if notice["title"] == title]
        return shown

    seen(page, look)
    (notice,) = shown
    return notice


def test_a_push_is_a_notice_that_leads_inside_and_has_no_buttons(phone: Page, house: Served) -> None:
    notice = {"title": "Needs approval", "body": "A task waits.", "link": "/approvals/apr_1", "tag": "apr_1"}
    shown = pushed(phone, house, json.dumps(notice), "Needs approval")
    link = {"link": f"{house.url}/approvals/apr_1"}
    assert shown == {"title": "Needs approval", "body": "A task waits.", "tag": "apr_1", "data": link, "actions": []}
    # What leads elsewhere, or is no notice at all, leads home.
    elsewhere = {**notice, "title": "Elsewhere", "link": "https://evil.example/x"}
    for data, title in ((json.dumps(elsewhere), "Elsewhere"), ("not json", "Colleague")):
        assert pushed(phone, house, data, title)["data"]["link"].rstrip("/") == house.url


SUBSCRIBE = """
  const keys = { p256dh: "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
                 auth: "tBHItJI5svbpez7KI4CCXg" };
  const one = { endpoint: "https://fcm.googleapis.com/fcm/send/of-this-test", keys };
  const unsubscribe = async () => { sessionStorage.removeItem("pushed"); return true; };
  const own = { ...one, toJSON: () => one, unsubscribe };
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly || options.applicationServerKey.length < 80) throw new Error("unfit");
    sessionStorage.setItem("pushed", "1");
    return own;
  };
  PushManager.prototype.getSubscription = async () => sessionStorage.getItem("pushed") ? own : null;
"""


def test_this_device_is_notified_from_a_tap_until_it_is_stopped_or_signed_out(phone: Page) -> None:
    # This Chromium knows no push service: what the browser answers is written here, the rest is real.
    phone.context.add_init_script(SUBSCRIBE)
    phone.goto("/dispatch/phone")

    def devices() -> int:
        return len(phone.request.get("/push/subscriptions").json())

    button, words = phone.locator("[data-cl-push] button"), phone.locator("[data-cl-push] p")
    for _ in range(2):
        assert devices() == 0
        button.click()
        expect(words).to_have_text("This device is notified.")
        assert devices() == 1
        expect(button).to_have_text("Stop notices on this device")
        button.click()
        expect(button).to_have_text("Notify me on this device")
    button.click()
    expect(words).to_have_text("This device is notified.")
    phone.goto("/dispatch/channels")
    expect(words.first).to_have_text("This device is notified.")
    press(phone, "Remove")
    phone.goto("/dispatch/phone")
    expect(button).to_have_text("Notify me on this device")
    button.click()
    expect(words).to_have_text("This device is notified.")
    phone.click(".cl-tabs summary")
    press(phone.locator(".cl-sheet"), "Sign out")
    expect(phone).to_have_url(re.compile("/sign-in"))
    sign_in(phone, "ana")
    assert devices() == 0


def test_the_page_of_the_device_says_what_can_be_done(phone: Page) -> None:
    phone.goto("/dispatch/phone")
    expect(phone.locator("[data-cl-push] button")).to_have_text("Notify me on this device")
    expect(phone.locator("[data-cl-push] p")).to_contain_text("never what is in it")


def test_voice_and_offline_pages_have_no_barriers(phone: Page, axe: Callable[[Page], None]) -> None:
    paths = ("/dispatch", "/dispatch/voice", "/dispatch/phone", "/dispatch/share", "/dispatch/channels", "/approvals")
    for path in (*paths, "/offline", "/offline?unknown=1"):
        phone.goto(path)
        axe(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") == 390


def drilled(house: Served, browser: Browser, phone: Page) -> None:
    """Let an owner switch commands on, and Ana take the drill by what its page says."""
    desk = browser.new_context(base_url=house.url).new_page()
    sign_in(desk, "marta")
    desk.goto("/dispatch/triggers")
    press(desk.get_by_role("button", name=re.compile("Add the .* standard triggers")))
    press(desk, "Switch on those that only read")
    expect(desk.get_by_text("8 active")).to_be_visible()
    desk.context.close()
    phone.goto("/dispatch/drill")
    for choice in ("You are shown exactly", "Say that it is lost", "You are asked which one"):
        phone.get_by_label(re.compile(choice)).check()
    press(phone, "Check")
    for hint in phone.locator(".cl-field:has(.cl-row-sub)").all():
        example = hint.locator(".cl-row-sub").inner_text().partition("For example: ")[2]
        hint.locator("input").fill(example.strip())
    press(phone, "Check")
    expect(phone.locator("[role=status]").last).to_contain_text("You have passed")


def test_a_command_said_without_a_line_is_answered_once(
    phone: Page, house: Served, browser: Browser, axe: Callable[[Page], None]
) -> None:
    drilled(house, browser, phone)
    phone.goto("/dispatch")
    axe(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.context.set_offline(True)
    phone.fill("#text", "status")
    phone.get_by_role("button", name="Send").click()
    row = phone.locator(".cl-outbox-row")
    expect(row).to_contain_text("queued, will be sent when online")
    kept(phone)
    phone.context.set_offline(False)
    expect(row).to_have_count(0)
    phone.goto("/dispatch")
    expect(phone.locator("main li a", has_text=re.compile("^status$"))).to_have_count(1)
    # With a line it leads to what came of it.
    phone.fill("#text", "brief Harbour City")
    press(phone, "Send")
    expect(phone).to_have_url(re.compile("/dispatch/messages/"))
    axe(phone)
    expect(phone.get_by_role("link", name="See the task")).to_be_visible()
