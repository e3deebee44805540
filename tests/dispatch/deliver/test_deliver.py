"""A result goes to its person once, by the way they chose, no further than its class and its review allow (DI-2)."""

import asyncio
import itertools
from typing import Any

import pytest
from sqlalchemy import select, update

from colleague.agent.messages import Turn
from colleague.audit.tables import EntryRow
from colleague.channels.addresses.end import lose_phone
from colleague.channels.tables import NoticeRow
from colleague.dispatch.deliver.jobs import Carrying, deliver
from colleague.dispatch.deliver.model import TARGETS, Form, decide, shortened, target_of
from colleague.dispatch.deliver.promise import NoSuchTarget, sweep
from colleague.dispatch.deliver.tables import ResultRow
from colleague.identity.people import set_active
from colleague.kit.errors import Unavailable
from colleague.policy.model import DataClass, Label
from colleague.testing.llm import call
from colleague.testing.worker import work

pytestmark = pytest.mark.anyio
ANSWER = "The renewal is due on 3 June. " + "Northwind must be told in writing before that day. " * 12
SIGNED = "Sent by an AI agent on behalf of Ana Ruiz."


def document(category: str) -> Turn:
    return call(
        "write_document", name="Offer", format="docx", title="Offer", category=category,
        blocks=[{"kind": "paragraph", "text": "The price is 420."}],
    )  # fmt: skip


async def verbs(post: Any) -> list[str]:
    async with post.house.database.transaction() as session:
        query = select(EntryRow.verb).where(EntryRow.verb.startswith("result.")).order_by(EntryRow.id)
        return list(await session.scalars(query))


async def notices(post: Any) -> list[tuple[str, str]]:
    async with post.house.database.transaction() as session:
        rows = await session.scalars(select(NoticeRow).where(NoticeRow.person_id == post.ana).order_by(NoticeRow.id))
        return [(row.title, row.text) for row in rows]


async def test_a_text_has_the_beginning_the_link_and_who_sent_it(post: Any) -> None:
    task = await post.run(Turn(ANSWER))
    row = await post.deliver(task, "sms")
    ((to, words),) = post.messengers.texts
    summary, link, signed = words.split("\n")
    assert to == "+447911123456"
    assert len(summary) <= 300
    assert ANSWER.startswith(summary.removesuffix("…"))
    assert link == f"{post.house.settings.url}/tasks/{task}"
    assert signed == SIGNED
    assert (row.state, row.form) == ("delivered", "summary")
    assert await verbs(post) == ["result.promised", "result.begun", "result.delivered"]


async def test_a_slack_message_and_a_mail_have_the_answer(post: Any) -> None:
    task = await post.run(document("internal_summary"), Turn(ANSWER))
    await post.promise(task, "slack")
    await post.deliver(task, "email", reply_to="<m1@phone.example>")
    ((user, words),) = post.messengers.direct
    assert user == "U0ANA"
    assert ANSWER.strip() in words
    assert SIGNED in words
    (kept,) = post.mail.kept
    assert kept.recipients == ["ana@aldermoor.example"]
    mail = kept.message
    assert (mail["In-Reply-To"], mail["Auto-Submitted"]) == ("<m1@phone.example>", "auto-generated")
    assert [part.get_filename() for part in mail.iter_attachments()] == ["Offer.docx"]
    body = mail.get_body(("plain",)).get_content()
    assert "Northwind must be told" in body
    assert SIGNED in body
    assert "is a draft until you have looked at it" in body


@pytest.mark.parametrize("reply_to", ["<a@b>\r\nBcc: eve@evil.example", "nonsense", "<" + "a" * 400 + "@b>"])
async def test_what_a_mail_answers_cannot_inject_a_header(post: Any, reply_to: str) -> None:
    task = await post.run(Turn("Done."))
    await post.deliver(task, "email", reply_to=reply_to)
    (kept,) = post.mail.kept
    assert kept.recipients == ["ana@aldermoor.example"]
    assert kept.message["In-Reply-To"] is None
    assert kept.message["Bcc"] is None


