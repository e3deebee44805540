"""A real request for quotation of 39 pages: the key facts are right, each with its page, within seconds.

The expected facts were read from the document by a person. Places are checked against the text that pdfium gives for
the cited page, without the product's own reader.
"""

import re
from functools import lru_cache

import pypdfium2
import pytest
from tests.agent.extracts import SHARED, source_of

from colleague.agent.llms.extractive import skills
from colleague.agent.llms.extractive.facts import find_facts, undecided
from colleague.agent.llms.extractive.obligations import Kind, Obligation, obligations
from colleague.agent.llms.extractive.patterns import RFP
from colleague.agent.llms.extractive.source import Source
from colleague.kit.documents.read import read_document

pytestmark = pytest.mark.skipif(not SHARED.is_file(), reason="the shared document is not here")
FACTS = [
    ("Reference", 2, "RFQ12345"),
    (
        "Issued by",
        1,
        "From: Brian Burns, Contracting Officer (CO), General Services Administration (GSA), Central Office",
    ),
    ("Issued by", 1, "Issued for: GSA, FAS, Technology Transformation Services (TTS), 18F"),
    ("What is wanted", 3, "OFA is seeking a contractor to assist with TDRS improvements and enhancements."),
    ("Issued on", 1, "Date: February 5, 2020"),
    ("Who may bid", 1, "Set-aside: Total Small Business"),
    ("Who may bid", 1, "Contract vehicles: GSA Schedule Schedule IT 70; SINs 132 51"),
    ("Submission deadline", 1, "Technical Volume | MONTH DD, 2020 at noon, eastern | Google Form and Google Document"),
    ("Submission deadline", 2, "Pricing Sheet | MONTH DD, 2020 at noon, eastern | Excel Spreadsheet"),
    ("Submission deadline", 2, "RFQ Closing Date | TBD"),
    ("Questions", 1, "RFQ Questions and Answers | MONTH DD, 2020 at noon, eastern | Google Form"),
    ("Questions", 2, "Questions Due: | TBD"),
    ("Questions", 15, "must be submitted electronically through this Google Form by the deadline provided above."),
    ("Contact", 2, "Contracting Officer | Brian Burns"),
    ("Contact", 2, "Email | brian.burns@gsa.gov"),
    ("How to submit", 20, "This submission must not be submitted in PDF format."),
    ("Form and length", 16, "a technical approach of no more than four (4) additional pages"),
    ("Form and length", 16, "a staffing plan of no more than three (3) pages plus resumes"),
    ("Form and length", 16, "user research plans and design artifacts of no more than 3 pages combined."),
    ("Form and length", 16, "Technical approach and staffing plans must be submitted using 12-point type."),
    ("Form and length", 17, "cannot exceed one (1) page in length each."),
    ("Value or ceiling", 6, "OFA will pay up to $1.4 million for requested services and authorized travel"),
    ("Period of performance", 6, "will include a one year base period with two one-year option periods."),
    ("Period of performance", 39, "shall not exceed 3 years."),
    ("Contract type", 20, "The Contractor will be compensated at fully loaded hourly rates."),
    ("Contract type", 27, "Payments under Time and Materials and Labor Hours Contracts, FAR 52.232-7."),
    ("Basis of award", 21, "make an award based on best value using tradeoffs."),
    ("Basis of award", 21, "non-price evaluation factors combined are significantly more important than price."),
    ("Place", 12, "The contractor may choose the location(s)"),
    ("Timetable", 25, "within 10 calendar days of the acquisition award."),
]
NEVER_FACTS = ("$16.6 billion", "50GB", "Questions should be written")
OPEN = [
    (1, "Technical Volume"), (2, "Pricing Sheet"), (2, "RFQ Closing Date"), (2, "RFQ Posting Location"),
    (2, "Posting Location for Answers"), (13, "Additional info that will be provided TBD"),
    (23, "OFA Contracting Officer’s Representative (COR): Will be provided at time of award"),
]  # fmt: skip


@lru_cache(maxsize=1)
def rfq() -> Source:
    return source_of(SHARED)


@lru_cache(maxsize=1)
def demands() -> list[Obligation]:
    return obligations(rfq())


def page_of(cite: str) -> int:
    match = re.fullmatch(re.escape(SHARED.name) + r", p\. (\d+)", cite)
    assert match, cite
    return int(match[1])


@lru_cache(maxsize=1)
def printed() -> list[str]:
    pdf = pypdfium2.PdfDocument(SHARED)
    return [letters(page.get_textpage().get_text_range()) for page in pdf]


def letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def stands_on(text: str, page: int) -> bool:
    """Say whether text begins on a page; it may end on the next."""
    here, below = printed()[page - 1], printed()[page] if page < len(printed()) else ""
    wanted = letters(text)
    if wanted in here:
        return True
    # Cut by the end of the page, before its number or inside a cell.
    cuts = range(min(len(wanted) - 1, 2500), 3, -1)
    return any(wanted[:n] in here and wanted[n:] in below for n in cuts)


