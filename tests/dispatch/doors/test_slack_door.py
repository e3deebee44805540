"""Slack gets in signed, from one workspace; each event has one effect and one answer; a button decides once."""

import asyncio
import json
import random
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.dispatch.doors.conftest import BASE, MEMBER, TEAM, Knocker

from colleague.approvals.ask import ask
from colleague.approvals.tables import ApprovalRow
from colleague.channels.addresses.prefer import prefer
from colleague.connectors.connector import Preview
from colleague.dispatch.doors.answers.send import forget_answers, send_answer
from colleague.dispatch.doors.parts import AGAIN
from colleague.kit.canonical import digest
from colleague.kit.ids import new_id
from colleague.kit.queue import RUNS, Job
from colleague.policy.model import DataClass, Decision, Effect, Label, Ruling, Tier
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio

WHO = f"{TEAM}:{MEMBER}"


async def question(
    knocker: Knocker, requester: str = "ana", *, label: Label = Label(), body: str = "Dear all",
    title: str = "Send a note",
) -> ApprovalRow:  # fmt: skip
    run, call = new_id("run"), new_id("call")
    house = knocker.home.house
    async with house.database.transaction() as session:
        id_ = await ask(
            session, run=run, call=call, requester=knocker.home.people[requester].id, tool="fake_send",
            title="Send a note", tier=Tier.COMMUNICATE, digest=digest([run, call]),
            preview=Preview(title, (("To", "ben@aldermoor.example"),), body),
            decision=Decision(Effect.ASK, (Ruling("r", Effect.ASK, "Because."),), "user"), doubts=(), external=(),
            label=label, then=Job("tasks.resume", {"run": run}, RUNS, key=f"{run}.1", lock=run), ledger=house.ledger,
            clock=knocker.clock,
        )  # fmt: skip
        return await session.get_one(ApprovalRow, id_)


async def state_of(knocker: Knocker, row: ApprovalRow) -> str:
    async with knocker.home.house.database.transaction() as session:
        return (await session.get_one(ApprovalRow, row.id)).state


def button(knocker: Knocker, row: ApprovalRow, verdict: str = "approve", **changes: Any) -> dict[str, str]:
    payload = {
        "type": "block_actions", "team": {"id": TEAM}, "user": {"id": MEMBER},
        "response_url": f"{knocker.services.url}/actions/1",
        "actions": [{"action_id": verdict, "value": f"{row.id}:{row.digest}"}], **changes,
    }  # fmt: skip
    return {"payload": json.dumps(payload)}


