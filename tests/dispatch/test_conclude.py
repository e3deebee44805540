"""The record of a message ends with what came out and whether a person reviewed it; no field is empty (DI-11)."""

import pytest
from tests.dispatch.conftest import Away
from tests.tasks.test_delete import look

from colleague.agent.messages import Turn
from colleague.dispatch.receive.conclude import conclude
from colleague.dispatch.receive.forget import forget_lists
from colleague.tasks.keeping.delete import delete_task
from colleague.testing.llm import call

pytestmark = pytest.mark.anyio
SIX = ("trigger_timestamp", "user", "content_hash", "action", "output", "review")
WRITE = call("write_document", name="offer", format="docx", title="Offer", category="client_proposal",
             blocks=[{"kind": "paragraph", "text": "The price is 420."}])  # fmt: skip


async def ended(away: Away) -> int:
    return await conclude(parts=away.house.dispatch)


async def test_a_task_with_an_output_of_high_stakes_waits_for_its_review_on_record(away: Away) -> None:
    away.llm.play(WRITE)
    await away.say("brief Harbour City")
    assert await ended(away) == 0
    await away.work()
    assert await ended(away) == 1
    assert await ended(away) == 0
    (row,) = await away.rows()
    assert row.state == "finished"
    assert "version 1" in row.output
    assert "waits for its review" in row.review
    (entry,) = await away.entries("dispatch.finished")
    assert all(entry["data"][name] for name in SIX)
    assert "offer" not in str(entry["data"])


async def test_without_an_output_it_says_so_and_a_review_is_not_applicable(away: Away) -> None:
    await away.say("brief Harbour City")
    await away.work()
    await ended(away)
    (row,) = await away.rows()
    assert (row.output, row.review) == ("answered in its task", "n/a")


async def test_a_deleted_task_ends_its_record_too(away: Away) -> None:
    reply = await away.say("brief Harbour City")
    await away.work()
    async with away.house.database.transaction() as session:
        await delete_task(
            session, away.home.people["ana"], reply.task, sure=True, ledger=away.house.ledger, clock=away.clock
        )
    assert await ended(away) == 1
    (row,) = await away.rows()
    assert (row.state, row.output) == ("finished", "deleted with its task")


async def test_what_a_person_decided_on_the_way_is_on_record(away: Away) -> None:
    await away.govern(dispatch_ceiling="communicate", phase="expansion")
    await away.switch_on("tell")
    away.llm.play(call("fake_send", to="ben@aldermoor.example", text="Out."))
    await away.say("tell ben that the offer is out")
    await away.work()
    assert await ended(away) == 0
    number = (await away.say("approvals")).text.split("«approve ")[1][:6]
    await away.say(f"approve {number}")
    await away.work()
    assert await ended(away) == 1
    assert [row.review for row in await away.rows() if row.state == "finished"] == ["1 approved"]


async def test_nothing_said_of_a_deleted_task_from_away_is_left(away: Away) -> None:
    word, more = "quetzalcanary", {"ledger": away.house.ledger, "clock": away.clock}
    await away.govern(dispatch_ceiling="communicate", phase="expansion")
    await away.switch_on("tell")
    send = call("fake_send", to="ben@aldermoor.example", text=f"Out: {word}.")
    away.llm.play(call("ask_person", question="Which?"), send, Turn("Done."))
    task = (await away.say(f"tell ben that the {word} is out")).task
    await away.work()
    await away.say(f"answer the {word}")
    await away.work()
    number = (await away.say("approvals")).text.split("«approve ")[1][:6]
    await away.say(f"deny {number} no {word}")
    await away.work()
    # Of two tasks at once: such an answer belongs to neither.
    away.llm.play(Turn("Done."))
    other = (await away.say(f"brief {word}")).task
    await away.work()
    assert word in (await away.say("status")).text
    async with away.house.database.transaction() as session:
        for one in (task, other):
            await delete_task(session, away.home.people["ana"], one, sure=True, **more)
    away.clock.advance(days=1, seconds=1)
    assert await forget_lists(parts=away.house.dispatch) == 1
    assert await forget_lists(parts=away.house.dispatch) == 0
    assert await look(away.home, word) == []
