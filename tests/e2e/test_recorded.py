"""Each kind of work, from one sentence to what it made, in a browser, with a recorded model behind a real wire.

The scripts compute what they write from what the tools gave them; nothing of a result stands in a script.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.recorded import Play, RecordedModel, Say, use
from tests.e2e.served import Served, serving

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.slow]
SLOW = 300_000


# What the recorded model says


def actions(given: list[str]) -> list[list[str]]:
    part = "\n".join(given).partition("Actions")[2]
    found = re.findall(r"(Tom|Priya|Ben|Marta|Ana|Dana): (.+?)(?: by (\d+ November))?\.\s*$", part, re.M)
    return [[who, what, when or "no date given"] for who, what, when in found]


def actions_document(given: list[str]) -> Say:
    rows = [["Who", "What", "By when"], *actions(given)]
    return use("write_document", name="actions", format="docx", title="Actions from the bid kick-off",
               blocks=[{"kind": "table", "rows": rows, "where": "Minutes bid kick-off HC-2026-014.docx"}])  # fmt: skip


def planned(*steps: str) -> Say:
    return use("set_plan", steps=list(steps), current=1)


MINUTES = "Bids/Minutes bid kick-off HC-2026-014.docx"
SCRIPTS: dict[str, list[Play]] = {
    "minutes": [
        planned("Read the minutes", "Write the table", "Save it beside the minutes"),
        use("folder_read", path="Policies/Travel and expenses.docx"), use("folder_read", path=MINUTES),
        actions_document, use("folder_write", path="Bids/Actions HC-2026-014.docx", output="actions.docx"),
        Say("The table is actions.docx, saved beside the minutes."),
    ],
}  # fmt: skip


# The product, and hands


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo organisation, thinking with the recorded model."""
    model = RecordedModel(SCRIPTS)
    more = {"MODEL": "compatible:recorded", "MODEL_BASE_URL": model.url, "MODEL_API_KEY": "recorded"}
    with serving(tmp_path_factory.mktemp("played"), **{f"COLLEAGUE_{k}": v for k, v in more.items()}) as served:
        yield served
    model.close()
    assert not model.unknown


@pytest.fixture
def ana(served: Served, enter: Callable[..., Page]) -> Page:
    return enter("ana")


def hand_over(page: Page, goal: str, *files: Path) -> None:
    page.goto("/tasks/new")
    page.fill("#goal", goal)
    if files:
        page.set_input_files("#files", list(files))
    page.get_by_role("button", name="Start").click()


def until(page: Page, state: str) -> None:
    expect(page.locator("header .badge").first).to_have_text(state, timeout=SLOW)


def opened(page: Page, name: str) -> bytes:
    """Open an output's preview by its name, and return the file behind the download."""
    page.locator(".cl-rail").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("h1")).to_have_text(name)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    return Path(download.value.path()).read_bytes()


def looked_at(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def ledger_holds(served: Served, enter: Callable[..., Page]) -> None:
    auditor = enter("ines")
    auditor.goto("/ledger")
    auditor.get_by_role("button", name="Verify now").click()
    expect(auditor.locator(".cl-ok")).to_contain_text("intact", timeout=SLOW)


# The kinds of work


def test_minutes_become_a_table_in_the_chosen_folder_and_undo_takes_it_back(
    served: Served, ana: Page, enter: Callable[..., Page], tmp_path: Path
) -> None:
    saved = served.folder / "demo" / "documents" / "Bids" / "Actions HC-2026-014.docx"
    ana.goto("/tasks/new")
    ana.fill("#goal", "Put the actions from the minutes into a table")
    ana.locator(".cl-choose summary").click()
    ana.get_by_label("Read and change Bids/", exact=True).check()
    looked_at(ana, tmp_path, "minutes-choose")
    ana.get_by_role("button", name="Start").click()
    until(ana, "needs approval")
    expect(ana.locator(".cl-chips")).to_contain_text("Bids")
    expect(ana.locator(".cl-chips")).not_to_contain_text("Policies")
    assert not saved.exists()
    # The task was given one folder: the first reading, of another one, was refused.
    expect(ana.locator(".cl-call-failed, .cl-call-refused")).to_have_count(1)
    looked_at(ana, tmp_path, "minutes-asked")
    ana.locator(".cl-card-asked").get_by_role("button", name="Approve").click()
    until(ana, "completed")
    rows = [[c.text for c in r.cells] for r in docx.Document(str(saved)).tables[0].rows]
    assert rows[0] == ["Who", "What", "By when"]
    assert [r[0] for r in rows[1:]] == ["Tom", "Priya", "Ben", "Marta", "Ana", "Dana"]
    assert rows[5][2] == "no date given"
    expect(ana.locator("#changes")).to_contain_text("Bids/Actions HC-2026-014.docx")
    looked_at(ana, tmp_path, "minutes-done")
    ana.locator("#changes").get_by_role("button", name="Undo").click()
    expect(ana.locator("#changes")).to_contain_text("Put back by Ana Correia")
    assert not saved.exists()
    looked_at(ana, tmp_path, "minutes-undone")
    assert opened(ana, "actions.docx")
    ledger_holds(served, enter)
    auditor = enter("ines")
    auditor.goto("/ledger?verb=change.undone")
    expect(auditor.locator("table")).to_contain_text("change.undone")
