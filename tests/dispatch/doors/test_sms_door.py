"""A text message gets in once, signed and from somebody known; everybody else gets nothing, and is on record."""

import asyncio
import base64
import random
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest
from tests.dispatch.doors.conftest import ACCOUNT, BASE, PHONE, TOKEN, Knocker

from colleague.dispatch.doors.parts import AGAIN
from colleague.dispatch.doors.sms.verify import signature
from colleague.dispatch.voice.hear import MayNotHear, NotWrittenDown

pytestmark = pytest.mark.anyio

PNG, AMR, PDF = b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"#!AMR\n" + b"\0" * 50, b"%PDF-1.7\n" + b"0" * 50


def told(answer: httpx.Response) -> str | None:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    return ElementTree.fromstring(answer.text).findtext("Message")


def place(message: str, name: str = "ME1") -> str:
    return f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{message}/Media/{name}"


async def test_a_message_of_somebody_known_is_handed_on_and_answered(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    assert told(await knocker.text(Body="brief acme & co")) == "Started: a brief on Acme & Co."
    (message,) = knocker.pipeline.messages
    assert (message.channel, message.sender, message.text, message.reply_to) == ("sms", PHONE, "brief acme & co", PHONE)
    assert message.id.startswith("SM")
    assert message.person == ""


async def test_the_address_that_counts_is_the_operators(knocker: Knocker) -> None:
    """The Host header is anybody's word: neither does it help to sign for it, nor does it hurt."""
    await knocker.bind("sms", PHONE)
    knocker.client.base_url = httpx.URL("http://127.0.0.1:8080")
    assert told(await knocker.text(sid="a"))
    assert (await knocker.text("http://127.0.0.1:8080/dispatch/in/sms", sid="b")).status_code == 403
    assert len(knocker.pipeline.messages) == 1


async def test_the_port_and_the_query_belong_to_the_address(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    assert told(await knocker.text(f"{BASE}:443/dispatch/in/sms"))
    assert (await knocker.text(f"{BASE}/dispatch/in/sms?a=1")).status_code == 403


async def test_what_is_forged_stays_outside_and_is_on_record(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    form = [("MessageSid", "SM" + "1" * 32), ("AccountSid", ACCOUNT), ("From", PHONE), ("Body", "pay")]
    for sign in ("", "AAAA", signature("wrong", f"{BASE}/dispatch/in/sms", form)):
        assert (await knocker.post_form(form, sign=sign)).status_code in (403, 503)
    assert (await knocker.client.post("/dispatch/in/sms", content=urlencode(form))).status_code in (403, 503)
    assert knocker.pipeline.calls == 0
    facts = (await knocker.entries("dispatch_door.refused"))[0]
    assert facts == {"channel": "sms", "code": "BadSignature"}


async def test_who_forges_on_and_on_is_slowed_down_and_fills_no_ledger(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    seen = [(await knocker.text(sid=str(n), AccountSid="AC" + "9" * 32)).status_code for n in range(120)]
    assert seen.count(503) >= 90
    assert told(await knocker.text())
    assert len(await knocker.entries("dispatch_door.refused")) <= 5


async def test_a_stranger_gets_nothing_and_costs_nothing(knocker: Knocker) -> None:
    place_ = place("SM" + "0" * 32)
    answer = await knocker.text(From="+15559990000", NumMedia="1", MediaUrl0=knocker.services.url + place_)
    assert told(answer) is None
    assert knocker.services.asked == []


async def test_one_message_delivered_five_times_at_once_is_one(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    answers = await asyncio.gather(*(knocker.text() for _ in range(5)))
    assert len({told(a) for a in answers}) == 1
    assert len(knocker.pipeline.messages) == 1


async def test_stop_ends_the_binding_and_start_does_not_bring_it_back(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    assert told(await knocker.text(Body=" Stop. ")) is None
    assert not await knocker.bound("sms", PHONE)
    assert (await knocker.entries("address.broken"))[0]["kind"] == "sms"
    knocker.pipeline.known.clear()
    assert told(await knocker.text(sid="2", Body="START")) is None
    assert not await knocker.bound("sms", PHONE)


async def test_a_fault_behind_the_door_says_that_nothing_was_done(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    knocker.pipeline.broken = True
    assert told(await knocker.text()) == AGAIN
    assert told(await knocker.text(From="+15559990000")) is None


async def test_pictures_and_voice_are_fetched_with_the_accounts_sign_in(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    sid = "SM" + "5" * 32
    services = knocker.services
    services.files[place(sid)] = (302, {"location": f"{services.url}/stored"}, b"")
    services.files["/stored"] = (200, {"content-type": "text/html"}, PNG)
    services.files[place(sid, "ME2")] = (200, {}, PDF)
    more = {"MessageSid": sid, "NumMedia": "2", "MediaUrl0": services.url + place(sid)}
    assert told(await knocker.text(**more, MediaUrl1=services.url + place(sid, "ME2")))
    (message,) = knocker.pipeline.messages
    assert message.channel == "sms"
    assert message.files == (("file-1.png", PNG), ("file-2.pdf", PDF))
    sign_in = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert services.asked[0][1]["authorization"] == f"Basic {sign_in}"


async def test_a_sound_alone_is_a_voice_note_and_its_words_are_handed_on(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    sid = "MM" + "5" * 32
    knocker.services.files[place(sid)] = (200, {}, AMR)
    more = {"Body": "", "NumMedia": "1", "MediaUrl0": knocker.services.url + place(sid)}
    assert told(await knocker.text(MessageSid=sid, **more))
    (message,) = knocker.pipeline.messages
    assert (message.channel, message.sender, message.text, message.files) == ("voice", PHONE, "brief acme", ())
    assert knocker.heard == [(knocker.home.people["ana"].id, AMR)]


@pytest.mark.parametrize("fault", [NotWrittenDown(why="x"), TimeoutError(), MayNotHear(why="no paper.")])
async def test_a_voice_note_that_was_not_heard_does_nothing(knocker: Knocker, fault: Exception) -> None:
    await knocker.bind("sms", PHONE)
    sid = "MM" + "5" * 32
    knocker.services.files[place(sid)] = (200, {}, AMR)
    knocker.deaf = fault
    more = {"Body": "", "NumMedia": "1", "MediaUrl0": knocker.services.url + place(sid)}
    words = told(await knocker.text(MessageSid=sid, **more)) or ""
    assert "Nothing was done" in words
    assert "kept" not in words
    assert knocker.pipeline.calls == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/2010-04-01/x", "{0}/2010-04-01/Accounts/AC1/Messages/SM1/Media/ME1",
        "{0}{1}/../../other", "{0}{1}?a=1", "{0}@evil.example{1}", "file:///etc/passwd", "{0}{2}",
    ],
)  # fmt: skip
async def test_the_sign_in_goes_to_files_of_this_message_only(knocker: Knocker, url: str) -> None:
    await knocker.bind("sms", PHONE)
    sid = "SM" + "5" * 32
    url = url.format(knocker.services.url, place(sid), place("SM" + "6" * 32))
    assert told(await knocker.text(MessageSid=sid, NumMedia="1", MediaUrl0=url)) is None
    assert knocker.services.asked == []
    assert knocker.pipeline.calls == 0
    assert (await knocker.entries("dispatch_door.refused"))[0]["code"] == "NotAMessage"


@pytest.mark.parametrize("kept", [(200, b"MZ\0\0"), (200, PNG + b"\0" * 5_000_001), (404, PNG), (500, b"")])
async def test_a_file_that_is_no_picture_or_too_large_stops_the_message(
    knocker: Knocker, kept: tuple[int, bytes]
) -> None:  # fmt: skip
    await knocker.bind("sms", PHONE)
    sid = "SM" + "5" * 32
    knocker.services.files[place(sid)] = (kept[0], {}, kept[1])
    words = told(await knocker.text(MessageSid=sid, NumMedia="1", MediaUrl0=knocker.services.url + place(sid)))
    assert words is not None
    assert "Nothing was done" in words
    assert knocker.pipeline.calls == 0


async def test_what_is_too_large_or_no_form_is_refused(knocker: Knocker) -> None:
    await knocker.bind("sms", PHONE)
    large = await knocker.post_form([("Body", "x" * 70_000)])
    assert large.status_code == 422
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"\xff\xfe", b"Body=%FF%FE", b"&".join(b"a%d=1" % n for n in range(300))):
        assert (await knocker.client.post("/dispatch/in/sms", content=body, headers=headers)).status_code in (422, 503)
    assert knocker.pipeline.calls == 0


async def test_without_settings_the_door_is_not_there(knocker: Knocker) -> None:
    bare = knocker.doors.settings.model_copy(update={"sms_token": None})
    knocker.app.state.parts = {**knocker.app.state.parts, type(knocker.doors): replaced(knocker.doors, bare)}
    assert (await knocker.text()).status_code == 404


def replaced(doors: Any, settings: Any) -> Any:
    import dataclasses

    return dataclasses.replace(doors, settings=settings)


@pytest.mark.slow
async def test_thousands_of_mangled_messages_break_nothing(knocker: Knocker) -> None:
    """Signed as they are, so that they get past the signature."""
    await knocker.bind("sms", PHONE)
    dice = random.Random(7)
    names = ["MessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "OptOutType", "\x00", "é", ""]
    values = [
        ACCOUNT,
        PHONE,
        "+15551234567",
        "SM" + "5" * 32,
        "",
        "\x00",
        "\ud7ff\U0001f600",
        "1",
        "9" * 50,
        "x" * 3000,
    ]
    good = {"MessageSid": "SM" + "5" * 32, "AccountSid": ACCOUNT, "From": PHONE, "To": "+15551234567", "Body": "a"}
    for number in range(3000):
        form = list({**good, **{dice.choice(names): dice.choice(values) for _ in range(dice.randint(0, 4))}}.items())
        if number % 3 == 0:
            form += [dice.choice(form)]
        assert (await knocker.post_form(form)).status_code in (200, 403, 422, 503)
    assert {m.sender for m in knocker.pipeline.messages} <= {PHONE, *values}
