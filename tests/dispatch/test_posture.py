"""The posture names a pilot with too few commands, and commands that are refused each time."""

import pytest
from tests.dispatch.conftest import Away

from colleague.dispatch.triggers.define import switch_off_trigger
from colleague.dispatch.triggers.posture import of_triggers
from colleague.dispatch.triggers.store import list_triggers

pytestmark = pytest.mark.anyio


async def found(away: Away) -> list[tuple[str, str]]:
    async with away.house.database.transaction() as session:
        return [(f.check, f.words) for f in await of_triggers(session) if f.state == "deviation"]


async def test_a_pilot_works_with_five_to_ten(away: Away) -> None:
    assert await found(away) == []
    async with away.house.database.transaction() as session:
        for trigger in (await list_triggers(session, state="active"))[:4]:
            await switch_off_trigger(session, away.home.people["owner"], trigger.id, ledger=away.house.ledger)
    assert await found(away) == [("triggers-number", "4 are on; a pilot works with five to ten.")]
    await away.govern(phase="expansion")
    assert await found(away) == []


async def test_a_trigger_above_what_is_allowed_now_is_named(away: Away) -> None:
    await away.govern(dispatch_ceiling="communicate", phase="expansion")
    await away.switch_on("tell")
    assert await found(away) == []
    await away.govern(dispatch_ceiling="read")
    assert [check for check, _ in await found(away)] == ["triggers-phase"]


async def test_an_answer_into_a_document_is_asked_for_in_the_goal(away: Away) -> None:
    reply = await away.say("brief Harbour City @document")
    content = await away.content(reply.message)
    assert content.plan is not None
    assert content.plan["delivery"] == "document"
    assert content.plan["goal"].endswith("docx document, and say in the answer what it holds.")
