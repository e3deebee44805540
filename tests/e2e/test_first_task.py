"""The first five minutes of the README, in a browser: from one sentence to a document, one mail, a verified ledger."""

import email
import re
import zipfile
from collections.abc import Callable
from email import policy
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.press import press
from tests.e2e.served import Served

pytestmark = pytest.mark.peer("chromium")
GOAL = "Summarise the RFP, draft a response outline and mail it to Dana"


def mails(served: Served) -> list[Path]:
    return sorted((served.folder / "demo" / "mail").rglob("*.eml"))


def test_from_one_sentence_to_a_verified_ledger(served: Served, enter: Callable[..., Page], tmp_path: Path) -> None:
    before = len(mails(served))
    page = enter("ana")
    page.goto("/tasks/new")
    page.fill("#goal", GOAL)
    press(page, "Start")
    expect(page.locator("h1")).to_have_text(GOAL)
    # No reload from here on: the page lives by its stream.
    expect(page.locator("header .badge").first).to_have_text("needs approval")
    expect(page.locator(".cl-plan li")).not_to_have_count(0)
    card = page.locator(".cl-card-asked")
    expect(card).to_contain_text("dana@aldermoor.example")
    expect(card).to_contain_text("rfp-summary-and-response-outline.docx")
    assert len(mails(served)) == before, "nothing is sent before somebody approved it"

    press(card, "Approve")
    expect(page.locator("header .badge").first).to_have_text("completed")
    expect(page.locator(".cl-card-approved")).to_contain_text("Approved by Ana Correia")

    sent = mails(served)
    assert len(sent) == before + 1
    message = email.message_from_bytes(sent[-1].read_bytes(), policy=policy.default)
    assert "dana@aldermoor.example" in str(message["To"])
    names = [part.get_filename() for part in message.iter_attachments()]
    assert "rfp-summary-and-response-outline.docx" in names

    with page.expect_download() as download:
        page.locator(".cl-output a[download]").first.click()
    file = tmp_path / "outline.docx"
    download.value.save_as(file)
    assert "word/document.xml" in zipfile.ZipFile(file).namelist()

    press(page.locator(".cl-output a[href^='/outputs/']").first)
    expect(page.locator(".cl-draft")).to_contain_text("Draft")
    expect(page.locator(".cl-paper")).to_contain_text("Key facts")
    expect(page.locator(".cl-paper")).to_contain_text(re.compile(r"p\. \d+"))

    auditor = enter("ines")
    auditor.goto("/ledger")
    press(auditor, "Verify now")
    expect(auditor.locator(".cl-ok")).to_contain_text("intact")
    auditor.goto("/ledger?verb=call.decided")
    expect(auditor.locator("table")).to_contain_text("mail_send")


def test_a_denial_is_told_and_nothing_is_sent(served: Served, enter: Callable[..., Page]) -> None:
    before = len(mails(served))
    page = enter("ana", width=390, scheme="dark")
    page.goto("/tasks/new")
    page.fill("#goal", GOAL)
    press(page, "Start")
    expect(page.locator("header .badge").first).to_have_text("needs approval")
    page.goto("/approvals")
    card = page.locator(".cl-card-asked").first
    card.get_by_placeholder("If you deny: why?").fill("Not before Ben has seen it")
    press(card, "Deny")
    expect(page.locator(".cl-decided")).to_contain_text("Denied by Ana Correia")
    page.go_back()
    page.goto("/tasks")
    press(page.locator("a.cl-row", has_text=GOAL).first)
    expect(page.locator("header .badge").first).to_have_text("completed")
    expect(page.locator(".cl-answer")).to_contain_text("Not mailed")
    expect(page.locator(".cl-answer")).to_contain_text("Not before Ben has seen it")
    assert len(mails(served)) == before


def test_edit_and_approve_sends_exactly_the_new_words(served: Served, enter: Callable[..., Page]) -> None:
    before = len(mails(served))
    page = enter("ana")
    page.goto("/tasks/new")
    page.fill("#goal", GOAL)
    press(page, "Start")
    expect(page.locator(".cl-card-asked")).to_be_visible()
    page.locator(".cl-card-asked").get_by_text("Edit first").click()
    page.get_by_label("Body").fill("Dear Dana, please look at section 3 first.")
    press(page, "Ask anew")
    expect(page.locator(".cl-body")).to_contain_text("section 3 first")
    assert len(mails(served)) == before
    press(page, "Approve")
    expect(page.locator(".cl-decided")).to_contain_text("Approved by Ana Correia")
    for _ in range(100):
        if len(mails(served)) > before:
            break
        page.wait_for_timeout(200)
    sent = email.message_from_bytes(mails(served)[-1].read_bytes(), policy=policy.default)
    assert "section 3 first" in sent.get_body(("plain",)).get_content()
    assert len(mails(served)) == before + 1


def test_two_who_answer_at_once(served: Served, enter: Callable[..., Page]) -> None:
    page, other = enter("ana"), enter("ana")
    page.goto("/tasks/new")
    page.fill("#goal", GOAL)
    press(page, "Start")
    expect(page.locator(".cl-card-asked")).to_be_visible()
    other.goto(page.url)
    press(page.locator(".cl-card-asked"), "Approve")
    # The other page rewrites itself; whoever was quicker than the stream is told who decided.
    expect(other.locator(".cl-card-approved")).to_be_visible()
    expect(other.locator(".cl-card-asked")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen(enter: Callable[..., Page], width: int, scheme: str) -> None:
    page = enter("marta", width=width, scheme=scheme)
    for path in (
        "/tasks/new",
        "/tasks",
        "/approvals",
        "/ledger",
        "/people",
        "/connectors",
        "/policies",
        "/set-up",
        "/me",
    ):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_the_phone_navigation_opens_without_a_script(served: Served, enter: Callable[..., Page]) -> None:
    page = enter("marta", width=390)
    page.goto("/tasks")
    page.locator(".cl-more-menu summary").click()
    press(page.locator(".cl-sheet").get_by_text("People"))
    expect(page.locator("h1")).to_have_text("People")
