"""What a token, a guest and somebody who was fast might try at the doors of Dispatch, and what comes of it."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from tests.dispatch.conftest import ANA, Away, bind
from tests.dispatch.doors.test_through import Street, street  # noqa: F401
from tests.dispatch.test_approving import shown, state, waiting

from colleague.dispatch.triggers.define import NotAsRead, activate_trigger, change_trigger
from colleague.dispatch.triggers.store import list_triggers
from colleague.dispatch.triggers.tables import TriggerRow, WordingRow
from colleague.identity.tokens import create_token
from colleague.policy.model import DataClass, Label
from colleague.tasks.tables import RunRow

pytestmark = pytest.mark.anyio
EVERYTHING = ("own:dispatch:use", "own:tasks:use", "own:approvals:answer")


async def token(away: Away, *permissions: str) -> dict[str, str]:
    async with away.house.database.transaction() as session:
        text = await create_token(
            session, away.home.people["ana"], "t", permissions, days=1, ledger=away.house.ledger, clock=away.clock
        )
    return {"authorization": f"Bearer {text}"}


async def told(street: Street, words: str, headers: dict[str, str]) -> Any:  # noqa: F811
    answer = await street.client.post("/api/v1/dispatch", json={"text": words}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_token_does_in_words_no_more_than_it_holds(street: Street) -> None:  # noqa: F811
    narrow = await token(street.away, "own:dispatch:use")
    for words in ("brief Harbour City", "status", "stop task"):
        reply = await told(street, words, narrow)
        assert (reply["state"], reply["task"]) == ("refused", ""), words
    # The form of the page is no way round it.
    form = {"text": "brief Harbour City"}
    await street.client.post("/dispatch", data=form, headers=narrow)
    assert await street.count() == 0
    assert (await told(street, "brief Harbour City", await token(street.away, *EVERYTHING)))["state"] == "started"


async def test_no_program_approves_by_words_whatever_it_holds(street: Street) -> None:  # noqa: F811
    away = street.away
    task = await waiting(away)
    number = await shown(away)
    every = await token(away, *EVERYTHING)
    for words in ("approvals", f"approve {number}", f"deny {number} no", f"ask {number} why"):
        reply = await told(street, words, every)
        assert reply["state"] == "refused", words
        assert number not in reply["text"]
    answer: httpx.Response = await street.client.post("/dispatch", data={"text": f"approve {number}"}, headers=every)
    assert answer.status_code == 303
    assert await state(away, task) == "needs approval"
    assert (await away.say(f"approve {number}")).text.startswith("Approved")


async def test_a_voice_note_by_text_message_gets_its_yes_by_text_message(away: Away) -> None:
    asked = await away.say("brief Harbour City", channel="voice")
    number = asked.text.split("yes ")[1][:4]
    await bind(away.home, "ana", "T1:U1", away.clock, kind="slack")
    assert (await away.say(f"yes {number}", channel="slack", sender="T1:U1")).task == ""
    assert (await away.say(f"yes {number}", sender=ANA)).task.startswith("task_")


async def test_a_second_person_switches_on_what_they_have_read(away: Away) -> None:
    people, more = away.home.people, {"ledger": away.house.ledger, "clock": away.clock}
    await away.govern(dispatch_ceiling="communicate", phase="expansion")
    async with away.house.database.transaction() as session:
        tell = next(t for t in await list_triggers(session) if t.wording.name == "tell")
        other = replace(tell.wording, goal="Send the price list to {colleague}: {message}")
        await change_trigger(session, people["owner"], tell.id, other, **more)
        for version in (None, tell.version):
            with pytest.raises(NotAsRead):
                await activate_trigger(session, people["rita"], tell.id, version=version, **more)
        on = await activate_trigger(session, people["rita"], tell.id, version=tell.version + 1, **more)
    assert on.state == "active"


async def test_the_words_of_a_confidential_task_stay_out_of_texts(away: Away) -> None:
    task = (await away.say("brief Harbour City")).task
    assert "Harbour City" in (await away.say("status")).text
    async with away.house.database.transaction() as session:
        label = Label(data_class=DataClass.CONFIDENTIAL).to_json()
        await session.execute(update(RunRow).where(RunRow.task_id == task).values(label=label))
    for words in ("status", "stop task"):
        reply = (await away.say(words)).text
        assert "Harbour City" not in reply, words
        assert f"/tasks/{task}" in reply


async def test_what_was_closed_to_somebody_while_they_were_asked_does_not_begin(away: Away) -> None:
    asked = await away.say("brief Harbour City", channel="voice")
    house = away.house
    async with house.database.transaction() as session:
        # The same version: only who she is has changed, not what the trigger says.
        row = await session.scalar(select(WordingRow).join(TriggerRow, TriggerRow.id == WordingRow.trigger_id).where(
            TriggerRow.name == "brief"))  # fmt: skip
        assert row is not None
        row.wording = row.wording | {"who": ["role:auditor"]}
    number = asked.text.split("yes ")[1][:4]
    reply = await away.say(f"yes {number}")
    assert (reply.state, reply.task) == ("refused", "")
    assert "not open to you any more" in reply.text
