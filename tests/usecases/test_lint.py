"""The linter refuses what is not specific, says what to write instead, and lets the shipped cards pass."""

from dataclasses import replace
from importlib import resources
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colleague.policy.model import DataClass
from colleague.policy.standards.category import SHIPPED
from colleague.usecases.lint import is_kept, lint, standing
from colleague.usecases.model import FORMATS, Around, Card
from colleague.usecases.shipped import shipped_cards

RFP = replace(shipped_cards()["rfp-response"], owner="person_1")
FIELDS = ("work", "input", "trigger", "output", "quality", "owner", "category")
WORDS = st.text(max_size=200)
CARDS = st.builds(
    Card, name=WORDS, work=WORDS, department=WORDS, input=WORDS, trigger=WORDS, output=WORDS, format=WORDS,
    minutes=st.integers(-5, 20_000), owner=WORDS, quality=WORDS, data_class=st.sampled_from(DataClass), category=WORDS,
    connectors=st.lists(WORDS, max_size=3).map(tuple), kept=WORDS,
)  # fmt: skip


def codes(card: Card, around: Around | None = None) -> set[str]:
    return {one.code for one in lint(card, around)}


@pytest.mark.parametrize("name", list(shipped_cards()))
def test_a_shipped_card_passes_once_it_has_an_owner(name: str) -> None:
    card = shipped_cards()[name]
    assert codes(card) == {"no-owner"}
    around = Around(categories=frozenset(SHIPPED), highest=DataClass.CONFIDENTIAL)
    assert lint(replace(card, owner="person_1"), around) == ()


def test_the_reference_is_the_briefs_own_sentence_with_its_thirty_minutes() -> None:
    assert (
        RFP.work
        == "Summarise incoming RFP documents and draft a structured response outline within 30 minutes of receipt"
    )
    assert RFP.minutes == 30
    assert codes(replace(RFP, minutes=45)) == {"two-numbers"}
    assert codes(replace(RFP, work=RFP.work.replace("30 minutes", "1 hour"), minutes=60)) == set()


def test_every_skill_that_a_shipped_card_names_ships() -> None:
    root = resources.files("colleague.plugins").joinpath("shipped")
    known = {skill.name for pack in root.iterdir() for skill in pack.joinpath("skills").iterdir()}
    assert {card.skill for card in shipped_cards().values()} <= known


@pytest.mark.parametrize("skill", ["", "tbd"])
def test_a_card_without_a_skill_is_noted_and_stands_in_the_way_of_nothing(skill: str) -> None:
    card = replace(RFP, skill=skill)
    found = lint(card)
    assert [(one.code, one.field, one.weighs) for one in found] == [("no-skill", "skill", "noted")]
    assert standing(card, found) == ()
    assert not is_kept(replace(card, kept="The sponsor insists."), found), "it lengthens no plan"
    assert [one.weighs for one in lint(replace(card, minutes=0, quality="It reads well"))] == [
        "refused", "flagged", "noted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "work",
    ["Help with writing", "help with writing emails for the whole team", "Please support us with marketing texts",
     "Improve the productivity of the bids team", "Use AI for the documents we get",
     "ＨＥＬＰ   with\twriting of all texts",
     "Summarise, tidy up, and so on, whatever comes in"],
)  # fmt: skip
def test_a_wish_is_refused_with_what_to_write_instead(work: str) -> None:
    found = lint(replace(RFP, work=work))
    assert [one.code for one in found] == ["vague"]
    assert "30 minutes" in found[0].instead
    assert standing(replace(RFP, kept="The board wants it."), found) == found


