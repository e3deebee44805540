"""The product as people start it (`colleague serve --demo`), and a headless Chromium that looks at it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.e2e.press import sign_in
from tests.e2e.served import Served, answering, end, serving

from colleague.testing.serving import free_port

AXE = Path(__file__).parents[2] / ".peers/axe/node_modules/axe-core/axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """Give a function that looks for barriers on a page with axe-core, and fails with what it finds."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `make peers`")
    source = AXE.read_text("utf-8")

    def look(page: Page) -> None:
        # By the browser's own line: the page's policy lets no foreign script in.
        page.evaluate(f"{source}; 0")
        found = page.evaluate(
            "axe.run(document).then((r) => r.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))"
        )
        assert found == [], (page.url, found)

    return look


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("demo")) as served:
        yield served


# Not for the session: while Playwright runs, no other test of this process can run a loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the demo with a scripted model; give its address."""
    folder, port = tmp_path_factory.mktemp("scripted"), free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COLLEAGUE_", "DATABASE_URL"))}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.scripted", str(folder), str(port)], stdout=log, stderr=subprocess.STDOUT,
            env=environment, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            answering(f"{url}/sign-in", process, folder / "log")
            yield url
        finally:
            end(process)


@pytest.fixture
def enter(served: Served, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give a function that signs somebody in (by the part before @) and returns their page; errors of scripts fail."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def signed_in(who: str, width: int = 1280, scheme: str = "light", *, through: str = "") -> Page:
        context = browser.new_context(
            base_url=through or served.url, viewport={"width": width, "height": 844}, color_scheme=scheme,
            accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        if not through:  # Whose line is cut on purpose sees errors of the network.
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        sign_in(page, who)
        return page

    yield signed_in
    for context in contexts:
        context.close()
    assert not errors