async def test_a_command_is_answered_to_its_sender_only(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    answer = await knocker.slack("commands", knocker.command("brief acme"))
    assert answer.json() == {"response_type": "ephemeral", "text": "Started: a brief on Acme &amp; Co."}
    (message,) = knocker.pipeline.messages
    assert (message.channel, message.sender, message.id, message.text) == ("slack", WHO, "1.2.3", "brief acme")


async def test_strangers_hear_nothing_but_how_to_be_bound(knocker: Knocker) -> None:
    answer = await knocker.slack("commands", knocker.command("brief acme"))
    assert (answer.status_code, answer.text) == (200, "")
    words = (await knocker.slack("commands", knocker.command(" Link "))).json()["text"]
    assert f"{BASE}/dispatch/channels?kind=slack&amp;address={TEAM}%3A{MEMBER}" in words
    await knocker.bind("slack", WHO)
    assert "bound already" in (await knocker.slack("commands", knocker.command("link"))).json()["text"]


async def test_another_workspace_is_not_heard_although_it_is_signed(knocker: Knocker) -> None:
    await knocker.bind("slack", f"T99999999:{MEMBER}")
    for door, body in (
        ("commands", knocker.command("link", team_id="T99999999")),
        ("events", {**knocker.event("brief acme"), "team_id": "T99999999"}),
        ("events", knocker.event("brief acme", user_team="T99999999")),
    ):  # fmt: skip
        answer = await knocker.slack(door, body)
        assert (answer.status_code, answer.text) == (200, "")
    assert knocker.pipeline.calls == 0
    facts = (await knocker.entries("dispatch_door.refused"))[0]
    assert facts["code"] == "AnotherWorkspace"
    assert MEMBER not in json.dumps(facts)


async def test_what_is_unsigned_or_old_stays_outside(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    body = knocker.command("brief acme")
    stamp = str(int((knocker.clock.now() - timedelta(minutes=6)).timestamp()))
    for headers in (
        {"X_Slack_Signature": "v0=" + "0" * 64}, {"X_Slack_Request_Timestamp": stamp}, {"X_Slack_Signature": ""},
    ):  # fmt: skip
        for door in ("commands", "events", "interactions"):
            assert (await knocker.slack(door, body, **headers)).status_code in (403, 503)
    assert knocker.pipeline.calls == 0
    assert (await knocker.entries("dispatch_door.refused"))[0]["code"] == "BadSlackSignature"


async def test_the_address_is_confirmed_to_slack(knocker: Knocker) -> None:
    answer = await knocker.slack("events", {"type": "url_verification", "challenge": "3eZbrw1aB"})
    assert answer.text == "3eZbrw1aB"
    assert answer.headers["content-type"].startswith("text/plain")


async def test_an_event_repeated_has_one_effect_and_one_answer(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    event = knocker.event("brief acme", type="app_mention", channel="C01234567", ts="1700000000.0001")
    tries = [knocker.slack("events", event, X_Slack_Retry_Num=str(n)) for n in range(5)]
    assert {a.status_code for a in await asyncio.gather(*tries)} == {200}
    assert len(knocker.pipeline.messages) == 1
    (row,) = await knocker.answers()
    # A channel has readers whom the answer is not for: it goes to the person alone.
    assert (row.channel, row.to, row.about) == ("slack", MEMBER, {"thread": ""})
    house, workspace = knocker.home.house, knocker.doors.slack
    assert workspace is not None
    for _ in range(3):
        await send_answer(
            row.id, database=house.database, senders={"slack": workspace.say}, ledger=house.ledger, clock=knocker.clock
        )
    assert knocker.services.bodies("/api/conversations.open") == [{"users": MEMBER}]
    (sent,) = knocker.services.bodies("/api/chat.postMessage")
    assert (sent["channel"], "thread_ts" in sent) == ("D1", False)
    assert sent["text"] == "Started: a brief on Acme &amp; Co."
    (row,) = await knocker.answers()
    assert (row.state, row.text) == ("sent", "")


async def test_an_event_that_could_not_be_taken_is_sent_again_by_slack(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    knocker.pipeline.broken = True
    assert (await knocker.slack("events", knocker.event("brief acme"))).status_code == 503
    assert (await knocker.slack("commands", knocker.command("x"))).json()["text"] == AGAIN
    knocker.pipeline.broken = False
    assert (await knocker.slack("events", knocker.event("brief acme"), X_Slack_Retry_Num="1")).status_code == 200
    assert len(knocker.pipeline.messages) == 1


async def test_an_answer_whose_sending_was_cut_off_is_not_sent_again(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    await knocker.slack("events", knocker.event("brief acme"))
    (row,) = await knocker.answers()
    house = knocker.home.house

    async def killed(to: str, text: str, about: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await send_answer(
            row.id, database=house.database, senders={"slack": killed}, ledger=house.ledger, clock=knocker.clock
        )
    for _ in range(2):
        await send_answer(
            row.id, database=house.database, senders={"slack": killed}, ledger=house.ledger, clock=knocker.clock
        )
    (row,) = await knocker.answers()
    assert row.state == "unknown"
    assert (await knocker.entries("dispatch_answer.ended"))[0]["state"] == "unknown"


async def test_ended_answers_are_forgotten_after_a_month(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    house, workspace = knocker.home.house, knocker.doors.slack
    assert workspace is not None
    for number in range(2):
        await knocker.slack("events", knocker.event("brief acme", id_=f"Ev{number}"))
    sent, _ = await knocker.answers()
    await send_answer(
        sent.id, database=house.database, senders={"slack": workspace.say}, ledger=house.ledger, clock=knocker.clock
    )
    for days, left in ((29, 2), (2, 1)):
        knocker.clock.advance(days=days)
        async with house.database.transaction() as session:
            await forget_answers(session, clock=knocker.clock)
        assert len(await knocker.answers()) == left
    assert (await knocker.answers())[0].state == "waiting"


async def test_a_button_decides_once_as_its_person(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    row = await question(knocker)
    assert (await knocker.slack("interactions", button(knocker, row))).status_code == 200
    assert await state_of(knocker, row) == "approved"
    facts = (await knocker.entries("approval.approved"))[0]
    assert (facts["via"], facts["own"]) == ("dispatch", True)
    (said,) = knocker.services.bodies("/actions/1")
    assert said["replace_original"] is True
    assert said["text"].startswith("Approved by Ana Ruiz at ")
    await knocker.slack("interactions", button(knocker, row, "deny"))
    assert await state_of(knocker, row) == "approved"
    assert knocker.services.bodies("/actions/1")[1]["text"].startswith("Already approved by Ana Ruiz")


async def test_two_taps_at_once_are_one_decision(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    row = await question(knocker)
    await asyncio.gather(
        *(knocker.slack("interactions", button(knocker, row, v)) for v in ("approve", "deny", "approve"))
    )
    assert len(await knocker.entries("approval.approved")) + len(await knocker.entries("approval.denied")) == 1
    texts = [said["text"] for said in knocker.services.bodies("/actions/1")]
    assert sum(text.startswith("Already") for text in texts) == 2


async def test_a_button_of_somebody_else_decides_nothing(knocker: Knocker) -> None:
    row = await question(knocker)
    await knocker.slack("interactions", button(knocker, row))
    assert knocker.services.asked[-1][0] == "/api/auth.test"
    assert (await knocker.entries("dispatch_door.refused"))[0]["code"] == "UnknownSender"
    await knocker.bind("slack", WHO, "ben")
    await knocker.slack("interactions", button(knocker, row))
    assert await state_of(knocker, row) == "asked"
    (said,) = knocker.services.bodies("/actions/1")
    assert said["replace_original"] is False


async def test_a_button_that_shows_something_else_decides_nothing(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    row = await question(knocker)
    other = [{"action_id": "approve", "value": f"{row.id}:{'0' * 64}"}]
    await knocker.slack("interactions", button(knocker, row, actions=other))
    assert await state_of(knocker, row) == "asked"
    assert "changed since you looked" in knocker.services.bodies("/actions/1")[0]["text"]


async def test_a_button_is_answered_at_slack_only(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    row = await question(knocker)
    away = await knocker.slack("interactions", button(knocker, row, response_url="https://evil.example/x"))
    assert away.status_code == 200
    assert await state_of(knocker, row) == "approved"


async def told(knocker: Knocker, row: ApprovalRow, who: str = "ana") -> dict[str, Any]:
    """Tell `who` of the question as reminders do, and return what Slack got."""
    house = knocker.home.house
    actor = knocker.home.people[who]
    async with house.database.transaction() as session:
        await prefer(session, actor, "slack", carries=True, channels=house.channels, ledger=house.ledger)
        await house.parts.tell(session, actor.id, "Needs you", "x", f"/approvals/{row.id}")
    await work(house, queue="deliveries")
    found: dict[str, Any] = knocker.services.bodies("/api/chat.postMessage")[-1]
    return found


async def test_the_buttons_stand_under_all_that_will_happen_and_work(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    row = await question(knocker, body="Dear <!channel> all, " + "word " * 1000)
    blocks = (await told(knocker, row))["blocks"]
    shown = "".join(b["text"]["text"] for b in blocks if b["type"] in ("header", "section"))
    assert "Send a note" in shown
    assert "To: ben@aldermoor.example" in shown
    assert shown.count("word") == 1000
    assert {b["text"]["type"] for b in blocks if "text" in b} == {"plain_text"}
    pressed = [{"action_id": e["action_id"], "value": e["value"]} for e in blocks[-1]["elements"] if "value" in e]
    await knocker.slack("interactions", button(knocker, row, actions=pressed[1:]))
    assert await state_of(knocker, row) == "denied"


@pytest.mark.parametrize(
    "changes",
    [
        {"label": Label(data_class=DataClass.CONFIDENTIAL)}, {"label": Label(categories=frozenset({"health"}))},
        {"body": "x" * 30_000}, {"title": "x" * 200},
    ],
)  # fmt: skip
async def test_what_is_no_thing_for_a_chat_is_a_link(knocker: Knocker, changes: dict[str, Any]) -> None:
    await knocker.bind("slack", WHO)
    row = await question(knocker, **changes)
    sent = await told(knocker, row)
    assert "blocks" not in sent
    assert sent["text"] == f"Needs you\n{BASE}/approvals/{row.id}"


async def test_who_may_not_answer_gets_no_buttons(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO, "ben")
    row = await question(knocker)
    assert "blocks" not in await told(knocker, row, "ben")


@pytest.mark.slow
async def test_thousands_of_mangled_requests_break_nothing(knocker: Knocker) -> None:
    """Signed as they are, so that they get past the signature."""
    await knocker.bind("slack", WHO)
    dice = random.Random(7)
    row = await question(knocker)
    good = [
        ("commands", urlencode(knocker.command("brief acme")).encode()),
        ("events", json.dumps(knocker.event("brief acme")).encode()),
        ("interactions", urlencode(button(knocker, row, "deny")).encode()),
    ]  # fmt: skip
    for _ in range(5000):
        door, body = dice.choice(good)
        mangled = bytearray(body)
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(mangled))
            match dice.randint(0, 3):
                case 0:
                    mangled[at] = dice.randrange(256)
                case 1:
                    del mangled[at : at + dice.randint(1, 40)]
                case 2:
                    mangled[at:at] = dice.choice([b"\x00", b"\\ud800", b"%00", b"null", b"[" * 50, b"&", b'"', b"%FF"])
                case _:
                    mangled[at:at] = mangled[: dice.randint(0, 60)]
            mangled = mangled or bytearray(b"x")
        answer = await knocker.slack(dice.choice([door, dice.choice(good)[0]]), bytes(mangled))
        assert answer.status_code in (200, 403, 422, 503), (answer.status_code, bytes(mangled))
    assert {m.sender for m in knocker.pipeline.messages} <= {WHO} | {
        m.sender for m in knocker.pipeline.messages if m.sender.startswith(f"{TEAM}:")
    }


async def test_a_guest_from_another_workspace_presses_no_button(knocker: Knocker) -> None:
    await knocker.bind("slack", WHO)
    action = {"type": "button", "action_id": "approve", "value": f"ask_{'1' * 20}:{'0' * 64}"}
    payload = {
        "type": "block_actions", "team": {"id": TEAM}, "user": {"id": MEMBER, "team_id": "T0THERONE"},
        "actions": [action], "response_url": f"{knocker.services.url}/actions/1",
    }  # fmt: skip
    assert (await knocker.slack("interactions", {"payload": json.dumps(payload)})).status_code == 200
    assert knocker.services.paths().count("/actions/1") == 0
    assert (await knocker.entries("dispatch_door.refused"))[-1]["code"] == "AnotherWorkspace"
