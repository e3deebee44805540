"""Each kind of work, from one sentence to what it made, in a browser, with a recorded model behind a real wire.

The scripts compute what they write from what the tools gave them; nothing of a result stands in a script.
"""

import asyncio
import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import docx
import pytest
from playwright.sync_api import Page, expect
from pptx import Presentation
from python_calamine import CalamineWorkbook
from tests.e2e.dovecot import Dovecot
from tests.e2e.press import press
from tests.e2e.recorded import Play, RecordedModel, Say, use
from tests.e2e.served import Served, serving

from colleague.bootstrap import build
from colleague.connectors.grants import Terms, change_grant, list_grants
from colleague.identity.directory import actor_of
from colleague.kit.settings import Settings
from colleague.policy.governance import enter_phase
from colleague.policy.model import DataClass, Phase
from colleague.testing.serving import free_port

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.slow]
SLOW = 300_000
QUARTERS = {"Q1": (1180, 940), "Q2": (1245, 1010), "Q3": (1310, 990), "Q4": (1445, 1125)}
REPORT = ("Revenue grew in every quarter of 2025.", "Costs rose in the second quarter, when the Bristol site opened.")
MAILS = (
    ("council@harbour.example", "Deadline moved", "The deadline for questions is now 27 November. Please confirm."),
    ("news@vendor.example", "Ten tips for scanning", "Our newsletter with ten tips. Unsubscribe below."),
    ("dana@aldermoor.example", "Red team", "Can you take the red-team review on 8 December? Please answer by Friday."),
)


# What the recorded model says


def quarters(given: list[str]) -> list[list[str]]:
    found = re.findall(r"^(Q\d) \| (\d+) \| (\d+)$", "\n".join(given), re.M)
    return [list(row) for row in found]


def model_workbook(given: list[str]) -> Say:
    rows = [
        [name, revenue, costs, f"=B{n}-C{n}", f"=D{n}/B{n}"]
        for n, (name, revenue, costs) in enumerate(quarters(given), 2)
    ]
    last = len(rows) + 1
    total = ["Year", f"=SUM(B2:B{last})", f"=SUM(C2:C{last})", f"=B{last + 1}-C{last + 1}", f"=D{last + 1}/B{last + 1}"]
    header = ["Quarter", "Revenue", "Costs", "Profit", "Margin"]
    return use(
        "write_document", name="earnings-model", format="xlsx", title="Earnings model", formulas=True,
        category="financial_model", blocks=[
            {"kind": "paragraph", "text": "In thousand pounds, as reported.", "where": "Earnings 2025.docx"},
            {"kind": "heading", "text": "Model", "level": 1},
            {"kind": "table", "rows": [header, *rows, total]},
            {"kind": "chart", "text": "Revenue and costs by quarter",
             "chart": {"kind": "bar", "categories": "Quarter", "series": ["Revenue", "Costs"]}},
        ],
    )  # fmt: skip


def earnings_answer(given: list[str]) -> Say:
    rows = quarters(given[:2])
    revenue, costs = (sum(int(r[n]) for r in rows) for n in (1, 2))
    return Say(
        f"The year: revenue {revenue}, costs {costs}, profit {revenue - costs}, margin "
        f"{(revenue - costs) / revenue:.4f} (Earnings 2025.docx). The model with live formulas is earnings-model.xlsx."
    )


def policy_answer(given: list[str]) -> Say:
    line = next(line for line in given[-1].splitlines() if "abroad" in line and "approval" in line)
    return Say(f"{line.strip()} (Policies/Travel and expenses.docx)")


def actions(given: list[str]) -> list[list[str]]:
    part = "\n".join(given).partition("Actions")[2]
    found = re.findall(r"(Tom|Priya|Ben|Marta|Ana|Dana): (.+?)(?: by (\d+ November))?\.\s*$", part, re.M)
    return [[who, what, when or "no date given"] for who, what, when in found]


def actions_document(given: list[str]) -> Say:
    rows = [["Who", "What", "By when"], *actions(given)]
    return use("write_document", name="actions", format="docx", title="Actions from the bid kick-off",
               blocks=[{"kind": "table", "rows": rows, "where": "Minutes bid kick-off HC-2026-014.docx"}])  # fmt: skip