@pytest.mark.parametrize("target", ["sms", "slack", "email"])
async def test_confidential_goes_as_a_link(post: Any, target: str) -> None:
    task = await post.run(document("internal_summary"), Turn(ANSWER))
    await post.rests_on(task, "confidential")
    row = await post.deliver(task, target)
    assert (row.state, row.form) == ("delivered", "link")
    words = str(post.messengers.texts + post.messengers.direct + [k.raw for k in post.mail.kept])
    assert f"/tasks/{task}" in words.replace("=\\r\\n", "")
    assert "Northwind" not in words
    assert "renewal" not in words
    assert not [part for k in post.mail.kept for part in k.message.iter_attachments()]


async def test_restricted_never_goes_into_a_text_message(post: Any) -> None:
    task = await post.run(Turn(ANSWER))
    await post.rests_on(task, "restricted")
    row = await post.deliver(task, "sms")
    assert row.state == "withheld"
    assert "restricted" in row.why
    assert post.messengers.texts == []
    assert (await notices(post))[-1][0] == "A result did not go out"
    assert "Northwind" not in str(await notices(post))


async def test_high_stakes_without_review_goes_as_a_link(post: Any) -> None:
    task = await post.run(document("contract_review"), Turn(ANSWER))
    row = await post.deliver(task, "email")
    assert (row.state, row.form) == ("delivered", "link")
    (kept,) = post.mail.kept
    assert not list(kept.message.iter_attachments())
    assert "Northwind" not in kept.message.get_content()
    assert "waits for the review" in kept.message.get_content()


async def test_it_waits_for_the_task_and_goes_once_however_often_it_is_promised(post: Any) -> None:
    post.llm.play(Turn("Done."))
    from colleague.tasks.start import start

    task = await start(
        post.home.people["ana"], "Do it.", [], parts=post.house.parts, settings=post.house.settings
    )  # fmt: skip
    assert await post.promise(task, "sms")
    assert not await post.promise(task, "sms")
    await post.work()
    assert post.messengers.texts == []
    await work(post.house)
    await asyncio.gather(*(post.work() for _ in range(3)))
    assert len(post.messengers.texts) == 1
    assert (await post.row(task, "sms")).state == "delivered"


async def test_five_workers_at_once_send_one_text(post: Any) -> None:
    task = await post.run(Turn("Done."))
    await post.promise(task, "sms")
    row = await post.row(task, "sms")
    parts = Carrying(post.house.parts, post.house.channels, post.house.settings.url)
    await asyncio.gather(*(deliver(row.id, parts=parts) for _ in range(5)))
    assert len(post.messengers.texts) <= 1
    assert (await post.row(task, "sms")).state in ("delivered", "unknown")


async def test_a_worker_that_dies_while_sending_leaves_an_unknown_and_no_second_text(post: Any) -> None:
    task = await post.run(Turn("Done."))
    await post.promise(task, "sms")
    row, arrived = await post.row(task, "sms"), asyncio.Event()
    loop = asyncio.get_running_loop()
    post.messengers.first = lambda: loop.call_soon_threadsafe(arrived.set)
    parts = Carrying(post.house.parts, post.house.channels, post.house.settings.url)
    sending = asyncio.create_task(deliver(row.id, parts=parts))
    await arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await post.row(task, "sms")).state == "sending"
    await deliver(row.id, parts=parts)
    await deliver(row.id, parts=parts)
    assert len(post.messengers.texts) == 1
    assert (await post.row(task, "sms")).state == "unknown"
    assert (await notices(post))[-1][0] == "A result may not have arrived"


async def test_what_a_killed_worker_left_is_found_by_the_sweep(post: Any) -> None:
    task = await post.run(Turn("Done."))
    await post.promise(task, "sms")
    async with post.house.database.transaction() as session:
        await session.execute(update(ResultRow).values(state="promised", run_id=""))
    async with post.house.database.transaction() as session:
        assert await sweep(session, clock=post.house.clock) == 1
    await post.work()
    async with post.house.database.transaction() as session:
        await session.execute(update(ResultRow).values(state="waiting"))
    post.house.clock.advance(minutes=3)
    for expected in (1, 0):
        async with post.house.database.transaction() as session:
            assert await sweep(session, clock=post.house.clock) == expected
    assert len(post.messengers.texts) == 1


