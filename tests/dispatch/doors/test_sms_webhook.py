"""A webhook is the provider's only if it is signed for our address, and it can be read in one way only."""

import contextlib
from random import Random
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colleague.dispatch.doors.sms.read import Text, read
from colleague.dispatch.doors.sms.twiml import LIMIT, twiml
from colleague.dispatch.doors.sms.verify import BadSignature, NotAMessage, signature, verify
from colleague.kit.errors import Failure

# The machine may be busy with other tests.
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))

URL, TOKEN, ACCOUNT = "https://colleague.example/dispatch/in/sms", "12345", "AC" + "0" * 32
SID = "SM" + "a" * 32
MESSAGE = {
    "MessageSid": SID, "SmsSid": SID, "AccountSid": ACCOUNT, "From": "+447911123456", "To": "+15551234567",
    "Body": "brief acme & co\r\nnow", "NumMedia": "0", "FromCity": "",
}  # fmt: skip


def pairs(**changes: str) -> list[tuple[str, str]]:
    return list({**MESSAGE, **changes}.items())


def test_signs_as_the_provider_documents() -> None:
    # The example of https://www.twilio.com/docs/usage/security
    told = [
        ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675310"), ("Digits", "1234"), ("From", "+14158675310"),
        ("To", "+18005551212"),
    ]  # fmt: skip
    found = signature(TOKEN, "https://example.com/myapp.php?foo=1&bar=2", told)
    assert found == "L/OH5YylLD5NRKLltdqwSvS0BnU="


@pytest.mark.parametrize("signed", [URL, "https://colleague.example:443/dispatch/in/sms"])
def test_takes_the_order_and_the_port_as_they_come(signed: str) -> None:
    given_ = pairs()
    Random(1).shuffle(given_)
    assert verify(TOKEN, URL, given_, signature(TOKEN, signed, pairs())) == MESSAGE


@pytest.mark.parametrize(
    "signed",
    [
        None, "", "AAAA", signature("other", URL, pairs()), signature(TOKEN, URL + "?a=1", pairs()),
        signature(TOKEN, URL.replace("colleague.", "evil."), pairs()), signature(TOKEN, URL, pairs(Body="pay")),
        signature(TOKEN, URL, pairs()[:-1]), signature(TOKEN, URL.replace("https", "http"), pairs()), "é", "\ud800",
    ],
)  # fmt: skip
def test_refuses_every_other_signature(signed: str | None) -> None:
    with pytest.raises(BadSignature):
        verify(TOKEN, URL, pairs(), signed)


def test_refuses_a_parameter_that_comes_twice() -> None:
    twice = [*pairs(), ("Body", "something else")]
    with pytest.raises(NotAMessage, match="twice"):
        verify(TOKEN, URL, twice, signature(TOKEN, URL, twice))
    same = [*pairs(), ("Body", MESSAGE["Body"])]
    with pytest.raises(NotAMessage, match="twice"):
        verify(TOKEN, URL, same, signature(TOKEN, URL, pairs()))


def test_refuses_what_was_signed_as_something_else() -> None:
    """A stranger writes a text that, cut elsewhere, is a message from Ana: the signature is the same."""
    honest = [("AccountSid", ACCOUNT), ("Body", "payFrom+447911123456FromA"), ("From", "+15550001111"), ("To", "+1555")]
    forged = [("AccountSid", ACCOUNT), ("Body", "pay"), ("From", "+447911123456"), ("FromA", "From+15550001111"),
              ("To", "+1555")]  # fmt: skip
    signed = signature(TOKEN, URL, honest)
    assert signed == signature(TOKEN, URL, forged)
    with pytest.raises(NotAMessage, match="two ways"):
        verify(TOKEN, URL, forged, signed)


def test_reads_a_message() -> None:
    assert read(MESSAGE, account=ACCOUNT, number="+15551234567") == Text(
        SID, "+447911123456", "+15551234567", "brief acme & co\r\nnow"
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"AccountSid": "AC" + "1" * 32}, "another account"), ({"To": "+15550000000"}, "another number"),
        ({"MessageSid": "", "SmsSid": ""}, "MessageSid"), ({"MessageSid": "x" * 34}, "MessageSid"),
        ({"From": ""}, "sender"), ({"NumMedia": "11"}, "files"), ({"NumMedia": "-1"}, "files"),
        ({"NumMedia": "²"}, "files"), ({"NumMedia": "1"}, "address"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_a_message(changes: dict[str, str], why: str) -> None:
    with pytest.raises(NotAMessage, match=why):
        read({**MESSAGE, **changes}, account=ACCOUNT, number="+15551234567")


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe.", "QUIT", "StopAll", "cancel", "END!"])
def test_hears_a_stop(word: str) -> None:
    assert read({**MESSAGE, "Body": word}, account=ACCOUNT, number="+15551234567").stop


@pytest.mark.parametrize("word", ["stop the acme task", "start", "the end"])
def test_hears_no_stop_in_a_sentence(word: str) -> None:
    assert not read({**MESSAGE, "Body": word}, account=ACCOUNT, number="+15551234567").stop


def test_info_asks_for_help() -> None:
    assert read({**MESSAGE, "Body": "Info"}, account=ACCOUNT, number="+15551234567").text == "help"


@CALM
@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_body_breaks_the_check(body: bytes, signed: str) -> None:
    told = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
    with pytest.raises(Failure):
        verify(TOKEN, URL, told, signed)


@CALM
@given(st.dictionaries(st.sampled_from([*MESSAGE, "MediaUrl0", "OptOutType"]), st.text(max_size=40)))
def test_no_parameters_break_the_reading(changes: dict[str, str]) -> None:
    with contextlib.suppress(NotAMessage):
        read({**MESSAGE, **changes}, account=ACCOUNT, number="+15551234567")


@CALM
@given(st.text(max_size=3000))
def test_every_answer_is_proper_xml(text: str) -> None:
    root = ElementTree.fromstring(twiml(text))
    assert root.tag == "Response"
    assert len(root.findtext("Message", "")) <= LIMIT


def test_nothing_is_answered_with_nothing() -> None:
    assert list(ElementTree.fromstring(twiml(" \x00\n"))) == []
