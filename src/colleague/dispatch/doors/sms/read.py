"""From the parameters of a verified webhook to a message. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from colleague.dispatch.doors.sms.verify import NotAMessage

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
# What the law and the carriers let anybody say (CTIA Messaging Principles §5.1.3; the provider's own list).
STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
HELP = frozenset({"help", "info"})
FILES = 10


@dataclass(frozen=True, slots=True)
class Text:
    """A text message as it came: `sender` and `to` in E.164, `media` as (address, the type the provider says)."""

    id: str
    sender: str
    to: str
    text: str = field(repr=False)
    media: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    stop: bool = False


def read(given: Mapping[str, str], *, account: str, number: str) -> Text:
    """Return the message of a webhook. NotAMessage if it is not to this account and number, or is none."""
    if given.get("AccountSid") != account:
        raise NotAMessage(why="it is for another account")
    id_ = given.get("MessageSid") or given.get("SmsSid") or ""
    if not _SID.fullmatch(id_):
        raise NotAMessage(why="it has no MessageSid")
    if given.get("To") != number:
        raise NotAMessage(why="it was sent to another number")
    sender, text = given.get("From", ""), given.get("Body", "").replace("\x00", "")
    if not sender or len(sender) > 100:
        raise NotAMessage(why="it has no sender")
    word = text.strip().strip(".!").casefold()
    stop = word in STOP or given.get("OptOutType") == "STOP"
    return Text(id_, sender, number, "help" if word in HELP else text, _media(given), stop)


def _media(given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    count = given.get("NumMedia") or "0"
    if not count.isascii() or not count.isdigit() or len(count) > 3 or int(count) > FILES:
        raise NotAMessage(why=f"it has more than {FILES} files")
    places = [(given.get(f"MediaUrl{n}", ""), given.get(f"MediaContentType{n}", "")) for n in range(int(count))]
    if not all(url for url, _ in places):
        raise NotAMessage(why="a file has no address")
    return tuple(places)