async def test_a_phone_lost_while_a_delivery_is_under_way_gets_nothing(post: Any) -> None:
    task = await post.run(Turn(ANSWER))
    await post.promise(task, "sms")
    post.messengers.trouble["sms"] = (429, {})
    with pytest.raises(Unavailable):
        await post.work()
    assert (await post.row(task, "sms")).state == "waiting"
    post.messengers.trouble.clear()
    house, ana = post.house, post.home.people["ana"]
    async with house.database.transaction() as session:
        await lose_phone(session, ana, ana.id, ledger=house.ledger, clock=house.clock)
    parts = Carrying(house.parts, house.channels, house.settings.url)
    await deliver((await post.row(task, "sms")).id, parts=parts)
    assert post.messengers.texts == []
    assert (await post.row(task, "sms")).state == "withheld"


async def test_who_left_or_may_not_see_it_any_more_gets_nothing(post: Any) -> None:
    task, house = await post.run(Turn(ANSWER)), post.house
    await post.promise(task, "sms")
    await post.promise(task, "email")
    async with house.database.transaction() as session:
        await set_active(
            session, post.home.people["owner"], post.ana, active=False, ledger=house.ledger, clock=house.clock
        )
    await post.work()
    assert post.messengers.texts == []
    assert post.mail.kept == []
    assert {(await post.row(task, t)).state for t in ("sms", "email")} == {"withheld"}


async def test_the_thread_is_the_page_and_its_person_hears_of_it(post: Any) -> None:
    task = await post.run(Turn(ANSWER))
    row = await post.deliver(task, "thread")
    assert row.state == "delivered"
    assert (await notices(post))[-1] == ("A task has ended", "See what came out.")
    with pytest.raises(NoSuchTarget):
        await post.promise(task, "fax")


async def test_a_refusal_of_the_provider_is_said_under_the_bell(post: Any) -> None:
    task = await post.run(Turn(ANSWER))
    post.messengers.trouble["sms"] = (400, {"code": 21610})
    row = await post.deliver(task, "sms")
    assert row.state == "failed"
    assert "STOP" in (await notices(post))[-1][1]


def test_a_higher_class_never_sends_more() -> None:
    for target, unreviewed, kinds in itertools.product(TARGETS, (False, True), ((), ("health",))):
        forms = [
            decide(target, Label(data_class=c, categories=frozenset(kinds)), unreviewed=unreviewed).form
            for c in sorted(DataClass)
        ]
        assert forms == sorted(forms, reverse=True), target
        assert forms[-1] <= (Form.NOTHING if target == "sms" else Form.LINK)
        assert forms[-2] <= Form.LINK
        if unreviewed:
            assert max(forms) <= Form.LINK
    assert decide("fax", Label(), unreviewed=False).form == Form.NOTHING


def test_a_reply_goes_where_the_command_came_from() -> None:
    assert [target_of("reply", c) for c in ("sms", "slack", "email", "voice", "form", "api", "mcp")] == [
        "sms", "slack", "email", "thread", "thread", "thread", "thread",
    ]  # fmt: skip
    assert (target_of("email", "sms"), target_of("", "sms"), target_of("fax", "sms")) == ("email", "sms", "thread")


@pytest.mark.parametrize("text", ["", "a" * 1000, "word " * 200, "Ünïcødé " * 90, "short"])
def test_shortening_never_makes_it_longer(text: str) -> None:
    assert len(shortened(text, 300)) <= 300


@pytest.mark.parametrize(
    ("data_class", "goes"), [("public", True), ("internal", True), ("confidential", False), ("restricted", False)]
)
async def test_the_words_of_a_notice_go_by_mail_up_to_internal(post: Any, data_class: str, goes: bool) -> None:
    task = await post.run(Turn(ANSWER))
    await post.rests_on(task, data_class)
    async with post.house.database.transaction() as session:
        for link in (f"/tasks/{task}", f"/tasks/{task}/files?x=1", "/approvals/ask_nobody", "/usage"):
            await post.house.parts.tell(session, post.ana, "A task waits", "Northwind, by June", link)
    await post.work()
    mails = [kept.message.get_content() for kept in post.mail.kept]
    assert len(mails) == 4
    # The last one belongs to no task; the one before to nothing that is known.
    assert ["Northwind" in mail for mail in mails] == [goes, goes, False, True]
    assert all(post.house.settings.url in mail for mail in mails)
