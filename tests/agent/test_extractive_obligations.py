"""A demand is taken word for word, with its kind; what demands nothing, or binds the buyer, is not taken for one."""

import pytest
from tests.agent.extracts import DEMO, source, source_of

from colleague.agent.llms.extractive.facts import find_facts
from colleague.agent.llms.extractive.obligations import Kind, kind_of, obligations
from colleague.agent.llms.extractive.parties import parties_of, party_of
from colleague.agent.llms.extractive.patterns import RFP
from colleague.agent.llms.extractive.sentences import sentences
from colleague.kit.documents.model import Block


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The Supplier shall deliver.", True),
        ("Every device must be new.", True),
        ("The contractor will provide a plan.", True),
        ("Submissions over the page limits above will not be considered.", True),
        ("Bidders are cautioned not to include exceptions.", True),
        ("The Supplier is prohibited from using data for training.", True),
        ("The Supplier may not assign the contract.", True),
        ("The Supplier should hold a certificate.", False),
        ("Contractors are encouraged to offer discounts.", False),
        ("«Box» shall mean a standard archive box.", None),
        ("Terms shall have the meanings given below.", None),
        ("The Supplier is not required to take over the website.", None),
        ("The Contractor need not proceed with it.", None),
        ("The word «shall» or «must» marks a mandatory requirement.", None),
        ("The contractor will receive several automated emails.", None),
        ("Each contractor will be assigned a confidence rating.", None),
        ("The Supplier may offer a portal.", None),
        ("The Council publishes every question.", None),
        ("Der Anbieter muss liefern.", None),
    ],
)
def test_kinds(text: str, kind: bool | None) -> None:
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The Council shall answer requests within ten days.", Kind.BUYER),
        ("The Council will provide floor plans by 30 April 2027.", Kind.BUYER),
        ("The Contracting Officer (CO) shall respond in writing within 30 days.", Kind.BUYER),
        ("If a price is low, the Council shall ask the bidder to explain it.", Kind.BUYER),
        ("The Supplier shall help the Council to answer requests.", Kind.MANDATORY),
        ("Council Data shall be stored in the United Kingdom.", Kind.MANDATORY),
        ("All communication shall be directed to the Contracting Officer.", Kind.MANDATORY),
        ("The raw data must be available to the Council.", Kind.MANDATORY),
        ("The Council will give names, and the Supplier shall use them.", Kind.MANDATORY),
        ("Any action by the Contractor, in response to the Government, shall be at its own risk.", Kind.MANDATORY),
    ],
)
def test_who_is_bound(text: str, kind: Kind) -> None:
    assert [o.kind for o in obligations(source(Block("paragraph", text)))] == [kind]


def test_lead_ins_are_joined_to_their_items_at_each_depth() -> None:
    blocks = [
        Block("heading", "Reports", 1),
        Block("paragraph", "It is monthly. The Supplier shall send a report with:"),
        Block("item", "volumes;", 1, "p. 2", "(a)"),
        Block("item", "for each site:", 1, "p. 2", "(b)"),
        Block("item", "incidents. They are counted.", 1, "p. 3", "•"),
        Block("paragraph", "Reports may be late by:"),
        Block("item", "one day.", 1, "p. 4", "•"),
    ]
    found = obligations(source(*blocks))
    assert [o.text for o in found] == [
        "The Supplier shall send a report with: (a) volumes;",
        "The Supplier shall send a report with: (b) for each site: incidents.",
    ]
    assert [o.cite for o in found] == ["a.md, p. 2", "a.md, p. 3"]
    nested = [
        Block("paragraph", "The Supplier shall provide the following:"),
        Block("item", "The Supplier must report as follows", 1, "", "(1)"),
        Block("item", "within a day.", 1, "", "(i)"),
        Block("item", "within a week.", 1, "", "(ii)"),
        Block("item", "plans.", 1, "", "(2)"),
    ]
    texts = [o.text for o in obligations(source(*nested))]
    assert texts[0].endswith("(1) The Supplier must report as follows (i) within a day.")
    assert texts[1].endswith("(ii) within a week.")
    assert texts[2] == "The Supplier shall provide the following: (2) plans."


def test_rows_of_a_table_that_is_announced_are_demands() -> None:
    table = Block("table", rows=(("Ref", "Level", "Target"), ("SL1", "Calls answered", "85 %")))
    announced = source(Block("paragraph", "The Supplier shall meet the levels in the table below."), table)
    assert [o.text for o in obligations(announced)][1:] == ["SL1 | Calls answered | 85 %"]
    assert obligations(source(Block("paragraph", "Volumes follow."), table)) == []


def test_background_wishes_nothing() -> None:
    wish = Block("paragraph", "A letter should reach the right team within a day.")
    assert obligations(source(Block("heading", "2 Background", 1), Block("heading", "2.1 The town", 2), wish)) == []
    assert len(obligations(source(Block("heading", "6 Desirable requirements", 1), wish))) == 1


def test_the_same_words_count_once() -> None:
    texts = [
        "The Supplier shall pay at once.",
        "4.2 The Supplier shall pay at once.",
        "The supplier shall pay at once.",
    ]
    assert len(obligations(source(*(Block("paragraph", t) for t in texts)))) == 1


def test_our_own_request_in_numbers() -> None:
    found = obligations(source_of(DEMO / "contract.md"), contract=True)
    parties = parties_of([b.text for b in source_of(DEMO / "contract.md").document.blocks])
    assert parties == ["Supplier", "Customer"]
    bound = {o.text.split(" ", 1)[0]: party_of(o.text, parties) for o in found}
    assert bound["3.1"] == "Supplier"
    assert bound["4.1"] == bound["5.4"] == bound["10.4"] == "Customer"
    assert bound["6.1"] == bound["13.1"] == ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("See No. 4 of Pub. L. 115-232. It holds, e.g. here.", 2),
        ("J. Smith signed. The U.S. Web Design System is used.", 2),
        ("5.1 The Supplier pays. «Box» means a box.", 2),
        ("The limit is in section 5. Pages beyond it are removed.", 2),
        ("1. First point is here.", 1),
        ("Der Auftragnehmer liefert bis zum 3. Mai. Änderungen sind möglich.", 2),
        ("One (see below.) Two? Three! “Four.” Five", 5),
    ],
)
def test_sentences_are_cut_where_they_end(text: str, parts: int) -> None:
    found = sentences(text)
    assert " ".join(found) == text
    assert len(found) == parts


def test_a_fact_has_the_right_label() -> None:
    rows = (
        ("Proposals by", "Friday 18 December 2026, 14:00"), ("Questions by", "Friday 27 November 2026, 17:00"),
        ("Estimated value", "£4.2 million"), ("Term", "Five years from 1 July 2027"), ("Contact", "h@x.example"),
    )  # fmt: skip
    facts = {f.text.split(" | ")[0]: f.label for f in find_facts([source(Block("table", rows=rows))], RFP)}
    assert facts == {
        "Proposals by": "Submission deadline", "Questions by": "Questions", "Estimated value": "Value or ceiling",
        "Term": "Period of performance", "Contact": "Contact",
    }  # fmt: skip
