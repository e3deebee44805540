"""From the bytes of a mail to a message of Dispatch, or to why it is none. Pure."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime

from colleague.dispatch.doors.mail.origin import proven_sender
from colleague.dispatch.doors.mail.words import files_of, is_automatic, words_of
from colleague.dispatch.model import Incoming
from colleague.kit.errors import Forbidden

OLD, FILES = timedelta(days=7), 25_000_000
_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f-\uffff]{3,240}>")
_AGAIN = re.compile(r"^(?:(?:re|aw|sv|fwd?|wg|tr)\s*:\s*)+", re.I)


class TooOld(Forbidden):
    """This mail was written more than a week ago, or in the future."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail whose sender is proven: its Message-ID, and what an answer to it needs."""

    mail: EmailMessage = field(repr=False)
    sender: str
    message_id: str
    subject: str = field(repr=False)
    references: str = ""


def open_letter(raw: bytes, *, authserv: str, ours: frozenset[str], now: datetime) -> Letter | None:
    """Return who wrote a mail, without reading it further; None for what programs wrote. NotProven, TooOld."""
    mail = message_from_bytes(raw, policy=default)
    if is_automatic(mail, ours=ours):
        return None
    sender = proven_sender(mail, authserv=authserv)
    # A signed mail keeps its signature for ever: what was caught once must not act years later.
    if not -timedelta(days=1) <= now - _written(mail, now) <= OLD:
        raise TooOld
    named = _ID.search(_raw(mail, "Message-ID"))
    id_ = named[0] if named else f"<{hashlib.sha256(raw).hexdigest()}>"
    subject = " ".join(_AGAIN.sub("", _one_line(mail)).split())[:200]
    before = _ID.findall(_raw(mail, "References"))[-1:]
    return Letter(mail, sender, id_, subject, " ".join([*before, id_]) if named else "")


def read(letter: Letter, raw: bytes, *, known: bool, now: datetime) -> Incoming:
    """Return what a mail says as a message. Of a stranger's mail neither text nor files are read.

    A Message-ID is its writer's word: the id has the sender in it, so that nobody gets the answer to somebody else's
    mail by naming it.
    """
    id_ = hashlib.sha256(f"{letter.sender} {letter.message_id}".encode()).hexdigest()
    text = (words_of(letter.mail) or letter.subject) if known else ""
    files = tuple(files_of(raw, limit=FILES)) if known else ()
    return Incoming("email", letter.sender, id_, text, now, letter.message_id, files)


def _written(mail: EmailMessage, now: datetime) -> datetime:
    try:
        at = parsedate_to_datetime(_raw(mail, "Date"))
    except (ValueError, TypeError, IndexError, OverflowError):
        raise TooOld from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _raw(mail: EmailMessage, name: str) -> str:
    return next((str(v) for k, v in mail.raw_items() if k.casefold() == name.casefold()), "")[:20_000]


def _one_line(mail: EmailMessage) -> str:
    try:
        text = str(mail.get("Subject") or "")
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        text = ""
    return "".join(c if c.isprintable() else " " for c in text)
