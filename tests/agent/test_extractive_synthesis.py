"""Several documents on one question: by theme, each with its place, what differs side by side, what is not there."""

import pytest
from tests.agent.extracts import DEMO, TOOLS, Desk, Sources, source, source_of

from colleague.agent.llms.extractive import templates as t
from colleague.agent.llms.extractive.answer import Passage
from colleague.agent.llms.extractive.choose import wish_of
from colleague.agent.llms.extractive.disagree import disagreements, values_of
from colleague.agent.llms.extractive.memory import ON_WHAT, WHAT
from colleague.agent.llms.extractive.source import Source
from colleague.agent.llms.extractive.synthesis import MOST, aspects, gather, synthesis
from colleague.kit.documents.model import Block

pytestmark = pytest.mark.anyio


def _policy(name: str, *said: tuple[str, str]) -> Source:
    blocks = [b for head, text in said for b in (Block("heading", head, 1), Block("paragraph", text, where=head[:1]))]
    return source(*blocks, name=name, title=name.removesuffix(".md"))


NORTH = _policy(
    "north.md",
    ("1 In force", "Version 4, in force since 1 May 2026."),
    ("2 Hotels", "Hotels are paid up to £185 a night. Breakfast is included in the hotel rate."),
    ("3 Claims", "Expense claims are handed in within 60 days of the trip."),
    ("4 Flights", "Business class is paid on flights of more than eight hours."),
)
SOUTH = _policy(
    "south.md",
    ("1 Where to stay", "Hotels are paid up to £130 a night in every city."),
    ("2 Claims", "Expense claims are handed in within two months of the trip, with receipts."),
    ("3 In the air", "Business class is not paid on flights."),
    ("4 In force", "Version 2, in force since 3 January 2024."),
)
CANTEEN = _policy("canteen.md", ("1 Lunch", "The canteen opens at 11:30 and closes at 14:00."))
ALL = (NORTH, SOUTH, CANTEEN)
ASK = "What do we know about hotels, expense claims, business class flights and parental leave?"


def _parts(blocks: list[Block]) -> dict[str, list[Block]]:
    """Return the blocks under each heading of the first level."""
    parts: dict[str, list[Block]] = {}
    for block in blocks:
        if block.kind == "heading" and block.level == 1:
            parts[block.text] = []
        elif parts:
            parts[list(parts)[-1]].append(block)
    return parts


def test_findings_stand_under_themes_with_their_place_and_shared_themes_come_first() -> None:
    blocks = synthesis(ASK, ALL)
    answer = _parts(blocks)[t.ANSWER]
    themes = [b.text for b in answer if b.kind == "heading"]
    assert themes[0] in ("Hotels", "Where to stay", "Claims", "Flights", "In the air"), "two documents speak of it"
    said = {b.text: b.where for b in answer if b.kind == "paragraph"}
    assert said["Hotels are paid up to £130 a night in every city."] == "south.md, 1"
    assert said["Expense claims are handed in within 60 days of the trip."] == "north.md, 3"
    assert all(b.where for b in answer if b.kind != "heading")
    claims = answer[[b.text for b in answer].index("Claims") + 1 :][:2]
    assert [b.where for b in claims] == ["north.md, 3", "south.md, 2"], "side by side under one theme"
    assert Sources(ALL, ASK, *aspects(ASK)).invented(blocks) == []


def test_what_differs_stands_side_by_side_word_for_word() -> None:
    table = next(b for b in _parts(synthesis(ASK, ALL))[t.DIFFERS] if b.kind == "table")
    assert table.rows[0] == t.COLUMNS_DIFFERS
    pairs = {frozenset((row[1], row[3])) for row in table.rows[1:]}
    assert pairs == {
        frozenset({"north.md, 2", "south.md, 1"}), frozenset({"north.md, 3", "south.md, 2"}),
        frozenset({"north.md, 4", "south.md, 3"}),
    }  # fmt: skip


def test_what_no_document_speaks_of_is_said_and_sources_have_their_date() -> None:
    parts = _parts(synthesis(ASK, ALL))
    assert [b.text for b in parts[t.NOT_THERE]] == ["parental leave"]
    [table] = parts[t.SOURCES]
    assert table.rows[1:] == (
        ("north.md", "Version 4, in force since 1 May 2026.", "north.md, 1"),
        ("south.md", "Version 2, in force since 3 January 2024.", "south.md, 4"),
    )
    assert [b.text for b in parts[t.SAY_NOTHING]] == ["canteen.md"]


