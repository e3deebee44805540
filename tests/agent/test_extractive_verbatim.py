"""Nothing is invented: every text of every output is, word for word, in a source or in templates.py."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agent.extracts import DEMO, SHARED, Sources, parse, source, source_of

from colleague.agent.llms.extractive import skills
from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.source import Source
from colleague.agent.llms.extractive.synthesis import aspects, synthesis
from colleague.kit.documents.model import Block, Document

QUESTION = "Who must approve the travel of the supplier, and deliver unicorns by May?"
SAID = (QUESTION, *aspects(QUESTION))
Skill = Callable[[Sequence[Source]], list[Block]]
SKILLS: dict[str, Skill] = {
    "rfp": skills.rfp, "matrix": skills.rfp_matrix, "contract": skills.contract, "meeting": skills.meeting,
    "brief": skills.brief, "summary": skills.summary, "qa": lambda s: skills.qa(QUESTION, s),
    "synthesis": lambda s: synthesis(QUESTION, s),
    **{f"short {name}": lambda s, name=name: skills.shorter(name, s) for name in skills.FACTS},
}  # fmt: skip
FILES = sorted(p.name for p in DEMO.iterdir() if p.suffix in (".md", ".html", ".docx", ".pdf"))


@pytest.mark.parametrize("skill", SKILLS)
@pytest.mark.parametrize("name", FILES)
def test_every_text_is_a_sources_or_a_templates(skill: str, name: str) -> None:
    read = [source_of(DEMO / name)]
    blocks = SKILLS[skill](read)
    assert blocks
    assert Sources(read, *SAID).invented(blocks) == []


@pytest.mark.parametrize("skill", SKILLS)
def test_several_documents_at_once(skill: str) -> None:
    read = [source_of(DEMO / name) for name in FILES]
    assert Sources(read, *SAID).invented(SKILLS[skill](read)) == []


@pytest.mark.skipif(not SHARED.is_file(), reason="the shared document is not here")
@pytest.mark.parametrize("skill", SKILLS)
def test_the_real_request_for_quotation(skill: str) -> None:
    read = [source_of(SHARED)]
    assert Sources(read, *SAID).invented(SKILLS[skill](read)) == []


def test_the_check_finds_what_was_invented() -> None:
    read = [source(Block("paragraph", "The Supplier shall deliver. It may be late.", where="p. 1"))]
    check = Sources(read)
    assert check.invented([Block("paragraph", "The Supplier shall deliver.", where="a.md, p. 1")]) == []
    assert check.invented([Block("paragraph", "The Supplier shall pay.")]) == ["The Supplier shall pay."]
    assert check.invented([Block("paragraph", "The Supplier shall")]) == ["The Supplier shall"]
    assert check.invented([Block("paragraph", "It may be late.", where="a.md, p. 2")]) == ["a.md, p. 2"]


def test_it_says_what_needs_a_model() -> None:
    read = [source_of(DEMO / "contract.md")]
    for name, skill in SKILLS.items():
        notes = " ".join(b.text for b in skill(read) if b.kind == "note")
        assert t.LABEL in notes
        assert name == "matrix" or "model" in notes.removeprefix(t.LABEL)


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40)
phrases = st.sampled_from(
    ["The Supplier shall deliver by 3 May 2027", "Bidders must:", "The Council will provide:", "(a)", "shall", "§ 4.",
     "Questions by | noon", "TBD", "a budget of $4", "no more than 3 pages.", "Wir müssen liefern.", "«must»", "…",
     "e.g.", "The following table", "x@y.example", "Decision: go.", "| |", "1.1", "R-001", "not required", "?"]
)  # fmt: skip
texts = st.lists(phrases | words, max_size=6).map(" ".join)
made = st.lists(
    st.builds(
        Block, st.sampled_from(["heading", "paragraph", "item", "table", "note"]), texts, st.integers(0, 6),
        st.sampled_from(["p. 1", "p. 2", ""]), st.sampled_from(["", "•", "(a)", "(i)", "1."]),
        st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(made, words)
def test_whatever_the_document_holds(blocks: list[Block], title: str) -> None:
    read = [Source("any.md", Document(title, "text/markdown", "pages", 1, tuple(blocks)))]
    check = Sources(read, *SAID)
    for name, skill in SKILLS.items():
        assert check.invented(skill(read)) == [], name


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=400))
def test_whatever_the_text_is(text: str) -> None:
    document = parse(f"{text}\n.".encode(), "any.md")
    read = [Source("any.md", document)]
    for name, skill in SKILLS.items():
        assert Sources(read, *SAID).invented(skill(read)) == [], name
