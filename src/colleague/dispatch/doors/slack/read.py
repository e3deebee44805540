"""From the body of a verified Slack request to what it says. Pure; anything else than expected is `NotSlack`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from colleague.kit.errors import Invalid

_ID = re.compile(r"[A-Z][A-Z0-9]{2,30}")
_APPROVAL = re.compile(r"([a-z]+_[0-9A-Za-z]{10,60}):([0-9a-f]{64})")
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto):[^|>]*)(?:\|([^>]*))?>")
_NAMED = re.compile(r"<[#@!][^|>]*\|([^>]*)>")
VERDICTS = {"approve": "approved", "deny": "denied"}


class NotSlack(Invalid):
    """This is no request that Slack makes: {why}."""


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a person: by the slash command (`trigger` set), by a direct message or a mention.

    `place` is where an answer goes: the conversation, and the thread after a colon; or the person, for their direct
    messages.
    """

    id: str
    team: str
    user: str
    text: str = field(repr=False)
    place: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of an approval. `back` is the address that rewrites the message."""

    team: str
    user: str
    approval: str
    digest: str
    verdict: str
    back: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Slack asks whether the address is ours."""

    text: str


def command(body: bytes) -> Said:
    """Return what a slash command says."""
    given = _form(body)
    team, user = _id(given.get("team_id"), "team"), _id(given.get("user_id"), "person")
    trigger = given.get("trigger_id", "")
    if not 0 < len(trigger) < 200 or not trigger.isprintable():
        raise NotSlack(why="it has no trigger")
    place = given.get("channel_id", "")
    return Said(trigger, team, user, plain(given.get("text", "")), place if _ID.fullmatch(place) else "")


def interaction(body: bytes) -> Pressed | None:
    """Return the button that was pressed; None for what is no button of an approval."""
    given = _json(_form(body).get("payload", ""))
    if given.get("type") != "block_actions":
        return None
    actions = given.get("actions")
    first = actions[0] if isinstance(actions, list) and len(actions) == 1 else None
    if not isinstance(first, Mapping) or first.get("action_id") not in VERDICTS:
        return None
    found = _APPROVAL.fullmatch(_text(first.get("value")))
    if found is None:
        raise NotSlack(why="its button names no approval")
    team, user = _id(_in(given, "team", "id"), "team"), _id(_in(given, "user", "id"), "person")
    if _in(given, "user", "team_id") not in (None, team):
        # Somebody from another workspace, in a channel that is shared with it.
        team = _id(_in(given, "user", "team_id"), "team")
    verdict = VERDICTS[str(first["action_id"])]
    return Pressed(team, user, found[1], found[2], verdict, _text(given.get("response_url")))


def event(body: bytes) -> Said | Challenge | None:
    """Return what an event says: words to us, the challenge; None for what is not said to us by a person."""
    given = _json(body)
    if given.get("type") == "url_verification":
        return Challenge(_text(given.get("challenge"))[:500])
    inner = given.get("event")
    if given.get("type") != "event_callback" or not isinstance(inner, Mapping):
        return None
    # A direct message says so, and its conversation's id begins with a D.
    kind = inner.get("channel_type", "im" if _text(inner.get("channel")).startswith("D") else "")
    direct = inner.get("type") == "message" and kind == "im"
    if not direct and inner.get("type") != "app_mention":
        return None
    if inner.get("bot_id") or inner.get("app_id") or inner.get("subtype") not in (None, "file_share"):
        # Words of programs, ours among them, and news of messages (edited, deleted) are nobody's words to us.
        return None
    id_ = _text(given.get("event_id"))
    if not 0 < len(id_) < 100 or not id_.isprintable():
        raise NotSlack(why="it has no event_id")
    team, user = _id(given.get("team_id"), "team"), _id(inner.get("user"), "person")
    if inner.get("team") not in (None, team) or inner.get("user_team") not in (None, team):
        # A guest from a shared channel belongs to another workspace, whatever the event's own team is.
        team = _id(inner.get("user_team") or inner.get("team"), "team")
    place, thread = _id(inner.get("channel"), "conversation"), inner.get("thread_ts")
    if direct:
        place += f":{_stamp(thread)}" if thread else ""
    else:
        # A channel has readers whom the answer is not for, from other organisations among them.
        place = user
    return Said(id_, team, user, plain(_text(inner.get("text"))), place, _at(inner.get("ts")))


def plain(text: str) -> str:
    """Return Slack's markup as people read it: no mention of us in front, links and names as their words."""
    text = _MENTION.sub("", text, count=1) if _MENTION.match(text.lstrip()) else text
    text = _LINK.sub(lambda m: m[2] or m[1].removeprefix("mailto:"), text)
    text = _NAMED.sub(lambda m: m[1], text)
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(code, letter)
    return text.replace("\x00", "").strip()


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), True, strict_parsing=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise NotSlack(why="it is no form") from None
    if len(dict(pairs)) != len(pairs):
        raise NotSlack(why="a field comes twice")
    return dict(pairs)


def _json(text: str | bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NotSlack(why="it is no JSON") from None
    if not isinstance(found, Mapping):
        raise NotSlack(why="it is no object")
    return found


def _in(given: Mapping[str, Any], *names: str) -> Any:
    found: Any = given
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _text(value: Any) -> str:
    """Return a text that can be kept; lone surrogates (`\\ud800`) cannot."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _id(value: Any, what: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise NotSlack(why=f"it names no {what}")
    return value


def _stamp(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,12}\.[0-9]{1,9}", value):
        raise NotSlack(why="its thread has no time")
    return value


def _at(value: Any) -> datetime | None:
    return datetime.fromtimestamp(float(_stamp(value)), UTC) if value is not None else None
