"""A served house with Dispatch open, its worker, the services around it, and the phones of its people."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page, expect
from tests.e2e.press import press, sign_in
from tests.e2e.served import answering, end
from tests.e2e.street import Street, code_in, street

from colleague.testing.serving import free_port

ROOT = Path(__file__).parents[2]
ANA = "+447700900001"
SIX = ("trigger_timestamp", "user", "content", "action", "output", "review")
T = TypeVar("T")


def until(look: Callable[[], T], seconds: float = 120) -> T:
    """Return what `look` finds, once it finds something."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found or time.monotonic() > end:
            assert found, "this did not happen in time"
            return found
        time.sleep(0.2)


@dataclass
class Town:
    """A served house with its worker, and the services around it."""

    street: Street
    url: str
    folder: Path
    environment: dict[str, str]
    browser: Browser
    phones: dict[str, Page] = field(default_factory=dict)
    worker: subprocess.Popen[bytes] | None = None

    def run(self, part: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{part}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.away", part], env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    def work(self) -> None:
        """Start a worker in place of the one that was killed."""
        if self.worker is not None:
            self.worker.wait(120)
        self.worker = self.run("worker")

    def phone(self, who: str = "ana", scheme: str = "dark") -> Page:
        """Return somebody's phone, signed in."""
        if who not in self.phones:
            context = self.browser.new_context(
                base_url=self.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
                color_scheme=scheme, permissions=["notifications"],  # type: ignore[arg-type]
            )  # fmt: skip
            page = self.phones[who] = context.new_page()
            sign_in(page, who, tap=True)
            expect(page).to_have_url(re.compile("/tasks"))
        return self.phones[who]

    def api(self, path: str, who: str = "ana") -> Any:
        """Return what the API tells somebody on their phone."""
        answer = self.phone(who).request.get(f"/api/v1{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def post(self, path: str, data: Any = None, who: str = "ana") -> Any:
        answer = self.phone(who).request.post(f"/api/v1{path}", data=data, headers={"sec-fetch-site": "same-origin"})
        assert answer.ok, answer.text()
        return answer.json()

    def record(self, words: str, state: str = "finished") -> dict[str, Any]:
        """Return the record of the message with these words, once it says how it ended."""

        def look() -> dict[str, Any] | None:
            found = [m for m in self.api("/dispatch/messages") if words in m["content"]]
            assert len(found) < 2, found
            return found[0] if found and found[0]["state"] == state else None

        found = until(look)
        assert all(found[name] for name in SIX), found
        return found

    def asked(self, words: str) -> dict[str, Any]:
        """Return the one approval that waits for Ana and shows these words."""

        def look() -> list[dict[str, Any]]:
            return [card for card in self.api("/approvals") if words in json.dumps(card["preview"])]

        (card,) = until(look)
        return card

    def intact(self) -> None:
        """The ledger verifies, and says so to the auditor."""
        page = self.phone("ines")
        page.goto("/ledger")
        press(page, "Verify now", tap=True)
        expect(page.locator(".cl-ok")).to_contain_text("intact")


@contextmanager
def opened(folder: Path, browser: Browser) -> Iterator[Town]:
    """Open the services and the house, and let Ana take the drill and bind her number."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with street(folder, url) as outside:
        (folder / "demo").mkdir()
        # The mails of the agent go where the notices go.
        (folder / "demo" / "mail-port").write_text(outside.smtp.rpartition(":")[2])
        settings = outside.settings | {
            "DATA_DIR": str(folder), "PORT": str(port), "DEMO": "true", "HEARTBEAT_SECONDS": "0.5",
            "STALLED_SECONDS": "8",
        }  # fmt: skip
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("COLLEAGUE_", "DATABASE_URL"))}
        town = Town(outside, url, folder, clean | {f"COLLEAGUE_{k}": v for k, v in settings.items()}, browser)
        server = town.run("web")
        try:
            answering(f"{url}/sign-in", server, folder / "web.log")
            town.work()
            bind(town, "ana", "sms", ANA, lambda: "".join(outside.texts(ANA)[-1:]))
            yield town
        finally:
            for process in (town.worker, server):
                if process is not None:
                    end(process)


def bind(town: Town, who: str, kind: str, address: str, read: Callable[[], str]) -> None:
    """Take the drill by what its page says, then prove an address with the code that arrives there."""
    page = town.phone(who)
    page.goto("/dispatch/drill")
    if not page.locator("[role=status]", has_text="You have passed").count():
        for choice in ("You are shown exactly", "Say that it is lost", "You are asked which one"):
            page.get_by_label(re.compile(choice)).check()
        press(page, "Check", tap=True)
        expect(page.locator("[role=alert]").first).to_contain_text("Not quite")
        for hint in page.locator(".cl-field:has(.cl-row-sub)").all():
            example = hint.locator(".cl-row-sub").inner_text().partition("For example: ")[2]
            hint.locator("input").fill(example.strip())
        press(page, "Check", tap=True)
        expect(page.locator("[role=status]").last).to_contain_text("You have passed")
    page.goto("/dispatch/channels")
    form = page.locator(f"form:has(input[name=kind][value={kind}])")
    if address:
        form.locator("[name=address]").fill(address)
    press(form, "Send a code", tap=True)
    page.get_by_label("The code that was sent there").first.fill(code_in(until(read)))
    press(page.get_by_role("button", name="Bind", exact=True).first, tap=True)
    expect(page.locator("[role=status]").first).to_contain_text("Bound")