def led(text: str, page: int) -> bool:
    """Say whether text is an item of a page behind its lead-in, which may stand a page before."""
    words = text.split()
    parts = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(4, len(words))]
    near = "".join(printed()[max(page - 2, 0) : page])
    return any(letters(lead) in near and stands_on(item, page) for lead, item in parts)


def test_the_key_facts_are_right_and_have_their_page() -> None:
    found = [(f.label, page_of(f.cite), f.text) for f in find_facts([rfq()], RFP)]
    missing = [e for e in FACTS if not any(f[:2] == e[:2] and e[2] in f[2] for f in found)]
    assert missing == []
    assert not [f for f in found for never in NEVER_FACTS if never in f[2]]
    assert len(found) <= len(FACTS) + 12


def test_every_fact_and_demand_stands_on_the_cited_page() -> None:
    said = [(f.text, f.cite) for f in find_facts([rfq()], RFP)]
    said += [(d.text, d.cite) for d in demands()]
    wrong = [
        (part, cite) for text, cite in said for part in text.split(" | ")
        if not stands_on(part, page_of(cite)) and not led(part, page_of(cite))
    ]  # fmt: skip
    assert wrong == []
    assert len(said) > 200


def test_what_is_still_open_is_said() -> None:
    found = [(page_of(s.cite), s.text) for s in undecided(rfq())]
    assert [o for o in OPEN if not any(o[0] == p and o[1] in text for p, text in found)] == []
    assert len(found) < 25


def of(words: str) -> Obligation:
    found = [d for d in demands() if words in d.text]
    assert len(found) == 1, (words, found)
    return found[0]


@pytest.mark.parametrize(
    ("words", "page", "section", "kind"),
    [
        ("must post all developed code to a public", 6, "2.0 Scope", Kind.MANDATORY),
        ("Tested Code | Code delivered under the order must have", 8, "3.2 List", Kind.MANDATORY),
        ("free of medium-and high-level static and dynamic security vulnerabilities", 10, "3.2 List", Kind.MANDATORY),
        ("The System must not have a single point of failure.", 12, "5.1 Env", Kind.MANDATORY),
        ("so the application should be written to be as operationally portable", 12, "5.1 Env", Kind.DESIRABLE),
        ("must consist of: Criteria 2: a staffing plan of no more than three", 16, "Phase 1", Kind.MANDATORY),
        ("The source code samples should be for projects", 18, "Criteria 3", Kind.DESIRABLE),
        ("the following areas: Security / compliance", 18, "Criteria 2", Kind.MANDATORY),
        ("Contractors are encouraged to offer discounts", 20, "Phase 3", Kind.DESIRABLE),
        ("The Contractor shall comply with the written or oral direction", 24, "7.2", Kind.MANDATORY),
        ("No paper invoices shall be accepted.", 27, "8.3", Kind.MANDATORY),
        ("OFA will arrange for any necessary internal and external user testing.", 5, "2.0 Scope", Kind.BUYER),
        ("The Contracting Officer shall respond in writing within 30 days", 24, "7.2", Kind.BUYER),
        ("TTS shall provide for review at a level above", 26, "7.5", Kind.BUYER),
    ],
)
def test_demands_have_their_page_section_and_kind(words: str, page: int, section: str, kind: Kind) -> None:
    found = of(words)
    assert (page_of(found.cite), found.section.startswith(section), found.kind) == (page, True, kind)


@pytest.mark.parametrize(
    "words",
    [
        "will not be required to work at a government facility",
        "not required to obtain a PIV card can use",
        "The Contractor need not proceed",
        "the contractor will receive an email",
        "will be assigned a confidence rating.",
        "have the meanings provided",
        "Contractors are not prohibited from providing",
        "not expected to work Federal Holidays",
    ],
)
def test_what_demands_nothing_is_left_out(words: str) -> None:
    assert [d.text for d in demands() if words in d.text and not re.search(r"contractors? must", d.text, re.I)] == []


def test_ids_count_up_and_nothing_stands_twice() -> None:
    for letter in "RB":
        ids = [d.id for d in demands() if d.id.startswith(letter)]
        assert ids == [f"{letter}-{n:03}" for n in range(1, len(ids) + 1)]
    assert len({d.text for d in demands()}) == len(demands())
    assert 150 <= len([d for d in demands() if d.kind is not Kind.BUYER]) <= 200


def test_the_outline_follows_the_instructions() -> None:
    blocks = skills.rfp([rfq()])
    heads = [b.text for b in blocks if b.kind == "heading" and b.level == 3]
    assert heads == [
        "Phase 1 - Technical Submissions", "Criteria 1 - Technical Approach", "Criteria 2 - Staffing Plan",
        "Criteria 3 - Similar Experience", "Phase 3 - Price Submissions",
    ]  # fmt: skip
    assert sum(b.kind == "box" for b in blocks) == len(heads)


@pytest.mark.anyio
async def test_all_of_it_is_read() -> None:
    document = await read_document(SHARED.read_bytes(), SHARED.name)
    blocks = skills.rfp([Source(SHARED.name, document)])
    assert (document.pages, len(blocks) > 60) == (39, True)
