"""Strange documents: nothing to copy, only tables, one paragraph, another language, 300 pages. It ends and says so."""

import time
from collections.abc import Callable, Sequence

import pytest
from tests.agent.extracts import DEMO, Sources, source, source_of

from colleague.agent.llms.extractive import skills
from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.answer import passages
from colleague.agent.llms.extractive.source import Source
from colleague.agent.llms.extractive.synthesis import synthesis
from colleague.kit.documents.model import Block

ALL: list[Callable[[Sequence[Source]], list[Block]]] = [
    skills.rfp, skills.rfp_matrix, skills.contract, skills.meeting, skills.brief, skills.summary,
    lambda s: synthesis("What is known about the Supplier, the boxes and delivery by 3 May 2027?", s),
]  # fmt: skip
POLICIES = [source_of(path) for path in sorted(DEMO.glob("policy_*.md"))]


def texts(blocks: Sequence[Block]) -> str:
    return "\n".join([b.text for b in blocks] + [c for b in blocks for row in b.rows for c in row])


@pytest.mark.parametrize("skill", ALL)
def test_an_empty_document_gives_an_honest_page(skill: Callable[[Sequence[Source]], list[Block]]) -> None:
    said = texts(skill([source()]))
    assert t.LABEL in said
    assert any(word in said for word in (t.NO_FACTS, t.NO_OBLIGATIONS, t.NOTHING, t.NOT_FOUND))


def test_only_tables() -> None:
    rows = (
        ("Item", "Price", "By"),
        ("Storage", "£4.20 per box", "3 May 2027"),
        ("The Supplier shall collect", "£1", "x"),
    )
    table = source(Block("table", rows=rows, where="sheet A"))
    assert "Storage | £4.20 per box | 3 May 2027" in texts(skills.summary([table]))
    assert "The Supplier shall collect | £1 | x" in texts(skills.rfp([table]))


def test_one_giant_paragraph_without_a_heading() -> None:
    sentence = "The Supplier shall deliver {} boxes before noon on 3 May 2027, as agreed with the Council."
    giant = source(Block("paragraph", " ".join(sentence.format(n) for n in range(4000)), where="p. 1"))
    start = time.process_time()
    blocks = skills.rfp([giant])
    assert time.process_time() - start < 5
    assert "R-4000" in texts(blocks)
    assert max(len(b.text) for b in blocks) < 2000


def test_another_language_is_copied_and_what_is_not_known_is_said() -> None:
    german = source(
        Block("heading", "1 Leistungen", 1),
        Block("paragraph", "Der Auftragnehmer muss bis 12.03.2027 liefern. Fragen an vergabe@stadt.example."),
    )
    said = texts(skills.rfp([german]))
    assert "Fragen an vergabe@stadt.example." in said
    assert t.NO_OBLIGATIONS in said
    assert Sources([german]).invented(skills.rfp([german])) == []


def test_three_hundred_pages_in_bounded_time() -> None:
    blocks = []
    for page in range(1, 301):
        where = f"p. {page}"
        blocks.append(Block("heading", f"{page} Section {page}", 1, where))
        for n in range(8):
            text = (
                f"{page}.{n} The Supplier shall keep log {n} of {page}. "
                + "It is kept in the archive of the town. " * 8
            )
            blocks.append(Block("paragraph", text, where=where))
            blocks.append(Block("item", f"item {n} by 3 May 2027 for ${page}", 1, where, "(a)"))
    large = source(*blocks)
    start = time.process_time()
    for skill in ALL:
        skill([large])
    passages("Which log does the Supplier keep?", [large])
    assert time.process_time() - start < 60
    assert sum(b.kind == "heading" for b in skills.summary([large])) < 40


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the hotel limit in London?", "London | £185"),
        ("May I fly business class?", "business class is not paid."),
        ("How long do I have to claim expenses?", "Claim within 60 days"),
        ("Who approves travel abroad?", "needs the approval of a director"),
        ("How many days may I work from home?", "up to three days a week"),
        ("May I work from another country?", "up to 20 working days in a calendar year"),
        ("Is alcohol paid when I host a client?", "Alcohol is not paid, except when you host a client."),
    ],
)
def test_a_question_is_answered_in_the_documents_words(question: str, answer: str) -> None:
    assert answer in passages(question, POLICIES)[0].text


@pytest.mark.parametrize(
    "question",
    ["What is the capital of France?", "What is the parental leave policy?", "", "?", "May I?", "Wie geht es?"],
)
def test_what_is_not_in_the_documents_is_said_so(question: str) -> None:
    assert passages(question, POLICIES) == []
    assert t.NOT_FOUND in texts(skills.qa(question, POLICIES))


def test_no_documents_no_answer() -> None:
    assert passages("What is the limit?", []) == []
    assert t.NOT_FOUND in texts(skills.qa("What is the limit?", []))


@pytest.mark.parametrize(
    "text",
    [
        "must following " * 10_000, "." * 80_000, "(" * 40_000, "a" * 80_000, "a.b" * 20_000, "« " * 6_000,
        "The Council shall, the Council shall; " * 3_000, "1. 2. 3. A. B. " * 6_000, "proposal must portal " * 6_000,
    ],
)  # fmt: skip
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    nasty = source(
        Block("paragraph", text), Block("item", text[:2_400], label="(a)"), Block("table", rows=((text, text),))
    )
    start = time.process_time()
    for skill in ALL:
        skill([nasty])
    passages("What must the portal do?", [nasty])
    assert time.process_time() - start < 60
