"""A request is Slack's only if it is signed within five minutes; what it says is read, or refused, never guessed."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colleague.dispatch.doors.slack.read import Challenge, NotSlack, Pressed, Said, command, event, interaction, plain
from colleague.dispatch.doors.slack.verify import BadSlackSignature, signature, verify

# The machine may be busy with other tests.
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))

# The example of https://docs.slack.dev/authentication/verifying-requests-from-slack
SECRET, STAMP = "8f742231b10e8888abcd99yyyzzz85a5", "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
    b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks."
    b"slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
    b"803a0bc887a14d10d2c447fce8b6703c"
)
GIVEN = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
NOW = datetime.fromtimestamp(1531420618, UTC)
DIGEST = "ab" * 32


def message(**changes: Any) -> bytes:
    inner = {
        "type": "message", "channel_type": "im", "user": "U2CERLKJA", "text": "brief acme", "ts": "1531420618.0001",
        "channel": "D024BE91L", **changes,
    }  # fmt: skip
    return json.dumps(
        {"type": "event_callback", "team_id": "T1DC2JH3J", "event_id": "Ev0PV52K25", "event": inner}
    ).encode()


def button(**changes: Any) -> bytes:
    payload = {
        "type": "block_actions", "team": {"id": "T1DC2JH3J"}, "user": {"id": "U2CERLKJA"},
        "response_url": "https://hooks.slack.com/actions/x",
        "actions": [{"action_id": "approve", "value": f"appr_01ARZ3NDEKTSV4RRFFQ69G5FAV:{DIGEST}"}], **changes,
    }  # fmt: skip
    return urlencode({"payload": json.dumps(payload)}).encode()


def test_verifies_the_documented_example() -> None:
    assert verify(SECRET, BODY, timestamp=STAMP, given=GIVEN, now=NOW) == NOW
    assert verify(SECRET, BODY, timestamp=STAMP, given=GIVEN, now=NOW + timedelta(minutes=5)) == NOW


@pytest.mark.parametrize(
    ("body", "stamp", "sign", "late"),
    [
        (BODY, STAMP, GIVEN, 301), (BODY, STAMP, GIVEN, -301), (BODY + b"&a=1", STAMP, GIVEN, 0),
        (BODY, "1531420619", GIVEN, 0), (BODY, None, GIVEN, 0), (BODY, STAMP, None, 0), (BODY, "", GIVEN, 0),
        (BODY, "١٥٣١٤٢٠٦١٨", GIVEN, 0), (BODY, "9" * 30, GIVEN, 0), (BODY, "-1", GIVEN, 0), (BODY, STAMP, "v1=1", 0),
        (BODY, STAMP, GIVEN.upper(), 0), (BODY, STAMP, "\ud800", 0),
    ],
)  # fmt: skip
def test_refuses_every_other_signature(body: bytes, stamp: str | None, sign: str | None, late: int) -> None:
    with pytest.raises(BadSlackSignature):
        verify(SECRET, body, timestamp=stamp, given=sign, now=NOW + timedelta(seconds=late))


def test_reads_a_slash_command() -> None:
    said = command(BODY.replace(b"&text=", b"&text=brief+%3Cmailto%3Aa%40b.example%7Ca%40b.example%3E"))
    assert (said.team, said.user, said.text, said.place) == ("T1DC2JH3J", "U2CERLKJA", "brief a@b.example", "G8PSS9T3V")
    assert said.id.startswith("398738663015.")


def test_reads_direct_messages_and_mentions() -> None:
    at = datetime.fromtimestamp(1531420618.0001, UTC)
    assert event(message()) == Said("Ev0PV52K25", "T1DC2JH3J", "U2CERLKJA", "brief acme", "D024BE91L", at)
    said = event(message(type="app_mention", channel_type="channel", text="<@U0LAN0Z89> brief &lt;acme&gt;"))
    assert isinstance(said, Said)
    assert (said.text, said.place) == ("brief <acme>", "U2CERLKJA")


@pytest.mark.parametrize(
    "changes",
    [
        {"bot_id": "B01"}, {"app_id": "A01"}, {"subtype": "message_changed"}, {"subtype": "message_deleted"},
        {"channel_type": "channel"}, {"type": "reaction_added"},
    ],
)  # fmt: skip
def test_hears_nothing_that_is_not_said_to_us(changes: dict[str, str]) -> None:
    assert event(message(**changes)) is None


def test_knows_a_guest_from_another_workspace() -> None:
    said = event(message(user_team="T99999999", team="T99999999"))
    assert isinstance(said, Said)
    assert said.team == "T99999999"


def test_answers_a_challenge() -> None:
    assert event(b'{"type":"url_verification","challenge":"3eZbrw"}') == Challenge("3eZbrw")


def test_reads_the_buttons_of_an_approval_only() -> None:
    assert interaction(button()) == Pressed(
        "T1DC2JH3J",
        "U2CERLKJA",
        "appr_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        DIGEST,
        "approved",
        "https://hooks.slack.com/actions/x",
    )
    assert interaction(button(type="view_submission")) is None
    assert interaction(button(actions=[{"action_id": "other", "value": "x"}])) is None
    for value in ("", "appr_1:zz", f"appr_01ARZ3NDEKTSV4RRFFQ69G5FAV:{DIGEST}x", None, 5, ["x"]):
        with pytest.raises(NotSlack):
            interaction(button(actions=[{"action_id": "deny", "value": value}]))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b"payload=1", b"payload=%7B%7D&payload=1"])
def test_refuses_what_is_nothing(body: bytes) -> None:
    for reader in (command, interaction):
        with pytest.raises(NotSlack):
            reader(body)
    if not body.startswith(b"payload"):
        with pytest.raises(NotSlack):
            event(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["type", "user", "team", "text", "ts", "channel", "channel_type", "thread_ts", "subtype", "user_team"]
)


@CALM
@given(st.dictionaries(NAMES, JSON | st.just("message") | st.just("im"), max_size=8))
def test_no_event_breaks_the_reading(changes: dict[str, Any]) -> None:
    with contextlib.suppress(NotSlack):
        event(message(**changes))


@CALM
@given(st.dictionaries(st.sampled_from(["type", "team", "user", "actions", "response_url"]), JSON, max_size=4))
def test_no_button_breaks_the_reading(changes: dict[str, Any]) -> None:
    with contextlib.suppress(NotSlack):
        interaction(button(**changes))


@CALM
@given(st.binary(max_size=200))
def test_no_body_breaks_the_reading(body: bytes) -> None:
    for reader in (command, interaction, event):
        with contextlib.suppress(NotSlack):
            reader(body)
    with pytest.raises(BadSlackSignature):
        verify(SECRET, body, timestamp=STAMP, given=signature("another", STAMP, body), now=NOW)


def test_shows_markup_as_people_read_it() -> None:
    assert (
        plain("<@U1|bot> see <https://a.example/x|the page> in <#C1|general> &amp; go")
        == "see the page in general & go"
    )
