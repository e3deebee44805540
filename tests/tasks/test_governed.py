"""Every call passes one door: decided, on record, asked about if need be, done once; every refusal is in words."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from colleague.agent.messages import Call, Turn
from colleague.approvals.answer import AlreadyDecided, ApprovalNotFound, NotAsShown, NotYoursToAnswer, answer
from colleague.approvals.expire import expire
from colleague.connectors.grants import revoke
from colleague.connectors.tiers import decide_tool
from colleague.tasks.delegate import stop
from colleague.tasks.tables import CallRow
from colleague.testing.house import agreed
from colleague.testing.llm import call, last_outcome

pytestmark = pytest.mark.anyio
DANA = "dana@aldermoor.example"
SEND = call("fake_send", to=DANA, text="Hello")


async def test_what_merely_reads_is_done_and_stands_on_record_first(desk: Any) -> None:
    task = await desk.run(call("fake_read", shelf="bids", note="price"), Turn("It is 420."))
    view = await desk.see(task)
    assert (view.run.state, view.run.answer, view.run.partial) == ("completed", "It is 420.", False)
    assert await desk.outcomes(task) == ["The price is 420."]
    verbs = await desk.verbs(task)
    assert verbs.index("call.decided") < verbs.index("call.completed") < verbs.index("run.completed")
    assert view.calls[0].intended_at is not None


async def test_a_mail_is_asked_about_and_sent_exactly_once(desk: Any) -> None:
    task = await desk.run(SEND, Turn("Sent."))
    assert await desk.state(task) == "needs approval"
    assert not desk.fake.calls
    assert await desk.work() == 0
    await desk.answer(task, "approved")
    assert await desk.work() == 1
    assert await desk.state(task) == "completed"
    assert [e[2]["to"] for e in desk.fake.effects] == [DANA]
    verbs = await desk.verbs(task)
    assert verbs.count("approval.used") == 1
    assert verbs.index("approval.used") < verbs.index("call.completed")


async def test_a_denial_is_read_by_the_model_which_goes_on(desk: Any) -> None:
    def react(messages: Any, tools: Any) -> Turn:
        return Turn(f"I heard: {last_outcome(messages, 'fake_send').text}")

    task = await desk.run(SEND, react)
    await desk.answer(task, "denied", reason="Not before Friday")
    await desk.work()
    view = await desk.see(task)
    assert view.run.state == "completed"
    assert view.run.answer == "I heard: A person denied this: Not before Friday. Do not try it again."
    assert not desk.fake.calls
    assert view.calls[0].state == "refused"


async def test_an_expired_question_is_no_denial(desk: Any) -> None:
    task = await desk.run(SEND, Turn("Nobody answered."))
    desk.clock.advance(days=8)
    assert (
        await expire(desk.house.database, tell=desk.house.parts.tell, ledger=desk.house.ledger, clock=desk.clock) == 1
    )
    await desk.work()
    assert await desk.state(task) == "completed"
    (told,) = await desk.outcomes(task)
    assert told == "Nobody answered in time: this was not done, and it was not denied either."
    assert not desk.fake.calls


async def test_a_stopped_task_withdraws_its_question(desk: Any) -> None:
    task = await desk.run(SEND)
    async with desk.house.database.transaction() as session:
        await stop(session, desk.home.people["ana"], task, ledger=desk.house.ledger, clock=desk.clock)
    assert (await desk.asked(task)).state == "withdrawn"
    with pytest.raises(Exception, match="withdrawn"):
        await desk.answer(task, "approved")
    assert await desk.work() == 0
    assert await desk.state(task) == "stopped"
    assert not desk.fake.calls


async def _revoke(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        await revoke(session, desk.home.people["owner"], desk.grant, ledger=desk.house.ledger, clock=desk.clock)


async def _block(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        await decide_tool(
            session, desk.home.people["owner"], desk.house.registry, "fake_send", "blocked",
            ledger=desk.house.ledger, clock=desk.clock,
        )  # fmt: skip


async def _change_tool(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        await session.execute(text('UPDATE runs SET tools = tools || \'{"fake_send": "another"}\''))


async def _edit_arguments(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        edited = '{"to": "eve@evil.example", "text": "Hello"}'
        await session.execute(text("UPDATE calls SET arguments = CAST(:edited AS jsonb)"), {"edited": edited})


async def _tighten_policy(desk: Any) -> None:
    head = '@id("no-notes") @why("No notes in March.") forbid (principal, action == Action::"call", resource)'
    desk.house.engine.__init__(head + " when { context.tier == 2 };")


async def _spoil_governance(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        await session.execute(text("UPDATE governance_versions SET settings = settings || '{\"nonsense\": 1}'"))


@pytest.mark.parametrize(
    ("meanwhile", "word"),
    [
        (_revoke, "«fake_send» could be used when this task began"),
        (_block, "not approved"),
        (_change_tool, "changed since"),
        (_edit_arguments, "not what would happen now"),
        (_tighten_policy, "No notes in March"),
        (_spoil_governance, "settings cannot be read"),
    ],
)
async def test_approved_but_meanwhile_not_right_any_more(desk: Any, meanwhile: Callable[[Any], Any], word: str) -> None:
    task = await desk.run(SEND, Turn("Then not."))
    await desk.answer(task, "approved")
    await meanwhile(desk)
    await desk.work()
    (told,) = await desk.outcomes(task)
    assert told.startswith("Refused although it was approved: ")
    assert word in told
    assert not desk.fake.calls
    # Nothing goes on while what everybody may do cannot be read.
    assert await desk.state(task) == ("blocked" if meanwhile is _spoil_governance else "completed")
    assert "approval.used" not in await desk.verbs(task)


async def test_an_answer_counts_once_by_the_right_person_about_what_was_shown(desk: Any) -> None:
    task = await desk.run(SEND, Turn("Sent."))
    row = await desk.asked(task)

    async def give(who: str, digest: str) -> None:
        async with desk.house.database.transaction() as session:
            await answer(
                session, desk.home.people[who], row.id, "approved", digest=digest, ledger=desk.house.ledger,
                clock=desk.clock,
            )  # fmt: skip

    with pytest.raises((NotYoursToAnswer, ApprovalNotFound)):
        await give("ben", row.digest)
    with pytest.raises(NotAsShown):
        await give("ana", "0" * 64)
    await give("ana", row.digest)
    with pytest.raises(AlreadyDecided):
        await give("ana", row.digest)
    await desk.work()
    assert len(desk.fake.effects) == 1


async def test_what_is_not_permitted_is_refused_with_the_reason_and_the_run_goes_on(desk: Any) -> None:
    await _block(desk)
    task = await desk.run(SEND, Turn("I could not."))
    (told,) = await desk.outcomes(task)
    assert told.startswith("Refused: This tool is not approved")
    assert "administrator" in told
    assert (await desk.see(task)).run.answer == "I could not."
    assert not desk.fake.calls


DEEP: Any = "x"
for _ in range(3000):
    DEEP = [DEEP]

BAD_ARGUMENTS = {
    "unknown argument": ({"to": DANA, "text": "a", "bcc": "x"}, "bcc"),
    "missing argument": ({"to": DANA}, "'text' is a required property"),
    "wrong type": ({"to": 7, "text": "a"}, "to: 7 is not of type 'string'"),
    "too long": ({"to": DANA, "text": "a" * 20_000}, "is too long"),
    "NUL": ({"to": DANA, "text": "a\x00b"}, "NUL"),
    "NUL in a name": ({"to": DANA, "te\x00xt": "b"}, "NUL"),
    "lone surrogate": ({"to": DANA, "text": "\ud800"}, "not proper JSON"),
    "not a number": ({"to": DANA, "text": float("nan")}, "not proper JSON"),
    "endless number": ({"to": DANA, "text": 10**5000}, "not proper JSON"),
    "2 MB": ({"to": DANA, "text": "a" * 2_100_000}, "longer than 2 MB"),
    "a million items": ({"to": [""] * 2_100_000, "text": "b"}, "longer than 2 MB"),
    "endless nesting": ({"to": DANA, "text": DEEP}, "nested too deeply"),
    "no object": (["to"], "not a JSON object"),
    "nothing": (None, "not a JSON object"),
    "unreadable": ({"_unreadable": '{"to": '}, "_unreadable"),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
async def test_malformed_arguments_come_back_as_an_error_the_model_can_correct(desk: Any, name: str) -> None:
    arguments, word = BAD_ARGUMENTS[name]
    task = await desk.run(Turn(calls=(Call("x", "fake_send", arguments),)), SEND, Turn("Sent."))
    (told,) = await desk.outcomes(task)
    assert told.startswith("The arguments do not fit: ")
    assert word in told
    await desk.answer(task, "approved")
    await desk.work()
    assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 1


@pytest.mark.parametrize("tool", ["rm_rf", "", "fake_send\x00", "x" * 5000, "__class__", "\ud83d"])
async def test_an_unknown_tool_is_refused_by_name(desk: Any, tool: str) -> None:
    task = await desk.run(Turn(calls=(Call("x", tool, {}),)), Turn("Well."))
    (told,) = await desk.outcomes(task)
    assert told.startswith(("There is no tool «", "The arguments do not fit"))
    assert len(told) < 400
    assert await desk.state(task) == "completed"


async def test_doubled_call_ids_are_two_calls(desk: Any) -> None:
    twice = Turn(calls=(Call("same", "fake_read", {"shelf": "bids", "note": "plan"}),
                        Call("same", "fake_read", {"shelf": "bids", "note": "price"})))  # fmt: skip
    task = await desk.run(twice, twice, Turn("Read."))
    assert await desk.outcomes(task) == [*desk.fake.shelves["bids"].values()] * 2
    ids = [c.model_call_id for c in (await desk.see(task)).calls]
    assert len(set(ids)) == 4


async def test_a_connector_that_breaks_while_it_is_asked_about_the_call_refuses_it(desk: Any) -> None:
    class Broken(type(desk.fake)):  # type: ignore[misc]
        def recipients(self, tool: str, arguments: Any) -> tuple[str, ...]:
            raise KeyError("boom")

    desk.fake.__class__ = Broken
    task = await desk.run(SEND, Turn("Then not."))
    (told,) = await desk.outcomes(task)
    assert "could not be checked" in told
    assert not desk.fake.calls


async def test_a_card_that_cannot_be_shown_is_not_asked_about(desk: Any) -> None:
    class Broken(type(desk.fake)):  # type: ignore[misc]
        def preview(self, tool: str, arguments: Any, access: Any) -> Any:
            raise ValueError("boom")

    desk.fake.__class__ = Broken
    task = await desk.run(SEND, Turn("Then not."))
    (told,) = await desk.outcomes(task)
    assert "could not be checked" in told
    assert await desk.state(task) == "completed"


async def test_what_a_tool_gives_is_made_storable(desk: Any) -> None:
    desk.fake.shelves["bids"]["odd"] = "a\x00b\ud800c" + "z" * 500_000
    task = await desk.run(call("fake_read", shelf="bids", note="odd"), Turn("Read."))
    (told,) = await desk.outcomes(task)
    assert told.startswith("ab?c")
    assert "more characters were cut" in told
    assert await desk.state(task) == "completed"


async def test_mail_inside_goes_unasked_where_the_organisation_says_so(desk: Any) -> None:
    async with desk.house.database.transaction() as session:
        await agreed(
            session, desk.home.people["owner"], {"confirm_internal": False}, ledger=desk.house.ledger, clock=desk.clock
        )
    task = await desk.run(SEND, Turn("Sent."), goal=f"Say hello to {DANA}")
    assert await desk.state(task) == "completed"
    assert len(desk.fake.effects) == 1


async def test_a_tool_cannot_vouch_for_what_the_model_chose(desk: Any) -> None:
    """«Written: eve@evil.md» is no source that names Eve's address."""
    write = call("write_document", name="eve@evil.md", format="md", title="T", blocks=[{"kind": "note", "text": "x"}])
    task = await desk.run(write, call("fake_send", to="eve@evil.md", text="hi"))
    assert "eve@evil.md" in (await desk.outcomes(task))[0]
    doubts = (await desk.asked(task)).why["doubts"]
    assert [d["value"] for d in doubts] == ["eve@evil.md"]


async def test_the_record_of_a_call_holds_hashes_not_content(desk: Any) -> None:
    task = await desk.run(call("fake_send", to=DANA, text="The secret is 7715."), Turn("ok"))
    await desk.answer(task, "approved")
    await desk.work()
    async with desk.house.database.transaction() as session:
        bodies = "".join(await session.scalars(text("SELECT body FROM ledger_entries")))
    assert "7715" not in bodies
    row: CallRow = (await desk.see(task)).calls[0]
    assert row.arguments["text"] == "The secret is 7715."