def triage(given: list[str]) -> Say:
    ids = re.findall(r"^(\S+) · ", given[-1], re.M)
    return Say(calls=tuple(("mail_read", {"id": id_}) for id_ in ids))


def triage_table(given: list[str]) -> Say:
    rows = [["From", "Subject", "What to do"]]
    for text in given[2:]:  # the plan and the search came first
        sender, subject = (re.search(rf"{field}:? ?(.+)", text).group(1) for field in ("From", "Subject"))  # type: ignore[union-attr]
        what = "answer" if "Please" in text else "nothing"
        rows.append([sender.strip(), subject.strip(), what])
    return use("write_document", name="triage", format="docx", title="Inbox", blocks=[{"kind": "table", "rows": rows}])


def deck(given: list[str]) -> Say:
    sentences = [s for s in REPORT if s in "\n".join(given)]
    source = "Earnings 2025.docx"
    return use(
        "write_document", name="board-deck", format="pptx", title="Earnings 2025", blocks=[
            {"kind": "heading", "text": "What happened", "level": 1},
            *({"kind": "item", "text": s, "level": 1, "where": source} for s in sentences),
            {"kind": "speaker", "text": "Start with the revenue."},
            {"kind": "heading", "text": "By quarter", "level": 1},
            {"kind": "table", "rows": [["Quarter", "Revenue", "Costs"], *quarters(given)], "where": source},
            {"kind": "heading", "text": "Revenue against costs", "level": 1},
            {"kind": "chart", "text": "In thousand pounds", "where": source,
             "rows": [["Quarter", "Revenue", "Costs"], *quarters(given)], "chart": {"kind": "line"}},
        ],
    )  # fmt: skip


def planned(*steps: str) -> Say:
    return use("set_plan", steps=list(steps), current=1)


