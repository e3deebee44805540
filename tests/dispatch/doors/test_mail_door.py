"""A mail gets in once, if our own server vouches for its sender; it is answered once, in its thread, to that sender."""

import random
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import pytest
from tests.dispatch.doors.conftest import Knocker

from colleague.dispatch.doors.answers.send import send_answer
from colleague.dispatch.doors.mail.poll import TOO_LARGE, mail_sender, take
from colleague.testing.mailbox import MailSink

pytestmark = pytest.mark.anyio

ANA = "ana@aldermoor.example"
PASSED = "mx.aldermoor.example; dkim=pass header.d=aldermoor.example"


def letter(
    knocker: Knocker, text: str = "brief acme\n\nOn Monday, Colleague <c@x.example> wrote:\n> pay", **more: Any
) -> bytes:
    """Return a mail as the mailbox holds it; `more` are headers (None: left out), `files` what is attached."""
    message = EmailMessage(policy=SMTP)
    files: Mapping[str, bytes] = more.pop("files", {})
    headers = {
        "Authentication-Results": PASSED, "From": f"Ana Ruiz <{ANA}>", "To": "colleague@aldermoor.example",
        "Subject": "Re: Acme", "Date": format_datetime(knocker.clock.now()), "Message-ID": "<1@aldermoor.example>",
        **{k.replace("_", "-"): v for k, v in more.items()},
    }  # fmt: skip
    for name, value in headers.items():
        if value is not None:
            message[name] = value
    message.set_content(text)
    for name, content in files.items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


async def test_a_mail_of_somebody_known_is_handed_on(knocker: Knocker) -> None:
    await knocker.bind("email", ANA)
    assert await take(knocker.doors, letter(knocker, files={"../../rfp.docx": b"PK", "b.pdf": b"%PDF"}))
    (message,) = knocker.pipeline.messages
    assert (message.channel, message.sender, message.text) == ("email", ANA, "brief acme")
    assert message.reply_to == "<1@aldermoor.example>"
    assert message.files == (("rfp.docx", b"PK"), ("b.pdf", b"%PDF"))


async def test_the_subject_counts_where_nothing_else_is_said(knocker: Knocker) -> None:
    await knocker.bind("email", ANA)
    await take(knocker.doors, letter(knocker, "-- \nAna Ruiz\n", Subject="Re: Fwd: brief acme"))
    assert knocker.pipeline.messages[0].text == "brief acme"


async def test_a_mail_taken_again_is_the_same_and_is_answered_once(knocker: Knocker) -> None:
    """As after a worker died between taking it and marking it as read."""
    await knocker.bind("email", ANA)
    for _ in range(3):
        assert await take(knocker.doors, letter(knocker, References="<0@aldermoor.example>"))
    assert len(knocker.pipeline.messages) == 1
    (row,) = await knocker.answers()
    house = knocker.home.house
    async with MailSink() as sink:
        settings = house.settings.model_copy(update={"smtp_url": _secret(sink.url)})
        send = mail_sender(settings, knocker.clock)
        assert send is not None
        for _ in range(2):
            await send_answer(
                row.id, database=house.database, senders={"email": send}, ledger=house.ledger, clock=knocker.clock
            )
        (kept,) = sink.kept
    assert kept.recipients == [ANA]
    assert kept.message["In-Reply-To"] == "<1@aldermoor.example>"
    assert kept.message["References"] == "<0@aldermoor.example> <1@aldermoor.example>"
    assert kept.message["Subject"] == "Re: Acme"
    assert kept.message["Auto-Submitted"] == "auto-replied"
    assert "Started: a brief on Acme & Co." in kept.message.get_content()


