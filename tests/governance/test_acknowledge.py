"""People answer five questions made from the version in force; a new version asks again; work may wait (SC-3)."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.governance.conftest import Office

from colleague.governance.document.acknowledge import (
    AcknowledgeFirst,
    NothingToAcknowledge,
    VersionChanged,
    acknowledge,
    acknowledged,
    questions,
    readers,
)
from colleague.governance.document.model import Document
from colleague.identity.actor import PermissionMissing, SignInYourself
from colleague.policy.model import DataClass, Governance
from colleague.tasks.start import start

pytestmark = pytest.mark.anyio


def right(document: Document) -> dict[str, str]:
    return {q.id: q.right for q in questions(document)}


async def is_done(office: Office, who: str) -> bool:
    async with office.house.database.transaction() as session:
        return await acknowledged(session, office.person(who).id)


async def test_five_questions_come_from_the_text_and_each_has_one_right_answer(office: Office) -> None:
    first = await office.published(highest_input="internal", dispatch_ceiling="communicate")
    asked = questions(first)
    assert len({q.id for q in asked}) == 5
    for q in asked:
        assert q.right in q.options
        assert len(set(q.options)) == len(q.options) >= 2
        assert "right" not in q.to_json()
    assert asked == questions(first)
    by_id = {q.id: q.right for n in range(200) for q in questions(replace(first, owners={"use": str(n)}))}
    assert by_id["input"] == "internal"
    assert by_id["away"] == "Read and send"
    assert by_id["inside"] == "A person is asked first"
    lax = replace(first, settings={**first.settings, "highest_external": int(DataClass.RESTRICTED)})
    every = {q.id: q.right for n in range(200) for q in questions(replace(lax, owners={"use": str(n)}))}
    assert every["external"] == "confidential", "restricted never leaves, whatever the setting"


async def test_all_five_right_counts_once_and_a_wrong_try_is_on_record(office: Office) -> None:
    with pytest.raises(NothingToAcknowledge):
        await office.do(acknowledge, "ana", 1, {}, clock=office.clock)
    assert await is_done(office, "ana"), "there is nothing to acknowledge"
    first = await office.published()
    assert not await is_done(office, "ana")
    answers = right(first)
    wrong = {**answers, next(iter(answers)): "something else"}
    for given in ({}, wrong, dict.fromkeys(answers, "x")):
        assert not await office.do(acknowledge, "ana", 1, given, clock=office.clock)
    with pytest.raises(VersionChanged):
        await office.do(acknowledge, "ana", 2, answers, clock=office.clock)
    async with office.house.database.transaction() as session:
        token = replace(office.person("ana"), via="api")
        with pytest.raises(SignInYourself):
            await acknowledge(session, token, 1, answers, ledger=office.house.ledger, clock=office.clock)
    both = [office.do(acknowledge, "ana", 1, answers, clock=office.clock) for _ in range(2)]
    assert await asyncio.gather(*both) == [True, True]
    assert await is_done(office, "ana")
    verbs = await office.verbs()
    assert verbs.count("governance.check_failed") == 3
    assert verbs.count("governance.document_acknowledged") == 1


async def test_a_new_version_asks_again_and_the_lead_sees_who_has_not(office: Office) -> None:
    first = await office.published()
    await office.do(acknowledge, "ana", 1, right(first), clock=office.clock)
    async with office.house.database.transaction() as session:
        seen = await readers(session, office.person("owner"))
        with pytest.raises(PermissionMissing):
            await readers(session, office.person("ana"))
    assert [r.name for r in seen if r.at] == ["Ana Ruiz"]
    assert seen[-1].name == "Ana Ruiz"
    await office.published(own=[{"part": "audit", "text": "Ten years."}])
    assert not await is_done(office, "ana")


async def test_work_waits_for_it_only_where_the_document_says_so(office: Office) -> None:
    async def begin() -> Any:
        house = office.house
        return await start(office.person("ana"), "Do it.", [], parts=house.parts, settings=house.settings)

    await office.published()
    assert await begin()
    second = await office.published(require_acknowledgement=True)
    with pytest.raises(AcknowledgeFirst, match="/governance/acknowledge"):
        await begin()
    await office.do(acknowledge, "ana", 2, right(second), clock=office.clock)
    assert await begin()
    assert isinstance(await office.force(), Governance)