@pytest.mark.parametrize("question", ["What do we know about parental leave?", "", "?", "Synthesise the documents"])
def test_nothing_found_is_one_sentence_and_the_places_looked_in(question: str) -> None:
    parts = _parts(synthesis(question, ALL))
    assert [b.text for b in parts[t.ANSWER]] == [t.NOT_FOUND]
    assert [b.text for b in parts[t.SAY_NOTHING]] == [s.name for s in ALL]
    assert t.DIFFERS not in parts
    assert t.SOURCES not in parts


def test_every_document_is_heard_and_the_whole_is_bounded() -> None:
    long = source(*(Block("paragraph", f"Hotels: rule {n} of the hotel list.") for n in range(300)), name="long.md")
    many = [
        _policy(f"{n}.md", ("1 Hotels", f"The hotel in town {n} is paid up to £{n} a night.")) for n in range(1, 12)
    ]
    found, _ = gather("What do we know about hotels?", [long, *many])
    assert {p.source for p in found} == {"long.md", *(s.name for s in many)}
    assert sum(p.source == "long.md" for p in found) == 2
    assert len(found) <= MOST


def test_it_works_on_the_shipped_documents() -> None:
    read = [source_of(path) for path in sorted(DEMO.glob("competitor_*")) + sorted(DEMO.glob("policy_*"))]
    question = "Synthesise what we know about storage prices per box"
    parts = _parts(synthesis(question, read))
    table = next(b for b in parts[t.DIFFERS] if b.kind == "table")
    assert {cell for row in table.rows[1:] for cell in (row[0], row[2])} == {
        "Storage: 24p per box and month.", "Storage: 29p per box and month, with a minimum of 36 months.",
        "Storage: not offered; passed to partners at cost, between 26p and 34p per box and month.",
    }  # fmt: skip
    assert [b.text for b in parts[t.SAY_NOTHING]] == [s.name for s in read if s.name.startswith("policy")]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What do our documents say on hotels, meals and flights abroad?", ["hotels", "meals", "flights abroad"]),
        ("Bring up to twenty internal documents on one question together into a summary: the night shift",
         ["night shift"]),
        ("Synthesise our remote work rules", ["remote work rules"]),
        ("What is already known about Kestrel?", ["Kestrel"]), ("hotels, hotels", ["hotels"]),
        ("Synthesise everything", []), ("and, or; ?", []), ("", []),
    ],
)  # fmt: skip
def test_a_question_is_taken_apart_in_the_persons_words(question: str, expected: list[str]) -> None:
    assert aspects(question) == expected


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Claims are due within 60 days of the trip.", "Claims are due within 30 days of the trip.", True),
        ("Claims are due within two weeks of the trip.", "Claims are due within 14 days of the trip.", False),
        ("Claims are due within 60 days of the trip.", "Claims are due within 60 days of the trip, always.", False),
        ("The depot opens at 08:00 on weekdays.", "The depot opens at 07:30 on weekdays.", True),
        ("The lease of the depot ends on 30 June 2027.", "The lease of the depot ends on June 30, 2027.", False),
        ("The lease of the depot ends on 30 June 2027.", "The lease of the depot ends on 1 July 2027.", True),
        ("Storage costs £0.24 per box.", "Storage costs 24p per box.", False),
        ("Storage costs £1,200 a month.", "Storage costs £1,200 a year.", False),
        ("Private phones may be used for mail.", "Private phones may not be used for mail.", True),
        ("Private phones may be used for mail.", "Visitors do not park in the yard.", False),
        ("The canteen seats 80 people.", "The trip takes 90 minutes.", False),
    ],
)
def test_two_statements_differ_or_do_not(one: str, other: str, differ: bool) -> None:
    pair = [Passage(one, "", "a.md", source="a.md"), Passage(other, "", "b.md", source="b.md")]
    assert bool(disagreements(pair)) == differ
    assert not disagreements([Passage(p.text, "", "a.md", source="a.md") for p in pair]), "one document: no pair"