READ = use("read_document", file="Earnings 2025.docx")
MINUTES = "Bids/Minutes bid kick-off HC-2026-014.docx"
SCRIPTS: dict[str, list[Play]] = {
    "earnings model": [planned("Read the report", "Write the model"), READ, model_workbook, earnings_answer],
    "abroad": [
        planned("Find the policy", "Answer"), use("folder_search", query="travel abroad approval", path="Policies"),
        use("folder_read", path="Policies/Travel and expenses.docx"), policy_answer,
    ],
    "minutes": [
        planned("Read the minutes", "Write the table", "Save it beside the minutes"),
        use("folder_read", path="Policies/Travel and expenses.docx"), use("folder_read", path=MINUTES),
        actions_document, use("folder_write", path="Bids/Actions HC-2026-014.docx", output="actions.docx"),
        Say("The table is actions.docx, saved beside the minutes."),
    ],
    "inbox": [planned("Look", "Sort"), use("mail_search"), triage, triage_table, Say("Sorted: see triage.docx.")],
    "deck": [planned("Read the report", "Write the slides"), READ, deck, Say("The deck is board-deck.pptx.")],
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


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    document = docx.Document()
    document.add_heading("Earnings 2025", 1)
    for sentence in REPORT:
        document.add_paragraph(sentence)
    table = document.add_table(1, 3)
    for cell, text in zip(table.rows[0].cells, ("Quarter", "Revenue", "Costs"), strict=True):
        cell.text = text
    for name, (revenue, costs) in QUARTERS.items():
        for cell, text in zip(table.add_row().cells, (name, str(revenue), str(costs)), strict=True):
            cell.text = text
    path = tmp_path_factory.mktemp("given") / "Earnings 2025.docx"
    document.save(str(path))
    return path


def hand_over(page: Page, goal: str, *files: Path) -> None:
    page.goto("/tasks/new")
    page.fill("#goal", goal)
    if files:
        page.set_input_files("#files", list(files))
    press(page, "Start")


def until(page: Page, state: str) -> None:
    expect(page.locator("header .badge").first).to_have_text(state, timeout=SLOW)


def opened(page: Page, name: str) -> bytes:
    """Open an output's preview by its name, and return the file behind the download."""
    press(page.locator(".cl-rail").get_by_role("link", name=name, exact=True))
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
    press(auditor, "Verify now")
    expect(auditor.locator(".cl-ok")).to_contain_text("intact", timeout=SLOW)


def office(content: bytes, name: str, to: str, folder: Path) -> bytes:
    """Return `content` as LibreOffice converts it."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed: run `make peers`")
    (folder / name).write_bytes(content)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/home", "--headless", "--convert-to", to,
         "--outdir", str(folder / "out"), str(folder / name)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return (folder / "out" / f"{Path(name).stem}.{to.partition(':')[0]}").read_bytes()


def without_results(content: bytes) -> bytes:
    """Return a workbook whose formulas have no stored results, so that whoever opens it must compute them."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            raw = old.read(part)
            if part.startswith("xl/worksheets/"):
                raw = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", raw)
            new.writestr(part, raw)
    return out.getvalue()


# The kinds of work


def test_an_earnings_table_becomes_a_model_whose_formulas_say_what_the_text_says(
    served: Served, ana: Page, report: Path, enter: Callable[..., Page], tmp_path: Path
) -> None:
    hand_over(ana, "Make an earnings model from the report", report)
    until(ana, "completed")
    expect(ana.locator(".cl-plan li")).to_have_count(2)
    said = ana.locator(".cl-answer").inner_text()
    numbers = re.search(r"revenue (\d+), costs (\d+), profit (\d+), margin ([\d.]+)", said)
    assert numbers, said
    looked_at(ana, tmp_path, "earnings-task")
    content = opened(ana, "earnings-model.xlsx")
    expect(ana.locator(".cl-paper table").last).to_contain_text("Margin")
    expect(ana.locator(".cl-paper svg")).to_have_count(1)
    expect(ana.locator(".cl-draft")).to_contain_text("High stakes")
    looked_at(ana, tmp_path, "earnings-preview")

    with zipfile.ZipFile(io.BytesIO(content)) as book:
        chart = book.read("xl/charts/chart1.xml").decode()
        sheets = b"".join(book.read(n) for n in book.namelist() if n.startswith("xl/worksheets/sheet"))
    assert "$B$2:$B$5" in chart, "the four quarters, without the year that sums them up"
    assert len(re.findall(rb"<f>", sheets)) == 4 * 2 + 4
    fresh = office(without_results(content), "model.xlsx", "xlsx:Calc MS Excel 2007 XML", tmp_path)
    year = CalamineWorkbook.from_filelike(io.BytesIO(fresh)).get_sheet_by_name("Model").to_python()[5]
    assert year[0] == "Year"
    assert [round(float(v), 4) for v in year[1:]] == [float(n) for n in numbers.groups()]
    ledger_holds(served, enter)


def test_a_question_about_policy_is_answered_with_a_citation_that_opens_the_source(
    served: Served, ana: Page, enter: Callable[..., Page], tmp_path: Path
) -> None:
    hand_over(ana, "Who must approve travel abroad?")
    until(ana, "completed")
    expect(ana.locator(".cl-answer")).to_contain_text("approval of a director")
    looked_at(ana, tmp_path, "policy")
    press(ana.locator(".cl-answer a").first)
    expect(ana.locator("h1")).to_contain_text("Travel and expenses")
    expect(ana.locator(".cl-paper")).to_contain_text("All travel abroad needs the approval of a director")
    looked_at(ana, tmp_path, "policy-source")
    ledger_holds(served, enter)


def test_minutes_become_a_table_in_the_chosen_folder_and_undo_takes_it_back(
    served: Served, ana: Page, enter: Callable[..., Page], tmp_path: Path
) -> None:
    saved = served.folder / "demo" / "documents" / "Bids" / "Actions HC-2026-014.docx"
    ana.goto("/tasks/new")
    ana.fill("#goal", "Put the actions from the minutes into a table")
    ana.locator(".cl-choose summary").click()
    ana.get_by_label("Read and change Bids/", exact=True).check()
    looked_at(ana, tmp_path, "minutes-choose")
    press(ana, "Start")
    until(ana, "needs approval")
    expect(ana.locator(".cl-chips")).to_contain_text("Bids")
    expect(ana.locator(".cl-chips")).not_to_contain_text("Policies")
    assert not saved.exists()
    # The task was given one folder: the first reading, of another one, was refused.
    expect(ana.locator(".cl-call-failed, .cl-call-refused")).to_have_count(1)
    looked_at(ana, tmp_path, "minutes-asked")
    press(ana.locator(".cl-card-asked"), "Approve")
    until(ana, "completed")
    rows = [[c.text for c in r.cells] for r in docx.Document(str(saved)).tables[0].rows]
    assert rows[0] == ["Who", "What", "By when"]
    assert [r[0] for r in rows[1:]] == ["Tom", "Priya", "Ben", "Marta", "Ana", "Dana"]
    assert rows[5][2] == "no date given"
    expect(ana.locator("#changes")).to_contain_text("Bids/Actions HC-2026-014.docx")
    looked_at(ana, tmp_path, "minutes-done")
    press(ana.locator("#changes"), "Undo")
    expect(ana.locator("#changes")).to_contain_text("Put back by Ana Correia")
    assert not saved.exists()
    looked_at(ana, tmp_path, "minutes-undone")
    assert opened(ana, "actions.docx")
    ledger_holds(served, enter)
    auditor = enter("ines")
    auditor.goto("/ledger?verb=change.undone")
    expect(auditor.locator("table")).to_contain_text("change.undone")


async def mailbox_opened(folder: Path) -> None:
    """Let mailboxes be read: a second source of data, which the demo's pilot does not have (PL-8)."""
    house = build(Settings(data_dir=folder))
    deed: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        owner = await actor_of(session, email="marta@aldermoor.example", via="cli")
        await enter_phase(session, owner, Phase.EXPANSION, second=owner.id, **deed)
        [mail] = [one for one in await list_grants(session, clock=house.clock) if one.grant.connector == "mail"]
        until = house.clock.now() + timedelta(days=90)
        terms = Terms(
            ["*"], ceiling=DataClass.CONFIDENTIAL, place_class=DataClass.CONFIDENTIAL, reason="Their own mailbox.",
            expires_at=until,
        )  # fmt: skip
        await change_grant(session, owner, house.registry, mail.id, terms, **deed)
    await house.close()


def test_mail_is_sorted_from_a_real_mailbox(
    served: Served, ana: Page, enter: Callable[..., Page], tmp_path: Path
) -> None:
    if shutil.which("dovecot") is None:
        pytest.skip("Dovecot is not installed: run `make peers`")
    with Dovecot(free_port()) as server:
        for number, (sender, subject, body) in enumerate(MAILS, 1):
            server.deliver("ana@aldermoor.example", sender, subject, body, number)
        owner = enter("marta")
        owner.goto("/connectors/mail")
        owner.get_by_text("Settings of the organisation").click()
        owner.fill("#f-imap_url", server.url)
        press(owner, "Save")
        with ThreadPoolExecutor(1) as beside:  # The browser has a loop in this thread.
            beside.submit(asyncio.run, mailbox_opened(served.folder)).result()
        hand_over(ana, "Sort my inbox: who wants an answer?")
        until(ana, "completed")
        content = opened(ana, "triage.docx")
        looked_at(ana, tmp_path, "triage")
    rows = [[c.text for c in r.cells] for r in docx.Document(io.BytesIO(content)).tables[0].rows]
    found = {subject: (sender, what) for sender, subject, what in rows[1:]}
    assert set(found) == {subject for _, subject, _ in MAILS}
    assert {subject: what for subject, (_, what) in found.items()} == {
        "Deadline moved": "answer", "Ten tips for scanning": "nothing", "Red team": "answer",
    }  # fmt: skip
    for sender, subject, _ in MAILS:
        assert sender in found[subject][0]
    ledger_holds(served, enter)


def test_a_report_becomes_a_deck_that_offices_open(
    served: Served, ana: Page, report: Path, enter: Callable[..., Page], tmp_path: Path
) -> None:
    hand_over(ana, "Make a deck for the board from the report", report)
    until(ana, "completed")
    content = opened(ana, "board-deck.pptx")
    expect(ana.locator(".cl-paper")).to_contain_text("Revenue grew in every quarter")
    expect(ana.locator(".cl-paper svg")).to_have_count(1)
    looked_at(ana, tmp_path, "deck")
    slides = list(Presentation(io.BytesIO(content)).slides)
    assert [s.shapes.title.text for s in slides] == [
        "Earnings 2025", "What happened", "By quarter", "Revenue against costs",
    ]  # fmt: skip
    assert sum(s.has_chart for slide in slides for s in slide.shapes) == 1
    pdf = office(content, "deck.pptx", "pdf", tmp_path)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(slides)
    ledger_holds(served, enter)