def _secret(url: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(url)


async def test_the_same_message_id_of_another_sender_is_another_message(knocker: Knocker) -> None:
    await knocker.bind("email", ANA)
    await knocker.bind("email", "ben@aldermoor.example", "ben")
    await take(knocker.doors, letter(knocker))
    await take(knocker.doors, letter(knocker, From="ben@aldermoor.example"))
    assert [m.sender for m in knocker.pipeline.messages] == [ANA, "ben@aldermoor.example"]
    assert sorted(row.to for row in await knocker.answers()) == [ANA, "ben@aldermoor.example"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authentication_Results": None},
        {"Authentication_Results": "mx.evil.example; dkim=pass header.d=aldermoor.example"},
        {"Authentication_Results": "mx.aldermoor.example; dkim=pass header.d=evil.example"},
        {"From": "ana@aldermoor.example, eve@evil.example"}, {"Date": "Mon, 01 Jan 2001 00:00:00 +0000"},
        {"Date": "Mon, 01 Jan 2091 00:00:00 +0000"}, {"Date": "yesterday"}, {"Date": None},
    ],
)  # fmt: skip
async def test_what_nobody_vouches_for_is_refused_and_on_record(knocker: Knocker, headers: dict[str, Any]) -> None:
    await knocker.bind("email", ANA)
    assert await take(knocker.doors, letter(knocker, **headers))
    assert knocker.pipeline.calls == 0
    assert await knocker.answers() == []
    assert (await knocker.entries("dispatch_door.refused"))[0]["code"] in ("NotProven", "TooOld")


async def test_strangers_and_programs_are_never_answered(knocker: Knocker) -> None:
    assert await take(knocker.doors, letter(knocker, files={"a.pdf": b"%PDF"}))
    (message,) = knocker.pipeline.messages
    assert (message.sender, message.text, message.files) == (ANA, "", ())
    await knocker.bind("email", ANA)
    for number, headers in enumerate(
        [{"Auto_Submitted": "auto-replied"}, {"List_Id": "<l.example>"}, {"From": "colleague@aldermoor.example"}]
    ):
        assert await take(knocker.doors, letter(knocker, **headers, Message_ID=f"<n{number}@aldermoor.example>"))
    assert len(knocker.pipeline.messages) == 1
    assert await knocker.answers() == []


async def test_what_could_not_be_taken_stays_unread(knocker: Knocker) -> None:
    await knocker.bind("email", ANA)
    knocker.pipeline.broken = True
    assert not await take(knocker.doors, letter(knocker))
    knocker.pipeline.broken = False
    assert await take(knocker.doors, letter(knocker))
    assert len(await knocker.answers()) == 1


async def test_what_is_too_large_says_so_to_people_we_know(knocker: Knocker) -> None:
    cut = letter(knocker)
    assert await take(knocker.doors, cut, whole=False)
    assert await knocker.answers() == []
    await knocker.bind("email", ANA)
    assert await take(knocker.doors, cut, whole=False)
    assert [row.text for row in await knocker.answers()] == [TOO_LARGE]
    assert knocker.pipeline.messages[0].text == ""
    assert len(knocker.pipeline.messages) == 1


async def test_an_old_mail_is_not_taken_again_after_a_week(knocker: Knocker) -> None:
    await knocker.bind("email", ANA)
    raw = letter(knocker)
    knocker.clock.advance(days=8)
    assert await take(knocker.doors, raw)
    assert knocker.pipeline.calls == 0


@pytest.mark.slow
async def test_thousands_of_mangled_mails_break_nothing(knocker: Knocker) -> None:
    await knocker.bind("email", ANA)
    dice = random.Random(7)
    good = letter(knocker, files={"a.pdf": b"%PDF-1.7" * 20})
    for number in range(2000):
        mangled = bytearray(good.replace(b"<1@", b"<%d@" % number))
        for _ in range(dice.randint(1, 5)):
            at = dice.randrange(len(mangled))
            match dice.randint(0, 3):
                case 0:
                    mangled[at] = dice.randrange(256)
                case 1:
                    del mangled[at : at + dice.randint(1, 80)]
                case 2:
                    mangled[at:at] = dice.choice(
                        [b"\x00", b"\r\n\r\n", b"=?x?q?=FF?=", b"\xff", b"(", b";", b'"', b"<>,"]
                    )
                case _:
                    mangled[at:at] = mangled[: dice.randint(0, 200)]
        assert await take(knocker.doors, bytes(mangled))
    assert {m.sender.rpartition("@")[2] for m in knocker.pipeline.messages} <= {"aldermoor.example"}
