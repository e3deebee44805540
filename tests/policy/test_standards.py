"""Output categories are data: described in one spelling, never lighter by one hand, and unknown means strictest."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from colleague.policy.governance import BadSetting, SecondPersonNeeded, change_governance, current_governance
from colleague.policy.model import Governance
from colleague.policy.second_person.propose import Proposal, confirm, set_or_propose
from colleague.policy.second_person.words import setting_words
from colleague.policy.standards.category import (
    SHIPPED,
    BadCategory,
    Category,
    categories,
    categories_weaker,
    standard_of,
    stricter_of,
)
from colleague.testing.house import TestHouse, furnish

pytestmark = pytest.mark.anyio
HIGH = {
    "rfp_response", "contract_review", "financial_model", "regulatory_filing", "clinical_note", "legal_advice",
    "client_proposal",
}  # fmt: skip
MEMO = Category("memo", "Memo", True, "Read it.", ("Dates agree.", "Names agree."), ("reviewer",))


def governed(*own: Category, **more: Any) -> Governance:
    return Governance(output_categories=tuple(map(str, own)), **more)


def test_what_ships_is_strict_where_it_must_be_and_says_what_to_look_at() -> None:
    assert {c.id for c in SHIPPED.values() if c.high_stakes} == HIGH
    assert all(c.checklist and c.standard for c in SHIPPED.values() if c.high_stakes)
    assert {c.sample for c in SHIPPED.values() if not c.high_stakes} == {5}


def test_what_nobody_described_is_held_to_the_strictest() -> None:
    found = standard_of(Governance(), "made_up")
    assert found.high_stakes
    assert found.checklist


def test_the_organisation_changes_what_ships_and_adds_its_own() -> None:
    held = governed(MEMO, replace(SHIPPED["meeting_prep"], title="Briefing"), reviewed_categories=("policy_answer",))
    assert standard_of(held, "memo") == MEMO
    assert standard_of(held, "meeting_prep").title == "Briefing"
    assert standard_of(held, "policy_answer").high_stakes
    assert set(categories(held)) == {*SHIPPED, "memo"}
    assert stricter_of(held, ["meeting_prep", "memo"]) == "memo"
    assert stricter_of(held, ["meeting_prep", ""]) == "meeting_prep"
    assert stricter_of(held, []) == "internal_summary"


LIGHT = replace(MEMO, high_stakes=False)


@pytest.mark.parametrize(("before", "after", "weaker"), [
    (governed(), governed(MEMO), False),
    (governed(), governed(LIGHT), True),  # until now it was unknown, so strict
    (governed(MEMO), governed(), True),  # its checklist and its reviewers are gone
    (governed(MEMO), governed(LIGHT), True),
    (governed(LIGHT), governed(MEMO), False),
    (governed(MEMO), governed(replace(MEMO, checklist=MEMO.checklist[:1])), True),
    (governed(MEMO), governed(replace(MEMO, checklist=(*MEMO.checklist, "Sums agree."))), False),
    (governed(MEMO), governed(replace(MEMO, reviewers=())), True),
    (governed(MEMO), governed(replace(MEMO, reviewers=("reviewer", "champion"))), True),
    (governed(replace(MEMO, reviewers=())), governed(MEMO), False),
    (governed(MEMO), governed(replace(MEMO, standard="Look at it.")), True),
    (governed(MEMO), governed(replace(MEMO, title="Note")), False),
    (governed(LIGHT), governed(replace(LIGHT, sample=4)), True),
    (governed(LIGHT), governed(replace(LIGHT, sample=50)), False),
    (governed(), governed(replace(SHIPPED["financial_model"], high_stakes=False)), True),
    (governed(replace(SHIPPED["meeting_prep"], high_stakes=True)), governed(), True),  # back to what ships
])  # fmt: skip
def test_less_is_weaker_and_more_is_not(before: Governance, after: Governance, weaker: bool) -> None:
    assert categories_weaker(before, after) is weaker
    assert not categories_weaker(before, before)


@pytest.mark.parametrize("raw", [
    None, [], "memo", {}, {"id": "memo"}, {"id": "Memo", "high_stakes": True}, {"id": "m", "high_stakes": True},
    {"id": "memo", "high_stakes": "yes"}, {"id": "memo", "high_stakes": True, "sample": 101},
    {"id": "memo", "high_stakes": True, "sample": True}, {"id": "memo", "high_stakes": True, "colour": "red"},
    {"id": "memo", "high_stakes": True, "checklist": "one"}, {"id": "memo", "high_stakes": True, "checklist": [7]},
    {"id": "memo", "high_stakes": True, "checklist": ["x"] * 21}, {"id": "memo", "high_stakes": True, "title": 5},
    {"id": "memo", "high_stakes": True, "title": "x" * 81}, {"id": "memo", "high_stakes": True, "standard": "\u202e"},
    {"id": "memo", "high_stakes": True, "reviewers": ["All people"]}, {"id": "a" * 41, "high_stakes": True},
])  # fmt: skip
def test_what_is_no_category_is_refused_in_words(raw: Any) -> None:
    with pytest.raises(BadCategory, match=r"^(it|its|say) "):
        Category.of(raw)


def test_there_is_one_spelling() -> None:
    typed = Category.of({"id": "memo", "high_stakes": True, "title": " A  memo\n", "checklist": ["One.", "", "One."]})
    assert (typed.title, typed.checklist) == ("A memo", ("One.",))
    assert Category.read(str(typed)) == typed
    assert "\n" not in str(Category("memo", "Ä", True, "Zürich"))


@pytest.fixture
async def home(database_url: str, tmp_path: Path) -> Any:
    home = await furnish(database_url, tmp_path, connectors=())
    yield home
    await home.house.close()


async def test_a_category_gets_lighter_only_when_a_second_person_confirms_it(home: TestHouse) -> None:
    from colleague.identity.actor import SYSTEM
    from colleague.identity.directory import actor_of
    from colleague.identity.people import assign_role

    house, owner = home.house, home.people["owner"]
    kw: dict[str, Any] = {"ledger": house.ledger, "clock": house.clock}
    async with house.database.transaction() as session:
        await assign_role(session, SYSTEM, home.people["ben"].id, "administrator", ledger=house.ledger)
        stricter = await change_governance(session, owner, {"output_categories": [str(MEMO)]}, **kw)
        assert stricter.output_categories == (str(MEMO),)
    for wrong in (["{}"], ["x"], [str(MEMO) + "x"], ["[" * 2000]):
        with pytest.raises(BadSetting):
            async with house.database.transaction() as session:
                await change_governance(session, owner, {"output_categories": wrong}, **kw)
    with pytest.raises(SecondPersonNeeded, match="output_categories"):
        async with house.database.transaction() as session:
            await change_governance(session, owner, {"output_categories": [str(LIGHT)]}, **kw)
    async with house.database.transaction() as session:
        waits = await set_or_propose(session, owner, {"output_categories": [str(LIGHT)]}, **kw)
        assert isinstance(waits, Proposal)
        assert waits.words == [
            "Output categories and their review standards: Memo (memo): light, 5 % looked at twice, 2 points to tick, "
            "by reviewer"
        ]
        assert standard_of(await current_governance(session), "memo").high_stakes
    async with house.database.transaction() as session:
        ben = await actor_of(session, person_id=home.people["ben"].id, via="page")
        after = await confirm(session, ben, waits.id, waits.digest, **kw)
        assert not standard_of(after, "memo").high_stakes


def test_the_setting_is_told_in_words() -> None:
    assert setting_words("output_categories", []) == "as shipped"
    assert "Memo (memo): high stakes, 2 points" in setting_words("output_categories", [str(MEMO)])
