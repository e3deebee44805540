"""A mail leaves exactly as previewed, once; and it is never called unsent when it may have left."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from colleague.connectors.connector import (
    Access,
    Account,
    Attachment,
    BadArguments,
    Effected,
    Grant,
    OutcomeUnknown,
    OutOfScope,
)
from colleague.connectors.mail import message
from colleague.connectors.mail.connector import MailConnector, NotConfigured
from colleague.connectors.screen import BlockedType
from colleague.kit.errors import Invalid
from colleague.kit.mail import (
    BadMail,
    BadMailServer,
    Letter,
    NotSent,
    Server,
    address,
    compose,
    message_id,
    send,
    server_of,
)
from colleague.policy.model import DataClass
from colleague.testing.clock import TestClock
from colleague.testing.mailbox import MailSink

pytestmark = pytest.mark.anyio

LETTER = {"to": ["dana@partner.example"], "subject": "Summary", "body": "Dear Dana,\n\n.dots\n..stay\nÄrger."}


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with MailSink(user="ana@aldermoor.example", password='pa\\ss"word') as sink:
        yield sink


def account(sink: MailSink, **config: Any) -> Account:
    given = {"smtp_url": sink.url, "address": "ana@aldermoor.example", **config}
    return Account("acc_1", "mail", given, {"password": 'pa\\ss"word'}, "person_1")


def access(sink: MailSink, *places: str, key: str = "call_1:1", **more: Any) -> Access:
    grant = Grant("g", "mail", "t", places or ("*",), place_class=DataClass.INTERNAL)
    return Access(account(sink), (grant,), key, "Ana Ruiz", **more)


@pytest.fixture
def mail(clock: TestClock) -> MailConnector:
    return MailConnector(clock=clock, seconds=3)


async def test_what_arrives_is_what_was_shown(mail: MailConnector, sink: MailSink) -> None:
    report = Attachment("Résumé.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")
    text = Attachment("notes.md", "text/markdown", "Zwölf\n.\n".encode())
    given = access(sink, attachments=(report, text))
    arguments = {**LETTER, "cc": ["Ben@Aldermoor.example"]}
    shown = mail.preview("mail_send", arguments, given)
    assert dict(shown.fields) == {
        "From": "Ana Ruiz <ana@aldermoor.example>",
        "To": "dana@partner.example",
        "Cc": "Ben@aldermoor.example",
        "Subject": "Summary",
    }
    assert shown.body.endswith("-- \nSent by an AI agent on behalf of Ana Ruiz\n")
    assert shown.undo == "cannot be undone"
    assert mail.recipients("mail_send", arguments) == ("dana@partner.example", "Ben@aldermoor.example")
    result = await mail.call("mail_send", arguments, given)
    assert result.data["recipients"] == ["dana@partner.example", "Ben@aldermoor.example"]
    (kept,) = sink.kept
    assert kept.sender == "ana@aldermoor.example"
    assert kept.recipients == ["dana@partner.example", "Ben@aldermoor.example"]
    got = kept.message
    assert {name: str(got[name]) for name, _ in shown.fields} == dict(shown.fields)
    assert got["Message-ID"] == message_id("call_1:1", "ana@aldermoor.example")
    assert got.get_body().get_content().replace("\r\n", "\n") == shown.body  # type: ignore[union-attr]
    assert [(f.name, f.content) for f in message.attachments(kept.raw)] == [
        ("Résumé.pdf", report.content),
        ("notes.md", text.content),
    ]
    assert kept.raw.isascii()


async def test_one_key_is_one_mail(mail: MailConnector, sink: MailSink) -> None:
    for _ in range(2):
        await mail.call("mail_send", LETTER, access(sink))
    assert len(sink.kept) == 1
    assert await mail.effected("mail_send", LETTER, access(sink)) is Effected.YES
    # Another process cannot know, and says so.
    assert await MailConnector().effected("mail_send", LETTER, access(sink)) is Effected.UNKNOWN


@pytest.mark.parametrize("trouble", ["drop_after_data", "garbage_after_data"])
async def test_a_line_that_breaks_after_the_last_byte_leaves_the_outcome_unknown(
    mail: MailConnector, sink: MailSink, trouble: str
) -> None:
    sink.trouble = trouble  # type: ignore[assignment]
    with pytest.raises(OutcomeUnknown):
        await mail.call("mail_send", LETTER, access(sink))
    assert len(sink.kept) == 1, "it did arrive"
    assert await mail.effected("mail_send", LETTER, access(sink)) is Effected.UNKNOWN


async def test_a_server_that_takes_the_message_and_stays_silent_leaves_the_outcome_unknown(clock: TestClock) -> None:
    async with MailSink() as sink:
        sink.trouble = "silent_after_data"
        own = Account("a", "mail", {"smtp_url": sink.url, "address": "a@b.example"}, {}, "p")
        given = Access(own, (Grant("g", "mail", "t", ("*",), place_class=DataClass.PUBLIC),), "k", "A")
        with pytest.raises(OutcomeUnknown):
            await MailConnector(clock=clock, seconds=0.3).call("mail_send", LETTER, given)
        assert len(sink.kept) == 1


@pytest.mark.parametrize(
    "trouble", ["drop_in_data", "refuse_recipient", "refuse_sender", "refuse_message", "refuse_sign_in"]
)
async def test_what_surely_did_not_leave_is_called_unsent(mail: MailConnector, sink: MailSink, trouble: str) -> None:
    sink.trouble = trouble  # type: ignore[assignment]
    # A letter that fits into the buffers of the line may look handed over when the line drops: then it is in doubt.
    words = (NotSent, OutcomeUnknown) if trouble == "drop_in_data" else NotSent
    with pytest.raises(words) as refused:
        big = {**LETTER, "body": "x" * 199_000}
        await mail.call("mail_send", big, access(sink))
    assert not sink.kept
    assert "word" not in refused.value.message.replace("password", "")
    sink.trouble = ""
    await mail.call("mail_send", LETTER, access(sink))
    assert len(sink.kept) == 1


async def test_nothing_listens() -> None:
    async with MailSink() as gone:
        url = gone.url
    with pytest.raises(NotSent, match="refused the connection"):
        await send(server_of(url), compose(letter()))


async def test_encryption_is_demanded() -> None:
    async with MailSink() as sink:
        with pytest.raises(NotSent, match="encryption"):
            await send(replace(server_of(sink.url), security="starttls"), compose(letter()))
    assert not sink.kept


def letter(**change: Any) -> Letter:
    given = {
        "sender": "a@b.example", "to": ("c@d.example",), "subject": "S", "body": "B", "key": "k",
        "at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return Letter(**{**given, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hi\r\nBcc: evil@x.example"}, {"subject": "Hi\nX: y"}, {"subject": "a\u2028b"}, {"subject": "a\0"},
        {"sender_name": "Ana\r\nBcc: e@x.example"}, {"to": ("a@b.example\r\nBcc: e@x.example",)},
        {"to": ("a@b.example, e@x.example",)}, {"to": ("Ana <a@b.example>",)}, {"to": ("a@b.example>",)}, {"to": ()},
        {"to": ("no-address",)}, {"to": ("a@",)}, {"to": ("@b",)},
        {"to": ('"a b"@c.example',)}, {"to": ("a@[127.0.0.1]",)},
        {"to": tuple(f"a{n}@b.example" for n in range(101))}, {"subject": "x" * 501}, {"body": "x" * 25_000_001},
        {"headers": (("X-Y", "a\r\nBcc: e@x.example"),)}, {"body": "\ud800"}, {"to": ("a@-b.example",)},
        {"to": ("ä@b.example",)},
    ],
)  # fmt: skip
def test_nothing_can_be_injected(change: dict[str, Any]) -> None:
    with pytest.raises(BadMail):
        compose(letter(**change))


def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    assert address("info@Bücher.example") == "info@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "url", ["", "http://x", "smtp://", "smtp://h:99999", "smtp://h/path", "smtp://h?x", "smtps://[::1"]
)
def test_bad_servers_are_refused(url: str) -> None:
    with pytest.raises(BadMailServer):
        server_of(url)


def test_plain_text_is_for_this_machine_only() -> None:
    assert server_of("smtp://mail.example.com") == Server("mail.example.com", 587, "starttls")
    assert server_of("smtps://mail.example.com").security == "tls"
    assert server_of("smtp://127.0.0.1:25").security == "plain"


async def test_only_the_opened_mailbox(mail: MailConnector, sink: MailSink) -> None:
    await mail.call("mail_send", LETTER, access(sink, "ana@aldermoor.example"))
    for places in (("ben@aldermoor.example",), ("aldermoor.example",)):
        with pytest.raises(OutOfScope):
            await mail.call("mail_send", LETTER, access(sink, *places, key="k2"))
    with pytest.raises(OutOfScope):
        await mail.call("mail_draft", LETTER, access(sink))
    with pytest.raises(OutOfScope):
        await mail.call("mail_send", LETTER, replace(access(sink), grants=()))
    assert len(sink.kept) == 1


async def test_reading_needs_a_server_for_it(mail: MailConnector, sink: MailSink) -> None:
    with pytest.raises(NotConfigured):
        await mail.call("mail_search", {"query": "x"}, access(sink))
    assert await mail.check(account(sink)) == "Sending works. Reading is not set up."
    with pytest.raises(NotSent, match="sign-in"):
        await mail.check(replace(account(sink), secrets={"password": "wrong"}))


async def test_blocked_attachments_do_not_leave(mail: MailConnector, sink: MailSink) -> None:
    given = access(sink, attachments=(Attachment("report.pdf", "application/pdf", b"MZ\x90"),))
    with pytest.raises(BlockedType):
        await mail.call("mail_send", LETTER, given)
    assert not sink.kept


def test_people_cannot_name_servers_with_passwords(mail: MailConnector) -> None:
    for bad in ({"smtp_url": "smtps://u:p@h"}, {"smtp_url": "imaps://h"}, {"smtp_url": "h"}, {"address": "x"}):
        with pytest.raises(Invalid):
            mail.accept(bad)
    assert mail.accept({"address": "Ana@ALDERMOOR.example"}) == {"address": "Ana@aldermoor.example"}
    assert mail.normal_place(" ") == "*"
    with pytest.raises(Invalid):
        mail.normal_place("aldermoor.example")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xff\xfe\x00", b"From: \xff\r\nSubject: =?x?q?=FF?=\r\n\r\nbody",
        b"Content-Type: multipart/mixed\r\n\r\n",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xe4", b"From: <<<>>>,,@@\r\nDate: never\r\n\r\nx",
        b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\n'
        b'Content-Disposition: attachment; filename="../../x\r\n',
        b"Subject: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_broken_messages_are_listed_all_the_same(raw: bytes) -> None:
    shown = message.summary("INBOX:1:1", raw)
    assert set(shown) == {"id", "from", "to", "subject", "date", "excerpt"}
    assert all(len(v) <= 500 and "\n" not in v for v in shown.values())
    assert all("/" not in f.name for f in message.attachments(raw))


async def test_an_unknown_tool_is_refused(mail: MailConnector, sink: MailSink) -> None:
    with pytest.raises(BadArguments):
        await mail.call("mail_burn", {}, access(sink))