@pytest.mark.parametrize(
    "work",
    ["Sort support tickets by product and draft a reply to each", "List helpful clauses of a contract in a table"],
)
def test_words_that_only_sound_like_a_wish_pass(work: str) -> None:
    assert codes(replace(RFP, work=work)) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"minutes": 0}, "no-number"), ({"output": "Better writing"}, "no-output"), ({"output": "text"}, "no-output"),
     ({"owner": ""}, "no-owner"), ({"trigger": ""}, "no-trigger"), ({"trigger": "When needed."}, "no-trigger"),
     ({"trigger": "ad hoc"}, "no-trigger"), ({"input": "tbd"}, "no-input"), ({"quality": " - "}, "no-quality"),
     ({"format": "papyrus"}, "no-format"), ({"work": ""}, "no-work"), ({"work": "Do the RFPs"}, "too-short"),
     ({"category": ""}, "no-category")],
)  # fmt: skip
def test_what_is_missing_is_refused(changes: dict[str, str], code: str) -> None:
    found = lint(replace(RFP, **changes))
    assert [(one.code, one.weighs) for one in found] == [(code, "refused")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"work": "Brainstorm with the team and write a list of names for products"}, "open-ended"),
     ({"output": "A list of fresh ideas for the campaign"}, "open-ended"),
     ({"input": "Live data of the trading desk"}, "no-live-source"),
     ({"work": "Draft a memo on the current share price of three companies"}, "no-live-source"),
     ({"quality": "It reads well and feels professional"}, "subjective"),
     ({"quality": "The boss likes it"}, "subjective")],
)  # fmt: skip
def test_what_underperforms_is_flagged_and_may_be_kept_with_a_reason(changes: dict[str, str], code: str) -> None:
    card = replace(RFP, **changes)
    found = lint(card)
    assert [(one.code, one.weighs) for one in found] == [(code, "flagged")]
    assert standing(card, found) == found
    assert not is_kept(card, found)
    kept = replace(card, kept="The sponsor insists.")
    assert standing(kept, lint(kept)) == ()
    assert is_kept(kept, lint(kept))
    assert not is_kept(replace(card, kept="tbd"), found)


def test_live_data_passes_with_a_connector_that_is_enabled_and_only_then() -> None:
    card = replace(RFP, input="The latest exchange rates", connectors=("web",))
    assert codes(card, Around(enabled=frozenset({"mail"}))) == {"no-live-source"}
    assert "web" in lint(card)[0].instead
    assert codes(card, Around(enabled=frozenset({"web", "mail"}))) == set()


def test_the_organisation_counts() -> None:
    around = Around(owner_here=False, categories=frozenset({"legal_advice"}), highest=DataClass.INTERNAL)
    assert codes(RFP, around) == {"owner-gone", "no-category", "class-too-high"}


@given(CARDS)
def test_any_text_gets_an_answer_and_each_finding_says_what_to_write(card: Card) -> None:
    found = lint(card)
    assert found == lint(card)
    assert [one.weighs for one in found] == sorted((one.weighs for one in found), key=lambda w: w != "refused")
    for one in found:
        assert one.why
        assert one.instead
        assert one.field in Card.__dataclass_fields__
    assert set(standing(card, found)) <= set(found)


@given(CARDS, st.sampled_from(FIELDS), st.sampled_from(["", " ", "TBD", "n/a", "?", "—", "\u200b"]))
def test_a_field_without_an_answer_never_passes(card: Card, name: str, nothing: str) -> None:
    found = lint(replace(card, **{name: nothing}))
    assert any(one.field == name and one.weighs == "refused" for one in found)


@given(CARDS.filter(lambda card: card.minutes < 1 or card.format not in FORMATS))
def test_no_card_without_a_number_or_a_form_passes(card: Card) -> None:
    assert standing(replace(card, kept="Because."), lint(card))


@given(st.sampled_from(list(shipped_cards())), st.data())
def test_case_blanks_and_width_change_nothing(name: str, data: st.DataObject) -> None:
    card = replace(shipped_cards()[name], owner="person_1")
    field = data.draw(st.sampled_from(("work", "input", "trigger", "output", "quality")))
    text = getattr(card, field)
    spelt = data.draw(st.sampled_from((text.upper(), f"  {text}\n", text.replace(" ", "\u00a0\u2003"))))
    assert lint(replace(card, **{field: spelt})) == ()


@settings(max_examples=1, deadline=None)
@given(st.just("within " * 3000 + "help and " * 3000 + "latest a " * 3000))
def test_a_long_text_costs_little(text: str) -> None:
    begun = process_time()
    lint(Card(text, text, text, text, text, text, "docx", 5, "x", text))
    assert process_time() - begun < 2