def test_values_are_read_with_their_unit() -> None:
    assert values_of("Up to three days a week, 45p a mile, 8 %, 06:30, 1,320 staff, on 3 May 2027") == {
        "time per week": {3.0}, "£ per mile": {0.45}, "%": {8.0}, "clock": {390.0}, "count of staff": {1320.0},
        "date": {"2027 3 may"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "skill"),
    [
        ("Synthesise what the contract and the RFP say on liability", "synthesis"),
        ("What do we know about Kestrel?", "synthesis"), ("What is known about the meeting in May?", "synthesis"),
        ("Bring these documents together on storage prices", "synthesis"),
        ("/knowledge-synthesis may I fly?", "synthesis"), ("/policy-qa what do we know about flights", "qa"),
        ("Do you know who approves travel?", "qa"), ("Summarise the report", "summary"),
        ("Bring Dana and Ben together for a meeting", "meeting"),
    ],
)  # fmt: skip
def test_it_is_recognised_in_a_persons_words(words: str, skill: str) -> None:
    assert wish_of(words).skill == skill


async def test_from_words_to_a_document_and_again_as_pdf() -> None:
    desk = Desk(*ALL)
    answer = await desk.ask("Synthesise what the files say about hotels and parental leave and mail it to Dana")
    assert desk.written == ["knowledge-synthesis.docx"]
    assert desk.sent_to == ["dana@ours.example"]
    assert f"{t.NOT_THERE}: parental leave." in answer
    assert "— north.md, 2" in answer
    await desk.ask("Now also make it a pdf")
    await desk.ask("shorter please")
    first, again, short = (_texts(call["blocks"]) for call in desk.did("write_document"))
    assert first == again
    assert {"hotels", "parental leave"} <= set(aspects(first[first.index(t.QUESTION) + 1]))
    assert len(short) <= len(first)
    assert desk.written[1:] == ["knowledge-synthesis.pdf", "knowledge-synthesis-short.docx"]


async def test_an_answer_from_policies_made_again_in_another_form_keeps_its_question() -> None:
    desk = Desk(*ALL)
    await desk.ask("How much is a hotel a night?")
    await desk.ask("Now also as pdf")
    first, again = (_texts(call["blocks"]) for call in desk.did("write_document"))
    assert first == again
    assert t.NOT_FOUND not in again


def _texts(blocks: list[dict[str, str]]) -> list[str]:
    return [block["text"] for block in blocks]


async def test_up_to_twenty_documents_of_a_folder_are_read_and_each_thing_is_searched_by_itself() -> None:
    folder = {f"p/{n}.md": _policy(f"{n}.md", ("1 Hotels", f"Hotel {n} costs £{n} a night.")) for n in range(30)}
    desk = Desk(folder=folder)
    await desk.ask("What do we know about hotels and flights?")
    assert [c["query"] for c in desk.did("folder_search")] == ["hotels", "flights"]
    assert len(desk.did("folder_read")) == 20


async def test_without_a_question_it_asks_for_one_and_does_not_guess() -> None:
    choice = "Bring several documents together on a question"
    desk = Desk(*ALL, answers={WHAT: choice, ON_WHAT: "expense claims"})
    await desk.ask("Please have a go at these")
    assert [c["question"] for c in desk.did("ask_person")] == [WHAT, ON_WHAT]
    assert any("within 60 days" in text for text in _texts(desk.did("write_document")[0]["blocks"]))
    unanswered = Desk(*ALL)
    assert await unanswered.ask("Synthesise these documents") == t.NO_QUESTION
    closed = Desk(*ALL, tools=[name for name in TOOLS if name != "ask_person"])
    assert await closed.ask("Synthesise these documents") == t.NO_QUESTION
    assert unanswered.written == closed.written == []


async def test_a_skill_called_with_a_slash_is_taken_up_once_and_what_is_guessed_is_not() -> None:
    tools = (*TOOLS, "use_skill")
    desk = Desk(*ALL, tools=tools)
    await desk.ask("/everyone:knowledge-synthesis hotels and claims")
    assert desk.did("use_skill") == [{"name": "everyone:knowledge-synthesis", "arguments": "hotels and claims"}]
    assert desk.written == ["knowledge-synthesis.docx"]
    plain = Desk(*ALL, tools=tools)
    await plain.ask("What do we know about hotels?")
    assert plain.did("use_skill") == []
